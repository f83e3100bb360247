/** The ports over the record: writes through the writer thread, reads on the caller's own connection. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { IdentityRows } from '@hauberk/device';
import { accept, type Bytes, type EpochMs, toBase64Url } from '@hauberk/primitives';
import type { BindingStore } from '../../binding/binding-store.ts';
import type { DecisionRows, DecisionStore } from '../../decision/record-rows.ts';
import type { IdentityStore } from '../../device/identity-store.ts';
import type { KeyReader } from '../../keys/key-provider.ts';
import type { PrivacyRows, PrivacyStore } from '../../privacy/privacy-store.ts';
import type { AdminTokenStore } from '../admin-token-store.ts';
import type { ApprovalStore } from '../approval-store.ts';
import type { AttestationStore } from '../attestation-store.ts';
import type { DeviceStore } from '../device-store.ts';
import type { DirectiveStore } from '../directive-store.ts';
import {
  type EnrolmentChallenges,
  enrolmentChallengeLife,
  judgeChallenge,
  mintChallenge,
} from '../enrolment-challenges.ts';
import {
  type IdempotencyBegin,
  type IdempotencyOutcome,
  type IdempotencyStore,
  idempotencyEntry,
} from '../idempotency-store.ts';
import type { LoginStore } from '../login-store.ts';
import type { Outbox } from '../outbox.ts';
import { outcomeCipher } from '../outcome-cipher.ts';
import type { SmsInbox } from '../sms-inbox.ts';
import type { Stores } from '../stores.ts';
import type { TrustedKeyStore } from '../trusted-key-store.ts';
import type { SealedBegin, SealedOutcome } from '../write-command.ts';
import type { Submit } from '../writer-client.ts';
import { adminTokenReads } from './admin-token-reads.ts';
import { appReads } from './app-reads.ts';
import { approvalReads } from './approval-reads.ts';
import { attestationReads } from './attestation-reads.ts';
import { auditReads } from './audit-reads.ts';
import { bindingReads } from './binding-rows.ts';
import { decisionReads } from './decision-rows.ts';
import { deviceReads } from './device-reads.ts';
import { directiveReads } from './directive-rows.ts';
import { unknownOutcomes } from './idempotency-reads.ts';
import { loginReads } from './login-reads.ts';
import { outboxReads } from './outbox-reads.ts';
import { smsReads } from './sms-rows.ts';
import { trustedKeyReads } from './trusted-key-rows.ts';
import { rowReads } from './versioned-rows.ts';

/** What the ports are made of. */
export interface StoreParts {
  readonly submit: Submit;
  readonly reader: DatabaseSync;
  readonly keys: KeyReader;
}

const randomId = (): string => toBase64Url(randomBytes(16));

const deviceStore = ({ submit, reader }: StoreParts): DeviceStore => {
  const reads = deviceReads(reader);
  return {
    enrol: (scope, enrolment, now) => submit('device.enrol', { scope, id: randomId(), enrolment, now }),
    addKey: (scope, device, key, now) => submit('device.add-key', { scope, device, key, now }),
    findByThumbprint: async (scope, thumbprint, purpose) => {
      const found = reads.byThumbprint(scope, thumbprint);
      return found?.key.purpose === purpose ? found : undefined;
    },
    find: async (scope, device) => reads.byId(scope, device),
    changeState: (scope, device, change, now) => submit('device.change-state', { scope, device, change, now }),
    list: async (scope, page) => reads.list(scope, page),
    revocationsAfter: async (position, limit) => reads.revocationsAfter(position, limit),
  };
};

const attestationStore = ({ submit, reader }: StoreParts): AttestationStore => {
  const reads = attestationReads(reader);
  return {
    attest: (scope, device, attestation, now) => submit('device.attest', { scope, device, attestation, now }),
    demand: (scope, device, demand, by) => submit('device.demand', { scope, device, demand, by }),
    rotate: (scope, device, identity, now) => submit('device.rotate', { scope, device, identity, now }),
    link: (scope, device, shared, now) => submit('device.link', { scope, device, shared, now }),
    note: (scope, device, entry) => submit('device.note', { scope, device, entry }),
    current: async (scope, device) => reads.current(scope, device),
    record: async (scope, device) => reads.record(scope, device),
    search: async (scope, query) => reads.search(scope, query),
  };
};

const challengeStore = ({ submit, keys }: StoreParts): EnrolmentChallenges => ({
  issue: async (scope, now) =>
    mintChallenge(keys.current('enrolment-challenge', now).secret.reveal(), scope, randomBytes(10), now),
  consume: async (scope, challenge, now) => {
    const secrets = keys.accepted('enrolment-challenge', now).map((key) => key.secret.reveal());
    const judged = judgeChallenge(secrets, scope, challenge, now);
    if (!judged.ok) return judged;
    const expiresAtMs = (judged.value.issuedAtMs + enrolmentChallengeLife) as typeof now;
    const spent = await submit('challenge.spend', { scope, challenge: new Uint8Array(challenge), expiresAtMs });
    return spent.ok ? judged : spent;
  },
});

