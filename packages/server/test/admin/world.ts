/** An administration of two organisations over stores in memory, behind a real socket. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeviceTable, deviceTableBytes, openDeviceTable } from '@hauberk/channel';
import { days, type EpochMs, epochMs } from '@hauberk/primitives';
import { CallCounts } from '../../src/admin/admin-figures.ts';
import { createAdminHandler } from '../../src/admin/admin-handler.ts';
import type { Administration, AdminSettings } from '../../src/admin/administration.ts';
import { defaultFourEyes } from '../../src/admin/four-eyes.ts';
import { RecentChanges } from '../../src/admin/recent-changes.ts';
import { builtInRoles, type Grant } from '../../src/admin/right.ts';
import { makeToken } from '../../src/admin/token-operations.ts';
import type { BindingAdministration } from '../../src/binding/binding-administration.ts';
import { signalsSchema } from '../../src/config/signals-schema.ts';
import { DecisionOffice } from '../../src/decision/policy-office.ts';
import { pseudonyms } from '../../src/decision/record-key.ts';
import { deviceAdministration } from '../../src/device/device-administration.ts';
import { verdictSigner } from '../../src/device/device-verdict.ts';
import { IdentityBook } from '../../src/device/identity-book.ts';
import { openDirectiveDesk } from '../../src/directive/directive-desk.ts';
import { createLog } from '../../src/gateway/log.ts';
import { openIntelligence } from '../../src/intelligence/open-intelligence.ts';
import { openFileKeys } from '../../src/keys/file-keys.ts';
import { PrivacyAdministration, type PrivacyOffice } from '../../src/privacy/privacy-administration.ts';
import { ResponseRules } from '../../src/privacy/response-rules.ts';
import { ChainStops } from '../../src/privacy/stop-chains.ts';
import { openSignals } from '../../src/signals/open-signals.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import type { Stores } from '../../src/storage/stores.ts';
import { type BindingBank, openBank, VirtualClock } from '../binding-kit.ts';
import { openTestClusters } from '../clusters/cluster-kit.ts';

/** An answer of the API. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/** What a test says of a request. */
export interface Asked {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The running administration. */
export interface AdminWorld {
  readonly url: string;
  readonly administration: Administration;
  readonly stores: Stores;
  readonly table: DeviceTable;
  /** The bank around the bindings of an app. */
  readonly bankOf: (app: string) => BindingBank;
  /** Lines of the log, newest last. */
  readonly log: Readonly<Record<string, unknown>>[];
  /** The clock; tests may turn it. */
  readonly clock: { now: EpochMs };
  readonly settings: { current: AdminSettings };
  readonly privacySettings: { stopFourEyes: 'never' | 'always' };
  /** Issues a token and answers its text. */
  readonly token: (subject: string, grants: readonly Grant[], more?: TokenMore) => Promise<string>;
  readonly enrol: (organisation: string, app: string, name: string) => Promise<string>;
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answered>;
  /** Makes the record take no writes, or takes that back. */
  readonly fill: (isFull: boolean) => void;
  readonly close: () => Promise<void>;
}

/** What is unusual about a token. */
export interface TokenMore {
  readonly organisation?: string;
  readonly lineage?: readonly string[];
  readonly expiresAtMs?: EpochMs;
}

const organisations: Readonly<Record<string, readonly string[]>> = {
  bank: ['retail', 'corporate'],
  other: ['retail'],
};

/** Everything, on every app. */
export const everything: readonly Grant[] = [{ app: '*', role: 'administrator' }];

/** Opens it. */
export const openAdminWorld = async (): Promise<AdminWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-admin-'));
  const memory = memoryStorage();
  const { stores } = memory.connect();
  const clock = { now: epochMs(1_800_000_000_000) };
  const settings = {
    current: {
      roles: builtInRoles,
      longestTokenDays: 90,
      approvalHours: 24,
      fourEyes: defaultFourEyes,
      manyDevices: 3,
      requestsPerSecond: 10_000,
    } as AdminSettings,
  };
  const bindingClock = new VirtualClock();
  bindingClock.wallMs = clock.now;
  const table = openDeviceTable(new SharedArrayBuffer(deviceTableBytes(256)));
  const log: Record<string, unknown>[] = [];
  const keys = openFileKeys(join(folder, 'keys'), clock.now);
  const now = (): EpochMs => clock.now;
  const desk = openDirectiveDesk({ store: stores.directives, now, onPublished: async () => {} });
  const stops = new ChainStops({ store: stores.privacy, desk, now });
  const rules = new ResponseRules({ store: stores.privacy, stops, now });
  const privacySettings: { stopFourEyes: 'never' | 'always' } = { stopFourEyes: 'never' };
  const office: PrivacyOffice = {
    store: stores.privacy,
    outbox: stores.outbox,
    keys,
    stops,
    rules,
    get stopFourEyes() {
      return privacySettings.stopFourEyes;
    },
    now,
  };
  const administration: Administration = {
    stores,
    keys,
    devicesOf: (scope) =>
      deviceAdministration({
        scopes: [scope],
        stores,
        table,
        tierNames: ['software', 'hardware'],
        now: () => clock.now,
        signVerdict: verdictSigner(keys),
      }),
    appsOf: (organisation) => organisations[organisation] ?? [],
    privacyOf: (scope) => new PrivacyAdministration(office, scope),
    intelligence: openIntelligence({
      config: {
        least: 20,
        most: 100,
        objects: 1000,
        partners: [{ name: 'bank-b', secret: 'k'.repeat(32) }],
        collections: [
          {
            id: '6e2b1d5c-0a3f-4a57-8f3e-2d7b8a9c0e11',
            title: 'Shared',
            description: '',
            alias: 'shared',
            applies: true,
          },
        ],
        sources: [],
      },
      organisation: 'bank',
      store: stores.decisions,
      authenticate: () => Promise.resolve(undefined),
      post: () => undefined,
      now,
      onFault: (error) => assert.fail(String(error)),
    }),
    identities: new IdentityBook({ store: stores.identities, linkKey: new Uint8Array(32).fill(5), now }),
    decisions: new DecisionOffice({
      store: stores.decisions,
      scopes: [
        { organisation: 'bank', app: 'corporate' },
        { organisation: 'bank', app: 'retail' },
      ],
      pseudonym: pseudonyms(new Uint8Array(32).fill(7)),
      configuredLists: [],
      configuredScenes: [],
      devicesOf: (scope) => administration.devicesOf(scope),
      now,
      outbox: stores.outbox,
      failed: (error) => {
        throw error;
      },
    }),
    clusters: openTestClusters(stores.outbox, now),
    directives: openDirectiveDesk({
      store: stores.directives,
      now: () => clock.now,
      onPublished: async () => undefined,
    }),
    signals: openSignals({
      config: signalsSchema.parse({ devices: 64 }),
      outbox: stores.outbox,
      decisionSecret: undefined,
      keys,
      now,
      failed: (error) => {
        throw error;
      },
    }),
    bindingsOf: (scope) => (scope.organisation === 'bank' ? bindingsOf(scope.app) : undefined),
    organisation: 'bank',
    settings: () => settings.current,
    recent: new RecentChanges(),
    calls: new CallCounts(),
    log: createLog('info', (line) => log.push(JSON.parse(line) as Record<string, unknown>)),
    now: () => clock.now,
  };
  const banks = new Map<string, BindingBank>();
  const bankOf = (app: string): BindingBank => {
    const held = banks.get(app);
    if (held !== undefined) return held;
    const opened = openBank(stores.bindings, { clock: bindingClock, scope: { organisation: 'bank', app } });
    banks.set(app, opened);
    return opened;
  };
  const bindingsOf = (app: string): BindingAdministration => bankOf(app).administration;
  const handler = createAdminHandler(administration);
  const server = createServer((incoming, response) => {
    if (!handler(incoming, response)) response.writeHead(421).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    administration,
    stores,
    table,
    bankOf,
    log,
    clock,
    settings,
    privacySettings,
    token: async (subject, grants, { organisation = 'bank', lineage = ['root'], expiresAtMs } = {}) => {
      const ends = expiresAtMs ?? epochMs(clock.now + days(1));
      const making = { organisation, subject, lineage, label: 'test', grants, createdBy: 'root', expiresAtMs: ends };
      const { token, text } = makeToken(administration, making, clock.now);
      await stores.adminTokens.issue(token, { actor: 'root', now: clock.now });
      return text;
    },
    enrol: async (organisation, app, name) => {
      const asked = { thumbprint: name, publicKey: new Uint8Array(65), tier: 1, verdictReference: `test:${name}` };
      const enrolled = await stores.devices.enrol({ organisation, app }, asked, clock.now);
      if (!enrolled.ok) throw new Error(enrolled.code);
      return enrolled.value.device.id;
    },
    ask: async (method, path, { token, body, headers } = {}) => {
      const reply = await fetch(`${url}/admin/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return {
        status: reply.status,
        headers: reply.headers,
        json: (await reply.json()) as Readonly<Record<string, unknown>>,
      };
    },
    fill: (isFull) => memory.fill(isFull),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
