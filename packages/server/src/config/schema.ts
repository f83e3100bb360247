/**
 * The configuration: one YAML file, one schema. zod gives the type, the parser and the published JSON Schema (docs/hauberk.schema.json).
 * Objects are strict: a misspelt member is refused, never ignored. What one member cannot tell is judged in `rules.ts`.
 */
import { z } from 'zod';
import { adminSchema } from './admin-schema.ts';
import { attestationSchema, playIntegritySchema } from './attestation-schema.ts';
import { authzSchema, reportSchema } from './authz-schema.ts';
import { bindingSchema } from './binding-schema.ts';
import type { AppConfig, Config } from './config.ts';
import { decisionSchema } from './decision-schema.ts';
import { intelligenceSchema } from './intelligence-schema.ts';
import { privacySchema } from './privacy-schema.ts';
import { routeSchema } from './route-schema.ts';
import { signalsSchema } from './signals-schema.ts';
import { smsSchema } from './sms-schema.ts';
import { storageSchema } from './storage-schema.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit');
const port = z.int().min(0).max(65_535);
const count = (least: number, most: number) => z.int().min(least).max(most);
const httpOrigin = z
  .string()
  .regex(/^https?:\/\/[^/?#\s@]+$/, 'must be an origin such as https://api.bank.example, without a path');

const tlsSchema = z
  .strictObject({
    certificateFile: z.string().min(1).describe('PEM file with the certificate chain, leaf first.'),
    keyFile: z.string().min(1).describe('PEM file with the private key.'),
  })
  .describe('TLS termination. Without it the listener speaks plain HTTP: only behind a proxy that terminates TLS.');

const listenSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
    port: port.default(8443).describe('Port; 0 takes a free one.'),
    tls: tlsSchema.optional(),
    trustedProxies: z
      .array(z.string().min(1))
      .default([])
      .describe('CIDR blocks whose `X-Forwarded-For` is believed. Empty: the socket address counts.'),
  })
  .prefault({});

const corsSchema = z.strictObject({
  origins: z.array(httpOrigin).describe('Exact origins that browsers may call from.'),
  maxAgeSeconds: count(0, 86_400).default(7200).describe('How long a browser keeps a preflight answer.'),
  exposedHeaders: z.array(z.string().min(1)).default([]).describe('Further reply headers that scripts may read.'),
  allowedHeaders: z.array(z.string().min(1)).default([]).describe('Further request headers that scripts may send.'),
  credentials: z.boolean().default(false).describe('Whether cookies may cross origins.'),
});

const serviceSchema = z.strictObject({
  id: name.describe('Logical service id: what requests sign instead of a host name.'),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe('Host names of the service; needed only beside a second service.'),
  upstream: name.describe('Name of an entry of `upstreams`.'),
  enforcement: z
    .enum(['gateway', 'proxy'])
    .default('gateway')
    .describe('`proxy`: requests pass nginx or Envoy, which ask the `authz` listener; replies are not bound then.'),
  endpoints: z.array(httpOrigin).default([]).describe('Origins in the order in which clients try them.'),
  suites: z
    .array(z.enum(['HB1-P256', 'HB1-X25519']))
    .min(1)
    .default(['HB1-P256', 'HB1-X25519']),
  cors: corsSchema.optional(),
  routes: z
    .array(routeSchema)
    .min(1)
    .describe('The first route that matches counts; what no route matches is refused.'),
});

const upstreamSchema = z.strictObject({
  origin: httpOrigin,
  connections: count(1, 4096).default(64).describe('Most connections per worker thread.'),
  connectTimeoutMs: count(10, 60_000).default(2000),
  keepAliveTimeoutMs: count(100, 600_000).default(4000),
  factsKey: z
    .string()
    .min(32)
    .describe('Secret of the HMAC over the verified facts; the upstream knows it too. At least 32 characters.'),
  preserveHost: z.boolean().default(false).describe("Pass the client's Host on instead of the upstream's."),
  nameTtlSeconds: count(1, 86_400).default(30).describe('Longest time that a resolved name is kept.'),
});

