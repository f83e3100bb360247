/** What the person of a device agreed to, as the ledger tells it: a worker asks before it keeps a signal. */
import type { EpochMs } from '@hauberk/primitives';
import type { MayCollect } from '@hauberk/privacy';
import type { PrivacyConfig } from '../config/privacy-config.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import { consentCache } from '../privacy/consent-cache.ts';
import { declaredPrivacy } from '../privacy/privacy-policy.ts';
import type { PrivacyStore } from '../privacy/privacy-store.ts';
import { subjectTag } from '../privacy/privacy-subject.ts';
import type { Scope } from '../storage/scope.ts';

/** The app itself collects signals: whoever the notice names beside it has no part in them. */
const owner = 'app';

/** Answers, for a device, what might be collected at any instant. Nobody who is not known agreed to anything. */
export const signalConsents = (
  store: Pick<PrivacyStore, 'load' | 'list'>,
  keys: KeyReader,
  config: PrivacyConfig,
  now: () => EpochMs,
): ((scope: Scope, device: string) => Promise<(at: number) => MayCollect>) => {
  const declared = declaredPrivacy(config);
  const consents = consentCache(store);
  return async (scope, device) => {
    const [row] = await store.load(scope, [{ kind: 'subject', id: subjectTag(keys, scope, device, now()) }]);
    const consentAt = row?.value === undefined ? () => new Map() : await consents(scope, row.value.subject);
    return (at) => declared.decide(consentAt(at), owner, at);
  };
};
