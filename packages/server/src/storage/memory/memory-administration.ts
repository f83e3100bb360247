/** API tokens and proposals in memory. */
import { accept, canonicalJson, type EpochMs, refuse } from '@hauberk/primitives';
import type { AdminToken, StoredAdminToken } from '../../admin/admin-token.ts';
import { type Approval, isExpired, isOpen, type ProposedChange, stepApproval } from '../../admin/approval.ts';
import type { AdminTokenStore, StartupSecret } from '../admin-token-store.ts';
import { type ApprovalStore, maxOpenApprovals } from '../approval-store.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { MemoryRecord } from './memory-record.ts';

const publicPart = ({ hash: _hash, keyId: _keyId, ...token }: StoredAdminToken): AdminToken => token;

const isWaiting = (secret: StartupSecret | undefined, now: EpochMs): boolean =>
  secret !== undefined && secret.usedAtMs === null && secret.expiresAtMs > now;

/** The token store over a memory record. */
export const memoryAdminTokenStore = (record: MemoryRecord): AdminTokenStore => {
  const tokens = new Map<string, StoredAdminToken>();
  const startups = new Map<string, StartupSecret>();
  const ofOrganisation = (organisation: string): readonly StoredAdminToken[] =>
    [...tokens.values()].filter((token) => token.organisation === organisation);
  const keep = (token: StoredAdminToken): AdminToken => {
    tokens.set(token.id, token);
    return publicPart(token);
  };
  return {
    issue: (token) => record.write(() => accept(keep(token))),
    find: async (id) => tokens.get(id),
    list: async (organisation, { afterId = '', limit }) =>
      ofOrganisation(organisation)
        .filter(({ id }) => id > afterId)
        .toSorted((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit)
        .map(publicPart),
    revoke: (organisation, id, { now }) =>
      record.write(() => {
        const held = tokens.get(id);
        if (held?.organisation !== organisation) return refuse('token-unknown');
        return accept(keep({ ...held, revokedAtMs: held.revokedAtMs ?? now }));
      }),
    touch: (id, now) =>
      record.write(() => {
        const held = tokens.get(id);
        if (held !== undefined) keep({ ...held, lastUsedAtMs: now });
        return accept(held !== undefined);
      }),
    issueStartup: (secret, force, { now }) =>
      record.write(() => {
        const { organisation } = secret;
        const waiting = [...startups.values()].filter((held) => held.organisation === organisation);
        const isHeld = ofOrganisation(organisation).length > 0 || waiting.some((held) => isWaiting(held, now));
        if (isHeld && !force) return refuse('startup-not-needed');
        for (const { id } of waiting) startups.delete(id);
        startups.set(secret.id, secret);
        return accept(true);
      }),
    findStartup: async (id) => startups.get(id),
    redeemStartup: (id, token, { now }) =>
      record.write(() => {
        const secret = startups.get(id);
        if (secret === undefined || !isWaiting(secret, now)) return refuse('startup-secret-used');
        startups.set(id, { ...secret, usedAtMs: now });
        return accept(keep(token));
      }),
  };
};

const texts = new WeakMap<ProposedChange, string>();

/** The canonical text of a change, made once. */
const textOf = (change: ProposedChange): string => {
  const text = texts.get(change) ?? canonicalJson(change);
  texts.set(change, text);
  return text;
};

const isSame = (held: Approval, approval: Approval, now: EpochMs): boolean =>
  held.state === 'pending' &&
  !isExpired(held, now) &&
  held.proposer.subject === approval.proposer.subject &&
  textOf(held.change) === textOf(approval.change);

/** The store of proposals over a memory record. */
export const memoryApprovalStore = (record: MemoryRecord): ApprovalStore => {
  const approvals = new Map<string, Approval>();
  const isIn = (approval: Approval, scope: Scope): boolean => scopeKey(approval.scope) === scopeKey(scope);
  const find = (scope: Scope, id: string): Approval | undefined => {
    const held = approvals.get(id);
    return held !== undefined && isIn(held, scope) ? held : undefined;
  };
  const keep = (approval: Approval): Approval => {
    approvals.set(approval.id, approval);
    return approval;
  };
  return {
    propose: (approval, now) =>
      record.write(() => {
        const held = [...approvals.values()].filter((each) => isIn(each, approval.scope));
        const same = held.find((each) => isSame(each, approval, now));
        if (same !== undefined) return accept(same);
        const waiting = held.filter((each) => isOpen(each) && !isExpired(each, now)).length;
        return waiting >= maxOpenApprovals ? refuse('approvals-full') : accept(keep(approval));
      }),
    find: async (scope, id) => find(scope, id),
    list: async (scope, { state, newestFirst, afterId, limit }) => {
      const sign = newestFirst ? -1 : 1;
      return [...approvals.values()]
        .filter((held) => isIn(held, scope))
        .filter((held) => state === undefined || held.state === state)
        .filter(({ id }) => afterId === undefined || (newestFirst ? id < afterId : id > afterId))
        .toSorted((left, right) => (left.id < right.id ? -sign : sign))
        .slice(0, limit);
    },
    step: (scope, id, event, now, ifVersion) =>
      record.write(() => {
        const held = find(scope, id);
        if (held === undefined) return refuse('approval-unknown');
        if (ifVersion !== undefined && ifVersion !== held.version) return refuse('approval-version');
        const stepped = stepApproval(held, event, now);
        return stepped.ok ? accept(keep(stepped.value)) : stepped;
      }),
  };
};
