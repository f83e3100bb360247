/** What tests of the privacy loop share: accesses, and a stream over stores of their choice. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Report } from '@hauberk/channel';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { type AccessRow, type ChainFrame, chainId } from '@hauberk/privacy';
import type { PrivacyConfig } from '../src/config/privacy-config.ts';
import { parseConfig } from '../src/index.ts';
import type { KeyReader } from '../src/keys/key-provider.ts';
import { type IntakeCode, keepAccessReports } from '../src/privacy/intake.ts';
import { declaredPrivacy } from '../src/privacy/privacy-policy.ts';
import { PrivacyStream, type TouchedFinding } from '../src/privacy/privacy-stream.ts';
import type { Scope } from '../src/storage/scope.ts';
import type { Stores } from '../src/storage/stores.ts';

/** The app of the tests. */
export const bank: Scope = { organisation: 'bank', app: 'app' };
/** An instant to count from. */
export const start = 1_800_000_000_000;

/** A configuration with this section. */
export const privacyConfig = (section: object = {}): PrivacyConfig => {
  const loaded = parseConfig(
    {
      organisation: 'bank',
      apps: [{ id: 'app' }],
      services: [{ id: 'api', upstream: 'core', routes: [{ id: 'r', methods: ['GET'], path: '/' }] }],
      upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'k'.repeat(32) } },
      privacy: section,
    },
    'made.yaml',
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  return loaded.config.privacy;
};

const sha256 = (input: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(input).digest());

/** The frames of a made-up place, and the chain's id. */
export const chainAt = (name: string): { readonly chain: string; readonly frames: readonly ChainFrame[] } => {
  const frames: readonly ChainFrame[] = [
    { kind: 'js', script: `https://bank.example/${name}.js`, name, line: 1, column: 2 },
  ];
  return { chain: chainId(frames, sha256), frames };
};

/** One access. */
export const accessAt = (atMs: number, changes: Partial<AccessRow> = {}): AccessRow => ({
  api: 'web:navigator.geolocation.getCurrentPosition',
  chain: chainAt('ads').chain,
  owner: '@ads/web',
  scene: 'branch-finder',
  isForeground: true,
  count: 1,
  firstAtMs: atMs,
  lastAtMs: atMs,
  realm: 'page',
  outcome: 'observed',
  ...changes,
});

let reports = 0;

/** A report of any kind. */
export const reportOf = (kind: string, body: object, id?: string): Report => {
  reports += 1;
  return {
    id: id ?? `r-${reports}`,
    kind,
    kindVersion: 1,
    loss: 'should-keep',
    eventAtMs: epochMs(start),
    body: body as Report['body'],
  };
};

/** The loop of one process. */
export interface PrivacyLoop {
  readonly stream: PrivacyStream;
  readonly touched: TouchedFinding[];
  readonly refused: Map<IntakeCode | 'ok', number>;
  /** Sends reports of a device and judges them. Answers what was refused. */
  readonly report: (device: string, ...sent: readonly Report[]) => Promise<readonly IntakeCode[]>;
  readonly clock: { now: EpochMs };
  /** What the stream could not judge. */
  readonly faults: readonly unknown[];
}

/** A loop over stores. */
export const privacyLoop = (
  stores: Pick<Stores, 'outbox' | 'privacy'>,
  keys: KeyReader,
  section: object = {},
): PrivacyLoop => {
  const config = privacyConfig(section);
  const touched: TouchedFinding[] = [];
  const refused = new Map<IntakeCode | 'ok', number>();
  const clock = { now: epochMs(start) };
  const faults: unknown[] = [];
  const stream = new PrivacyStream({
    isPublished: async (directive) => directive !== 'made-up',
    outbox: stores.outbox,
    store: stores.privacy,
    config,
    declared: declaredPrivacy(config),
    now: () => clock.now,
    onFindings: async (found) => {
      touched.push(...found);
    },
    failed: (error) => faults.push(error),
  });
  const count = (code: IntakeCode | 'ok'): void => {
    refused.set(code, (refused.get(code) ?? 0) + 1);
  };
  return {
    stream,
    touched,
    refused,
    clock,
    faults,
    report: async (device, ...sent) => {
      const shell = { store: stores.privacy, keys, maxBehind: config.limits.behind, count };
      const origin = { scope: bank, device, service: 'api', tier: 1 };
      const kept = await keepAccessReports(shell, origin, sent, clock.now);
      assert.ok(kept.ok, kept.ok ? '' : kept.code);
      await stream.drain();
      return kept.value.map(({ code }) => code);
    },
  };
};
