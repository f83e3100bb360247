/**
 * Puts into a device's history that another key said hello in its name: what a copied phone looks like from here. Anybody can cause it who has seen
 * the device's thumbprint, so it is written once in an hour at most, by each thread, and never changes the device.
 */
import { type EpochMs, hours } from '@hauberk/primitives';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { Scope } from '../storage/scope.ts';

/** Notes a forged hello; answers at once, the note is kept behind. */
export type NoteForgery = (scope: Scope, device: string, now: EpochMs) => void;

const noteEvery = hours(1);
const remembered = 4096;

/** The reason that stands in the history. */
export const forgedHello = 'hello.signature: another key said hello for this device';

/** Makes the notes of one thread. */
export const forgeryNotes = (
  attestations: Pick<AttestationStore, 'note'>,
  onFault: (error: unknown) => void,
): NoteForgery => {
  const noted = new Map<string, EpochMs>();
  return (scope, device, now) => {
    const last = noted.get(device);
    if (last !== undefined && now - last < noteEvery) return;
    const oldest = noted.size < remembered ? undefined : noted.keys().next().value;
    if (oldest !== undefined) noted.delete(oldest);
    noted.delete(device);
    noted.set(device, now);
    const entry = { kind: 'refused', atMs: now, actor: 'gateway', reason: forgedHello, facts: undefined } as const;
    attestations.note(scope, device, entry).catch(onFault);
  };
};
