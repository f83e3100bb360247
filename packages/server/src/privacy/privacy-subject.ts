/** Pseudonyms: a device is known to privacy by a name that was drawn at random; a keyed hash of its id leads there until it is erased. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { EpochMs } from '@hauberk/primitives';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Scope } from '../storage/scope.ts';

/** The tag of a device: the same for the same device, of no use without the key. */
export const subjectTag = (keys: KeyReader, scope: Scope, device: string, now: EpochMs): string =>
  createHmac('sha256', keys.current('privacy-subject', now).secret.reveal())
    .update(`hauberk privacy subject 1\n${scope.organisation}\n${scope.app}\n${device}`)
    .digest('base64url');

/** A new pseudonym: 128 bits, 22 characters. */
export const freshSubject = (): string => {
  const name = randomBytes(16).toString('base64url');
  // A command line takes what begins with a hyphen for an option.
  return name.startsWith('-') ? freshSubject() : name;
};

/** Form of a pseudonym. */
export const subjectForm: RegExp = /^[A-Za-z0-9_-]{22}$/;

/** What tells the witnesses of one thing apart without naming them: the same pseudonym has another tag elsewhere. */
export const witnessTag = (subject: string, of: string): string =>
  createHash('sha256').update(`hauberk privacy witness 1\n${of}\n${subject}`).digest('hex').slice(0, 16);
