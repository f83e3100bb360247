/** Keys, configs and tables of the fake gateway: everything that the channel's server half needs, held by one process. */
import {
  type ChannelGateway,
  type ConfigRoute,
  compilePattern,
  configStatusPayload,
  context,
  deviceTableBytes,
  type GatewayConfig,
  gatewayConfigPayload,
  type HandshakePorts,
  type HonouredConfig,
  type KnownDevice,
  OpenedTickets,
  openDeviceTable,
  openSessionTable,
  openStrikeRegister,
  sessionTableBytes,
  signDocument,
  strikeRegisterBytes,
  type TicketKeyRing,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import {
  type EpochMs,
  epochMs,
  epochSeconds,
  hours,
  type KeyPair,
  minutes,
  type SecretKey,
  toBase64Url,
  toEpochSeconds,
  utf8,
} from '@hauberk/primitives';

const day = 86_400_000;

/** The scope that the fake serves. */
export const scope = { organisation: 'test-bank', app: 'test-app', service: 'test-api' } as const;

const route = (methods: readonly string[], path: string, rest: Partial<ConfigRoute>): ConfigRoute => {
  const pattern = compilePattern(path);
  if (pattern === undefined) throw new TypeError(path);
  const open = { mode: 'sealed', coveredHeaders: [], coveredReplyHeaders: ['x-trace'], publicQuery: [] } as const;
  return { methods, path: pattern, ...open, idempotency: 'none', chunked: false, replies: 'bound', ...rest };
};

/** The routes of the fake; anything else is sealed. */
export const routes: readonly ConfigRoute[] = [
  route([], '/api/signed/{rest*}', { mode: 'signed', coveredHeaders: ['x-covered'] }),
  route(['POST'], '/api/keyed', { idempotency: 'required' }),
  route(['POST'], '/api/transfer', { idempotency: 'required' }),
  route(['POST'], '/api/upload', { chunked: true }),
  route(['GET'], '/api/search', { publicQuery: ['page'] }),
  route([], '/api/plain', { mode: 'plain' }),
];

const ring = (): TicketKeyRing => ({
  current: { id: 1, key: nodeCrypto.importAead(nodeCrypto.random(32)) },
  alsoOpens: [],
});

/** A published config with its text and hash. */
export interface Published {
  readonly text: string;
  readonly hash: string;
  readonly honoured: HonouredConfig;
}

/** The keys of the fake gateway. */
export class FakeKeys {
  readonly configKey: KeyPair = nodeCrypto.generateKeyPair('p256', 'sign');
  readonly statusKey: KeyPair = nodeCrypto.generateKeyPair('p256', 'sign');
  readonly nonceKey: SecretKey = nodeCrypto.importMac(nodeCrypto.random(32));
  readonly resumeRing: TicketKeyRing = ring();
  ticketRing: TicketKeyRing = ring();
  readonly #agreement = new Map(
    (['HB1-P256', 'HB1-X25519'] as const).map((suite) => {
      const group = suite === 'HB1-P256' ? 'p256' : 'x25519';
      return [suite, nodeCrypto.generateKeyPair(group, 'agree')] as const;
    }),
  );

  /** Signs a config of a version; `statusLifeMs` below zero makes its status statement an expired one. */
  publish(version: number, now: EpochMs, lifeMs: number = 30 * day, statusLifeMs: number = day / 2): Published {
    const keys = [...this.#agreement].map(([suite, pair]) => {
      const times = { notBeforeMs: epochMs(now - day), expiresAtMs: epochMs(now + lifeMs) };
      return { kid: `${suite}-v${version}`, suite, publicKey: pair.publicKey, ...times };
    });
    const config: GatewayConfig = {
      signedBy: 'config-1',
      organisation: scope.organisation,
      service: scope.service,
      version,
      issuedAtMs: epochMs(now - 1000),
      expiresAtMs: epochMs(now + lifeMs),
      suites: ['HB1-P256', 'HB1-X25519'],
      keys,
      revokedKeys: [],
      statusKeys: [{ kid: 'status-1', publicKey: this.statusKey.publicKey }],
      directiveKeys: [],
      endpoints: [],
      maxAgeSeconds: 120,
      routes,
      defaultMode: 'sealed',
    };
    const text = signDocument(nodeCrypto, this.configKey.privateKey, context.config, gatewayConfigPayload(config));
    const hash = nodeCrypto.sha256(utf8(text));
    const statement = {
      signedBy: 'status-1',
      configHash: hash,
      configVersion: version,
      issuedAtMs: epochMs(now - day / 2),
      expiresAtMs: epochMs(now + statusLifeMs),
    };
    const status = signDocument(nodeCrypto, this.statusKey.privateKey, context.status, configStatusPayload(statement));
    const honouredKeys = keys.map((key) => {
      const pair = this.#agreement.get(key.suite);
      if (pair === undefined) throw new TypeError(key.suite);
      return [key.kid, { suite: key.suite, privateKey: pair.privateKey, expiresAtMs: key.expiresAtMs }] as const;
    });
    const { organisation, service } = scope;
    return { text, hash: toBase64Url(hash), honoured: { organisation, service, keys: new Map(honouredKeys), status } };
  }

  /** New ticket keys and a higher boot: what a restart leaves. */
  restart(): void {
    this.ticketRing = ring();
  }
}

/** The channel over fresh tables. */
export const openChannel = (keys: FakeKeys, boot: number, now: EpochMs): ChannelGateway => {
  const bornAt = toEpochSeconds(now);
  return {
    crypto: nodeCrypto,
    owner: { node: 1, boot },
    openedTickets: new OpenedTickets(nodeCrypto, 64),
    ticketKeys: () => keys.ticketRing,
    sessions: openSessionTable(new SharedArrayBuffer(sessionTableBytes([256])), [256], bornAt),
    devices: openDeviceTable(new SharedArrayBuffer(deviceTableBytes(256))),
  };
};

/** The handshake's ports, which tests bend. */
export const openHandshake = (
  keys: FakeKeys,
  now: EpochMs,
  findConfig: HandshakePorts['findConfig'],
  findDevice: (thumbprint: string) => KnownDevice | undefined,
  underLoad: () => boolean,
  ticketLifeMs: number,
): HandshakePorts => ({
  findConfig,
  findDevice: ({ deviceThumbprint }) => findDevice(toBase64Url(deviceThumbprint)),
  resumeKeys: () => keys.resumeRing,
  nonceKey: keys.nonceKey,
  strikes: openStrikeRegister(new SharedArrayBuffer(strikeRegisterBytes(1024)), 180, epochSeconds(now / 1000 - 1000)),
  underLoad,
  ticketLife: minutes(ticketLifeMs / 60_000),
  resumeLife: hours(24),
  maxAgeSeconds: 120,
  earlyFrom: epochMs(0),
});