const loginStore = ({ submit, reader }: StoreParts): LoginStore => {
  const reads = loginReads(reader);
  return {
    open: (scope, opening, now) => submit('login.open', { scope, id: randomId(), opening, now }),
    grant: (scope, { device, id }, objects, now) => submit('login.grant', { scope, device, id, objects, now }),
    find: async (scope, device, credentialHash, now) => reads.byCredential(scope, device, credentialHash, now),
    move: (scope, move, now) => submit('login.move', { scope, move, now }),
    end: (scope, which, now) => submit('login.end', { scope, which, now }),
  };
};

const digestOf = (content: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(content).digest());

const idempotencyStore = ({ submit, reader, keys }: StoreParts): IdempotencyStore => {
  const cipher = outcomeCipher(keys);
  const list = unknownOutcomes(reader);
  const opened = (entry: string, outcome: SealedOutcome): IdempotencyOutcome => {
    const { status, digest } = outcome;
    const content = outcome.kept ? cipher.open(entry, outcome.sealed) : undefined;
    return content === undefined ? { kept: false, status, digest } : { kept: true, status, content };
  };
  const begun = (entry: string, begin: SealedBegin): IdempotencyBegin =>
    begin.state === 'done' ? { state: 'done', outcome: opened(entry, begin.outcome) } : begin;
  return {
    begin: async (scope, key, request, now) => {
      const entry = idempotencyEntry(scope, key);
      const { device, route } = key;
      const answer = await submit('idempotency.begin', { scope, entry, device, route, request, now });
      return answer.ok ? accept(begun(entry, answer.value)) : answer;
    },
    finish: (attempt, outcome, now) =>
      submit('idempotency.finish', {
        attempt,
        outcome: outcome.kept
          ? {
              kept: true,
              status: outcome.status,
              sealed: cipher.seal(attempt.entry, outcome.content, now),
              digest: digestOf(outcome.content),
            }
          : outcome,
      }),
    markUnknown: (attempt, now) => submit('idempotency.mark-unknown', { attempt, now }),
    release: (attempt) => submit('idempotency.release', { attempt }),
    listUnknown: async (scope, limit) => list(scope, limit),
    settle: (scope, entry, settlement, actor, now) =>
      submit('idempotency.settle', { scope, entry, settlement, actor, now }),
  };
};

const outbox = ({ submit, reader }: StoreParts): Outbox => {
  const reads = outboxReads(reader);
  return {
    append: (entries) => submit('outbox.append', { entries }),
    readAfter: async (position, limit) => reads.readAfter(position, limit),
    head: async () => reads.head(),
    segments: async () => reads.segments(),
    acknowledge: (consumer, position) => submit('outbox.acknowledge', { consumer, position }),
    acknowledged: async (consumer) => reads.acknowledged(consumer),
    retain: (retention) => submit('outbox.retain', { retention }),
  };
};

const adminTokenStore = ({ submit, reader }: StoreParts): AdminTokenStore => {
  const reads = adminTokenReads(reader);
  return {
    issue: (token, acting) => submit('admin.issue-token', { token, ...acting }),
    find: async (id) => reads.byId(id),
    list: async (organisation, page) => reads.list(organisation, page),
    revoke: (organisation, id, acting) => submit('admin.revoke-token', { organisation, id, ...acting }),
    touch: (id, now) => submit('admin.touch-token', { id, now }),
    issueStartup: (secret, force, acting) => submit('admin.issue-startup', { secret, force, ...acting }),
    findStartup: async (id) => reads.startup(id),
    redeemStartup: (id, token, acting) => submit('admin.redeem-startup', { id, token, ...acting }),
  };
};

const approvalStore = ({ submit, reader }: StoreParts): ApprovalStore => {
  const reads = approvalReads(reader);
  return {
    propose: (approval, now) => submit('approval.propose', { approval, now }),
    find: async (scope, id) => reads.byId(scope, id),
    list: async (scope, page) => reads.list(scope, page),
    step: (scope, id, event, now, ifVersion) => submit('approval.step', { scope, id, event, now, ifVersion }),
  };
};

const bindingStore = ({ submit, reader }: StoreParts): BindingStore => {
  const reads = bindingReads(reader);
  return {
    fence: async () => reads.fence(),
    load: async (scope, keys) => keys.map((key) => reads.read(scope, key)),
    commit: (scope, change, now) => submit('binding.commit', { scope, change, now }),
    list: async (scope, kind, after, limit) => reads.list(scope, kind, after, limit),
    purge: (now, limit) => submit('binding.purge', { now, limit }),
  };
};

const privacyStore = ({ submit, reader }: StoreParts): PrivacyStore => {
  const reads = rowReads<PrivacyRows>(reader, 'privacy_rows');
  return {
    ingest: (scope, intake, now) => submit('privacy.ingest', { scope, intake, now }),
    load: async (scope, keys) => keys.map((key) => reads.read(scope, key)),
    list: async (scope, kind, page) => reads.list(scope, kind, page),
    count: async (scope, kind, prefix) => reads.count(scope, kind, prefix),
    commit: (commit, now) => submit('privacy.commit', { commit, now }),
    purge: (kind, before, limit) => submit('privacy.purge', { kind, before, limit }),
  };
};