const limitsSchema = z
  .strictObject({
    headerBytes: count(1024, 262_144).default(16_384),
    headers: count(8, 1000).default(96),
    bodyCapBytes: count(0, 1_073_741_824).default(1_048_576).describe('Cap of a body whose route names none.'),
    replyCapBytes: count(1024, 1_073_741_824)
      .default(4_194_304)
      .describe('Cap of a buffered reply whose route names none.'),
    headersTimeoutMs: count(100, 120_000).default(5000).describe('Longest time for a complete head.'),
    requestTimeoutMs: count(100, 600_000).default(30_000).describe('Longest time for a complete request.'),
    keepAliveTimeoutMs: count(0, 600_000).default(10_000),
    bodyPaceBytesPerSecond: count(0, 1_048_576).default(500).describe('Slowest body that is waited for; 0 for any.'),
    connections: count(1, 1_000_000).default(20_000).describe('Connections of one worker thread.'),
    connectionsPerAddress: count(1, 100_000).default(256).describe('Connections of one address to one worker thread.'),
    enrolmentsPerSecond: count(1, 1_000_000)
      .default(20)
      .describe('Enrolment calls of one address, on average. Many customers may share one.'),
    enrolmentBurst: count(1, 1_000_000).default(200).describe('Enrolment calls of one address that may come at once.'),
    heldRequests: count(0, 100_000)
      .default(256)
      .describe('Requests that the outcome `slow` may hold at a time, per worker thread.'),
    slowMs: count(0, 60_000).default(2000).describe('How long the outcome `slow` holds a request.'),
    decompressedBytes: count(0, 1_073_741_824).default(1_048_576).describe('Cap of a body after decompression.'),
    decompressionRatio: count(1, 1000).default(50).describe('Most bytes that one compressed byte may become.'),
    directiveStreams: count(0, 1_000_000)
      .default(10_000)
      .describe('Clients that may wait for directives at one worker thread; others ask again.'),
    directiveStreamsPerAddress: count(1, 1_000_000)
      .default(64)
      .describe('Of one address, also behind a trusted proxy.'),
    rateCells: count(1024, 16_777_216)
      .default(262_144)
      .describe('Cells of the shared rate-limit table, 16 bytes each.'),
    migrationSkewSeconds: count(1, 900).default(300).describe('Most clock skew that a migration scheme may allow.'),
    migrationUses: count(1024, 67_108_864)
      .default(1_048_576)
      .describe('Migration credentials remembered per span of twice that skew, 24 bytes each.'),
    drainMs: count(0, 600_000).default(10_000).describe('Longest time that a stop waits for requests in flight.'),
  })
  .prefault({});

const tierSchema = z.strictObject({
  name,
  sessions: count(1, 20_000_000).describe('Session slots reserved for the tier, 64 bytes each.'),
});

const sessionsSchema = z
  .strictObject({
    tiers: z
      .array(tierSchema)
      .min(1)
      .max(16)
      .default([
        { name: 'software', sessions: 65_536 },
        { name: 'hardware', sessions: 65_536 },
      ])
      .describe('Trust tiers from the lowest, tier 0, upwards, each with its reserved slots.'),
    devices: count(16, 20_000_000).default(65_536).describe('Devices with live sessions, 128 bytes each.'),
    strikes: count(1024, 67_108_864).default(131_072).describe('Hellos remembered per span, 24 bytes each.'),
    hellosPerSecond: count(1, 1_000_000)
      .default(200)
      .describe('Above this rate of hellos per worker thread every hello must bring a gateway nonce first.'),
    ticketLifeSeconds: count(60, 3600).default(900).describe('Life of a session; at most one hour.'),
    resumeLifeDays: count(1, 7).default(7),
    maxAgeSeconds: count(5, 600)
      .default(120)
      .describe('Oldest request that is accepted; above 600 replay protection would end.'),
  })
  .prefault({});

const overloadSchema = z
  .strictObject({
    queueTargetMs: count(0, 10_000)
      .default(20)
      .describe('Requests that wait longer than this (event loop and upstream pool) mean overload; 0 sheds nothing.'),
    storageDeadlineMs: count(50, 60_000)
      .default(2000)
      .describe('Longest wait for the storage writer while a request is served.'),
  })
  .prefault({});

