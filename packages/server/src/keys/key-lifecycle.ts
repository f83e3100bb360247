/** Which key counts when: pure rules over what is known of keys. */
import { after, durationMs, type EpochMs } from '@hauberk/primitives';
import { type KeyFacts, type KeyPurpose, keyRules } from './key-provider.ts';

/** A successor exists this part of the interval before it takes over. */
const leadPart = 0.1;

/** Whether a key is accepted. */
export const isAccepted = (key: KeyFacts, now: EpochMs): boolean => key.expiresAtMs === null || now < key.expiresAtMs;

// Of two that became active at once the later made one counts: a rotation in the same millisecond must show.
const newer = <Key extends KeyFacts>(left: Key, right: Key): Key =>
  right.activeFromMs >= left.activeFromMs ? right : left;
const older = <Key extends KeyFacts>(left: Key, right: Key): Key =>
  right.activeFromMs < left.activeFromMs ? right : left;

/** The newest accepted key that is active. A clock that was set back finds none active: then the oldest, and never no key at all. */
export const currentOf = <Key extends KeyFacts>(
  keys: readonly Key[],
  purpose: KeyPurpose,
  now: EpochMs,
): Key | undefined => {
  const accepted = keys.filter((key) => key.purpose === purpose && isAccepted(key, now));
  const active = accepted.filter((key) => key.activeFromMs <= now);
  if (active.length > 0) return active.reduce(newer);
  return accepted.length > 0 ? accepted.reduce(older) : undefined;
};

/** When a key of a purpose that becomes active at an instant retires and expires. */
export const lifeFrom = (
  purpose: KeyPurpose,
  activeFromMs: EpochMs,
): Pick<KeyFacts, 'activeFromMs' | 'retiresAtMs' | 'expiresAtMs'> => {
  const { rotateEvery, overlap } = keyRules[purpose];
  if (rotateEvery === null) return { activeFromMs, retiresAtMs: null, expiresAtMs: null };
  const retiresAtMs = after(activeFromMs, rotateEvery);
  return { activeFromMs, retiresAtMs, expiresAtMs: after(retiresAtMs, overlap) };
};

/** When a new key of a purpose must become active, or undefined when none is due. */
export const successorDue = (keys: readonly KeyFacts[], purpose: KeyPurpose, now: EpochMs): EpochMs | undefined => {
  const current = currentOf(keys, purpose, now);
  if (current === undefined) return now;
  const { rotateEvery } = keyRules[purpose];
  if (current.retiresAtMs === null || rotateEvery === null) return undefined;
  if (current.retiresAtMs <= now) return now;
  const hasSuccessor = keys.some((key) => key.purpose === purpose && key.activeFromMs > now);
  const isNear = current.retiresAtMs - now <= durationMs(rotateEvery * leadPart);
  return isNear && !hasSuccessor ? current.retiresAtMs : undefined;
};

/** A key whose successor takes over now. */
export const retire = <Key extends KeyFacts>(key: Key, now: EpochMs): Key => {
  const end = after(now, keyRules[key.purpose].overlap);
  const expiresAtMs = key.expiresAtMs !== null && key.expiresAtMs < end ? key.expiresAtMs : end;
  return { ...key, retiresAtMs: now, expiresAtMs };
};