const decisionStore = ({ submit, reader }: StoreParts): DecisionStore => {
  const rows = rowReads<DecisionRows>(reader, 'decision_rows');
  const reads = decisionReads(reader);
  return {
    load: async (scope, keys) => keys.map((key) => rows.read(scope, key)),
    list: async (scope, kind, page) => rows.list(scope, kind, page),
    count: async (scope, kind, prefix) => rows.count(scope, kind, prefix),
    commit: (commit, now) => submit('decision.commit', { commit, now }),
    purge: (kind, before, limit) => submit('decision.purge', { kind, before, limit }),
    index: (batches, advance, now) => submit('decision.index', { batches, advance, now }),
    find: async (scope, id) => reads.find(scope, id),
    query: async (scope, query) => reads.query(scope, query),
    forget: (bounds, limit) => submit('decision.forget', { ...bounds, limit }),
  };
};

const identityStore = ({ submit, reader }: StoreParts): IdentityStore => {
  const rows = rowReads<IdentityRows>(reader, 'identity_rows');
  return {
    load: async (scope, keys) => keys.map((key) => rows.read(scope, key)),
    list: async (scope, kind, page) => rows.list(scope, kind, page),
    count: async (scope, kind, prefix) => rows.count(scope, kind, prefix),
    commit: (commit, now) => submit('identity.commit', { commit, now }),
    purge: (kind, before, limit) => submit('identity.purge', { kind, before, limit }),
  };
};

const directiveStore = ({ submit, reader }: StoreParts): DirectiveStore => {
  const reads = directiveReads(reader);
  return {
    find: async (scope, id) => reads.find(scope, id),
    list: async (scope, page) => reads.list(scope, page),
    inState: async (state) => reads.inState(state),
    published: async () => reads.published(),
    revision: async () => reads.revision(),
    version: async (track) => reads.version(track),
    commit: (scope, change, now) => submit('directive.commit', { scope, change, now }),
  };
};

const smsInbox = ({ submit, reader, keys }: StoreParts): SmsInbox => {
  const reads = smsReads(reader);
  const cipher = outcomeCipher(keys, 'sms-content');
  const nameOf = (identity: string, now: EpochMs): string =>
    createHmac('sha256', keys.current('sms-content', now).secret.reveal()).update(identity).digest('base64url');
  return {
    take: ({ identity, content, ...sms }) => {
      const name = nameOf(identity, sms.receivedAtMs);
      return submit('sms.take', { ...sms, name, sealed: cipher.seal(name, content, sms.receivedAtMs) });
    },
    waiting: async (afterPosition, limit) =>
      reads.waiting(afterPosition, limit).map(({ position, name, sealed, receivedAtMs }) => ({
        position,
        content: cipher.open(name, sealed),
        receivedAtMs,
      })),
    countWaiting: async () => reads.countWaiting(),
    settle: (positions) => submit('sms.settle', { positions }),
    purge: (now, limit) => submit('sms.purge', { now, limit }),
  };
};

const trustedKeyStore = ({ submit, reader }: StoreParts): TrustedKeyStore => {
  const reads = trustedKeyReads(reader);
  return {
    register: (scope, device, key, now) => submit('trusted-key.register', { scope, device, key, now }),
    ofDevice: async (scope, device) => reads.ofDevice(scope, device),
  };
};

/** The ports of one thread. */
export const sqliteStores = (parts: StoreParts): Stores => {
  const { submit } = parts;
  const apps = appReads(parts.reader);
  const audit = auditReads(parts.reader);
  return {
    devices: deviceStore(parts),
    attestations: attestationStore(parts),
    challenges: challengeStore(parts),
    logins: loginStore(parts),
    idempotency: idempotencyStore(parts),
    outbox: outbox(parts),
    apps: {
      publishConfig: (scope, config) => submit('config.publish', { scope, config }),
      latestConfigs: async (scope, service, limit) => apps.latestConfigs(scope, service, limit),
      resumeGeneration: async (scope) => apps.resumeGeneration(scope),
      raiseResumeGeneration: (scope, actor, now) => submit('resume.raise', { scope, actor, now }),
    },
    audit: {
      append: (scope, record, now) => submit('audit.append', { scope, record, now }),
      readAfter: async (scope, sequence, limit) => audit.readAfter(scope, sequence, limit),
      head: async () => audit.head(),
    },
    adminTokens: adminTokenStore(parts),
    approvals: approvalStore(parts),
    bindings: bindingStore(parts),
    sms: smsInbox(parts),
    privacy: privacyStore(parts),
    decisions: decisionStore(parts),
    identities: identityStore(parts),
    trustedKeys: trustedKeyStore(parts),
    directives: directiveStore(parts),
  };
};