const logSchema = z
  .strictObject({
    access: z.enum(['none', 'stdout', 'file']).default('file').describe('One JSON line a request, without secrets.'),
    accessFile: z.string().min(1).default('access.log').describe('Relative to the state folder.'),
    addresses: z
      .enum(['full', 'shortened', 'none'])
      .default('shortened')
      .describe('Addresses in the access log; shortened to /24 of IPv4 and /48 of IPv6.'),
    paths: z
      .enum(['pattern', 'full'])
      .default('pattern')
      .describe('Paths in the access log: the pattern of the route, or what the client sent.'),
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .prefault({});

const configLifeSchema = z
  .strictObject({
    lifeDays: count(1, 90).default(30).describe('How long a signed config counts.'),
    statusHours: count(1, 24).default(24).describe('Life of a status statement.'),
    revokedKeys: z
      .array(z.string().min(1))
      .default([])
      .describe('Agreement keys, by their kid, that no client may use any more.'),
  })
  .prefault({});

const clusterSchema = z
  .strictObject({
    relay: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: z.int().min(1).max(65_535).describe('Port that the other nodes reach; not the public one.'),
        certificateFile: z.string().min(1).describe("This node's certificate (PEM), for both sides of mutual TLS."),
        keyFile: z.string().min(1),
        caFile: z
          .string()
          .min(1)
          .describe('Who signs the certificates of nodes. Whoever holds one may name client addresses.'),
        connectTimeoutMs: count(10, 60_000).default(500),
      })
      .describe('Requests whose ticket belongs to another node are relayed to it once, over mutual TLS.'),
    nodes: z.array(z.strictObject({ id: count(0, 4_294_967_295), origin: httpOrigin })).min(1),
  })
  .describe('Several nodes behind one address.');

const appSchema: z.ZodType<AppConfig> = z.strictObject({
  id: name,
  software: z
    .enum(['allowed', 'refused'])
    .default('allowed')
    .describe('Whether devices may enrol with keys that no hardware vouches for; they get the lowest tier.'),
  environment: z
    .enum(['production', 'development'])
    .default('production')
    .describe("Apple's environment of this app; builds for developers are refused in production."),
  reattestDays: count(1, 3650)
    .optional()
    .describe('Evidence of hardware counts for so many days, then the SDK brings new one; for ever when absent.'),
  approval: z
    .enum(['app', 'hardware'])
    .optional()
    .describe(
      'Who must see to it that the user is verified before a key of purpose `approve` signs: with `hardware` only keys whose evidence says so are registered; `app` when absent.',
    ),
  playIntegrity: playIntegritySchema.optional(),
});

/** The whole file. */
export const configSchema: z.ZodType<Config> = z
  .strictObject({
    organisation: name.describe('Who runs the apps.'),
    apps: z.array(appSchema).min(1).describe('Apps that may enrol.'),
    attestation: attestationSchema,
    node: count(0, 4_294_967_295)
      .default(1)
      .describe('Number of this node, unique among the nodes of an installation.'),
    state: z.string().min(1).default('./state').describe('State folder, relative to this file. One process at a time.'),
    workers: count(0, 256).default(0).describe('Worker threads; 0 takes one per processor.'),
    listen: listenSchema,
    admin: adminSchema,
    authz: authzSchema,
    services: z.array(serviceSchema).min(1),
    upstreams: z.record(name, upstreamSchema),
    limits: limitsSchema,
    sessions: sessionsSchema,
    overload: overloadSchema,
    signedConfig: configLifeSchema,
    log: logSchema,
    report: reportSchema,
    binding: bindingSchema,
    decision: decisionSchema,
    intelligence: intelligenceSchema,
    storage: storageSchema,
    privacy: privacySchema,
    signals: signalsSchema,
    cluster: clusterSchema.optional(),
    sms: smsSchema,
  })
  .describe('Configuration of the Hauberk gateway.');
