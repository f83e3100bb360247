/** All ports in memory: for tests of what stands on them, and the measure of the adapters that keep. Nothing survives the process. */
import { randomBytes } from 'node:crypto';
import type { IdentityRows } from '@hauberk/device';
import { accept, refuse } from '@hauberk/primitives';
import { type AuditEntry, type AuditLog, auditText, chainHash, emptyAuditHash } from '../../audit/audit-log.ts';
import { memoryBindingStore } from '../../binding/memory-binding-store.ts';
import type { AppRecord, ConfigVersion } from '../app-record.ts';
import {
  type EnrolmentChallenges,
  enrolmentChallengeLife,
  judgeChallenge,
  mintChallenge,
} from '../enrolment-challenges.ts';
import { scopeKey } from '../scope.ts';
import type { Stores } from '../stores.ts';
import { memoryAdminTokenStore, memoryApprovalStore } from './memory-administration.ts';
import { memoryDecisionStore } from './memory-decision-store.ts';
import { memoryDeviceStores } from './memory-device-store.ts';
import { memoryDirectiveStore } from './memory-directive-store.ts';
import { MemoryEntries, memoryIdempotencyStore } from './memory-idempotency-store.ts';
import { memoryLoginStore } from './memory-login-store.ts';
import { memoryOutbox } from './memory-outbox.ts';
import { memoryPrivacyStore } from './memory-privacy-store.ts';
import { MemoryRecord, rowsIn } from './memory-record.ts';
import { MemoryRows, memoryRows } from './memory-rows.ts';
import { memorySmsInbox } from './memory-sms-inbox.ts';
import { memoryTrustedKeys } from './memory-trusted-keys.ts';

const memoryChallenges = (record: MemoryRecord): EnrolmentChallenges => {
  const key = randomBytes(32);
  const spent = new Map<string, number>();
  return {
    issue: async (scope, now) => mintChallenge(key, scope, randomBytes(10), now),
    consume: (scope, challenge, now) =>
      record.write(() => {
        const judged = judgeChallenge([key], scope, challenge, now);
        const name = `${scopeKey(scope)}\u0000${Buffer.from(challenge).toString('hex')}`;
        for (const [other, end] of spent) if (end <= now) spent.delete(other);
        if (judged.ok && spent.has(name)) return refuse('challenge-used');
        if (judged.ok) spent.set(name, judged.value.issuedAtMs + enrolmentChallengeLife);
        return judged;
      }),
  };
};

const memoryApps = (record: MemoryRecord): AppRecord => {
  const configs = new Map<string, ConfigVersion[]>();
  const generations = new Map<string, number>();
  return {
    publishConfig: (scope, config) =>
      record.write(() => {
        const held = rowsIn(configs, scope, (): ConfigVersion[] => []);
        const isRising = held.every(({ service, version }) => service !== config.service || version < config.version);
        if (!isRising) return refuse('config-version-not-rising');
        held.push(config);
        return accept(config);
      }),
    latestConfigs: async (scope, service, limit) =>
      rowsIn(configs, scope, (): ConfigVersion[] => [])
        .filter((config) => config.service === service)
        .toReversed()
        .slice(0, limit),
    resumeGeneration: async (scope) => generations.get(scopeKey(scope)) ?? 1,
    raiseResumeGeneration: (scope) =>
      record.write(() => {
        const generation = (generations.get(scopeKey(scope)) ?? 1) + 1;
        generations.set(scopeKey(scope), generation);
        return accept(generation);
      }),
  };
};

const memoryAudit = (record: MemoryRecord): AuditLog => {
  const entries: AuditEntry[] = [];
  return {
    append: (scope, entry, now) =>
      record.write(() => {
        const sequence = entries.length + 1;
        const previous = entries.at(-1)?.hash ?? emptyAuditHash;
        const hash = chainHash(previous, auditText(sequence, scope, entry, now));
        entries.push({ ...entry, sequence, scope, atMs: now, hash });
        return accept({ size: sequence, hash });
      }),
    readAfter: async (scope, sequence, limit) =>
      entries
        .slice(sequence)
        .filter((entry) => scopeKey(entry.scope) === scopeKey(scope))
        .slice(0, limit),
    head: async () => ({ size: entries.length, hash: entries.at(-1)?.hash ?? emptyAuditHash }),
  };
};

/** Stores in memory; several clients may share them, as threads share a record. */
export interface MemoryStorage {
  /** A client of its own: what it starts and never finishes is unknown once it is closed. */
  connect(): { readonly stores: Stores; close(): void };
  /** Makes every write be refused as `storage-full`, or takes that back. */
  fill(isFull: boolean): void;
}

/** Opens stores in memory. */
export const memoryStorage = (boot = 1): MemoryStorage => {
  const record = new MemoryRecord();
  const entries = new MemoryEntries(record);
  const audit = memoryAudit(record);
  const bindings = memoryBindingStore({
    write: (run) => record.write(run),
    audit: (scope, entry, now) => audit.append(scope, entry, now),
  });
  const outbox = memoryOutbox(record);
  const directives = memoryDirectiveStore({
    record,
    audit: (scope, entry, now) => void audit.append(scope, entry, now),
    acknowledge: (consumer, position) => void outbox.acknowledge(consumer, position),
  });
  const shared = {
    ...memoryDeviceStores(record),
    challenges: memoryChallenges(record),
    logins: memoryLoginStore(record),
    outbox,
    apps: memoryApps(record),
    audit,
    adminTokens: memoryAdminTokenStore(record),
    approvals: memoryApprovalStore(record),
    bindings,
    sms: memorySmsInbox(record),
    privacy: memoryPrivacyStore(record, outbox, audit),
    decisions: memoryDecisionStore(record, outbox, audit),
    identities: memoryRows<IdentityRows, 'identity-conflict'>({
      held: new MemoryRows<IdentityRows>(),
      record,
      outbox,
      audit,
      consumer: 'identity',
      conflict: 'identity-conflict',
    }),
    trustedKeys: memoryTrustedKeys(record),
    directives,
  };
  let clients = 0;
  return {
    connect: () => {
      clients += 1;
      const client = clients;
      const stores = { ...shared, idempotency: memoryIdempotencyStore(entries, { boot, client }) };
      return { stores, close: () => entries.disown(client) };
    },
    fill: (isFull) => {
      record.isFull = isFull;
    },
  };
};
