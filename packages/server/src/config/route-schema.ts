/** Parser of one route of the configuration. */
import { compilePattern } from '@hauberk/channel';
import { z } from 'zod';
import { priorities } from '../overload/priority.ts';
import { routeDecisionSchema } from './decision-schema.ts';
import { migrationSchema } from './migration-schema.ts';
import type { CredentialConfig, RouteConfig } from './route-config.ts';

const headerName = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name in lower case');
const pointer = z.string().regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'must be a JSON Pointer (RFC 6901) such as /account/id');
const word = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a word such as account');
const routeId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit');
const count = (least: number, most: number) => z.int().min(least).max(most);

const rateSchema = z
  .strictObject({
    requests: count(1, 1_000_000),
    perSeconds: count(1, 86_400).default(1),
    burst: count(1, 1_000_000).optional().describe('Requests that may come at once; `requests` when absent.'),
  })
  .describe('A limit of `requests` in `perSeconds` on average, at most `burst` at once.');

/** Where requests show the credential of a login. */
export const credentialSchema: z.ZodType<CredentialConfig> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('authorization') }),
  z.strictObject({ kind: z.literal('cookie'), name: z.string().min(1) }),
]);

const grantsSchema = z
  .record(word, pointer)
  .describe('JSON Pointers by object kind; `/accounts/*/id` takes the id of every account.');

const opensSchema = z.strictObject({
  credentialPointer: pointer.describe(
    'Where the reply holds the credential: what later stands after `Bearer ` in `Authorization`, or the value of the cookie.',
  ),
  customerPointer: pointer.describe('Where the reply names the customer.'),
  objects: grantsSchema.default({}),
  lifeSeconds: count(60, 2_592_000).default(3600),
});

const failuresSchema = z
  .strictObject({
    namePointer: pointer
      .optional()
      .describe('Where the JSON body of the request names who logs in; behind a login its customer counts.'),
    name: rateSchema.optional().describe('Failed attempts for one name, whatever device and address they come from.'),
    device: rateSchema.optional().describe('Failed attempts of one device.'),
    address: rateSchema.optional().describe('Failed attempts of one address.'),
  })
  .describe('How many attempts may fail: replies with a status of 4xx, and attempts that no reply came to.');

const loginSchema = z
  .strictObject({
    credential: credentialSchema.describe('What the client shows after logging in.'),
    opens: opensSchema.optional().describe('A successful reply opens a login.'),
    grants: grantsSchema.optional().describe('A successful reply adds objects to the live login.'),
    refreshPointer: pointer
      .optional()
      .describe('A successful reply replaces the credential by the one that stands here.'),
    endsLogin: z.boolean().default(false).describe('A successful reply ends the login.'),
    passesStep: word.optional().describe('A step of the login that a successful reply has passed.'),
    failures: failuresSchema.optional(),
  })
  .describe('What a successful reply (2xx) of this route does to the login.');

const parameter = z.string().min(1).max(128);
const objectSchema = z
  .strictObject({
    kind: word,
    from: z.discriminatedUnion('in', [
      z.strictObject({ in: z.literal('path'), parameter }),
      z.strictObject({ in: z.literal('query'), parameter }),
      z.strictObject({ in: z.literal('body'), pointer }),
    ]),
  })
  .describe('The value must be among the objects that this login was granted.');

const idempotencySchema = z
  .strictObject({
    demand: z.enum(['none', 'optional', 'required']).default('none'),
    upstreamIsIdempotent: z
      .boolean()
      .default(false)
      .describe('The upstream honours Idempotency-Key itself: an unknown outcome may be forwarded again.'),
    lifeSeconds: count(60, 2_592_000).default(86_400),
    outcomeCapBytes: count(0, 16_777_216)
      .default(65_536)
      .describe('Largest outcome that is kept; of larger ones only the digest.'),
  })
  .prefault({});

const decoySchema = z
  .strictObject({
    status: count(200, 599).default(200),
    contentType: z.string().min(1).default('application/json'),
    body: z.string().max(65_536),
  })
  .describe('The plausible answer of the outcome `trap`.');

const limitsSchema = z
  .strictObject({ device: rateSchema.optional(), address: rateSchema.optional(), route: rateSchema.optional() })
  .prefault({});

/** One route; defaults protect. */
export const routeSchema: z.ZodType<RouteConfig> = z.strictObject({
  id: routeId
    .optional()
    .describe('Name of the route in logs, metrics, limits and idempotency keys; `METHOD,METHOD /pattern` when absent.'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, 'must be an upper-case method'))
    .default([])
    .describe('Empty for any.'),
  path: z
    .string()
    .refine((text) => compilePattern(text) !== undefined, 'must be a pattern such as /accounts/{accountId}')
    .describe('Path pattern: `{name}` takes one segment, a final `{name*}` the rest.'),
  class: z.enum(['read', 'login', 'money', 'bind']).default('read').describe('What is at stake; fail modes follow it.'),
  priority: z
    .enum(priorities)
    .optional()
    .describe('What is shed first and last under overload; by class when absent: open reads first, money last.'),
  protection: z
    .enum(['required', 'observe', 'none'])
    .default('required')
    .describe('`observe` verifies and marks, and lets unsigned requests pass as unverified.'),
  migration: migrationSchema,
  mode: z.enum(['signed', 'sealed']).default('signed').describe('`signed` accepts sealed requests too.'),
  publicQuery: z
    .array(z.string().min(1))
    .default([])
    .describe('Query parameters that may travel readable on a sealed route.'),
  coveredHeaders: z
    .array(headerName)
    .default([])
    .describe('Further request headers that the signature must cover when present.'),
  coveredReplyHeaders: z
    .array(headerName)
    .default([])
    .describe('Further reply headers that the reply signature covers when present.'),
  stream: z
    .boolean()
    .default(false)
    .describe(
      'Bodies may travel as sealed chunks and are passed on as they come; otherwise they are buffered to the cap.',
    ),
  idempotency: idempotencySchema,
  stepUp: z.boolean().default(false).describe('Demands a user-verified signature over the transaction.'),
  minTier: count(0, 15).default(0).describe('Lowest trust tier that may call, by number.'),
  tier: z
    .string()
    .min(1)
    .optional()
    .describe('Lowest trust tier that may call, by its name in `sessions.tiers`, such as `hardware`.'),
  maxAgeSeconds: count(5, 600)
    .optional()
    .describe('Oldest request that is accepted, when stricter than the sessions allow.'),
  bodyCapBytes: count(0, 1_073_741_824).optional().describe('Cap of the request body.'),
  replyCapBytes: count(1024, 1_073_741_824).optional().describe('Cap of a buffered reply.'),
  deadlineMs: count(10, 600_000).default(10_000).describe('Longest time for the upstream to answer in full.'),
  failMode: z
    .enum(['open', 'closed'])
    .optional()
    .describe('When the record cannot be asked: reads are open by default, every other class is closed.'),
  outcome: z.enum(['allow', 'observe', 'challenge', 'slow', 'deny', 'trap']).default('allow'),
  decoy: decoySchema.optional(),
  requiresLogin: credentialSchema.optional().describe('Demands a live login, found by this credential.'),
  requiresSteps: z.array(word).default([]).describe('Steps that this login must have passed.'),
  login: loginSchema.optional(),
  objects: z.array(objectSchema).default([]),
  bound: z
    .strictObject({
      amount: pointer.optional().describe('Where the JSON body has the amount in minor units; it counts for B19.'),
    })
    .optional()
    .describe('Only the device that is bound to the customer of the login may call; see docs/binding.md.'),
  decision: routeDecisionSchema,
  limits: limitsSchema,
});
