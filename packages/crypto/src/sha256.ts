/** SHA-256 alone, in JavaScript and at once: for hosts and moments in which WebCrypto's promise comes too late. */
import type { Bytes } from '@hauberk/primitives';
import { sha256 as noble } from '@noble/hashes/sha2.js';

/** The digest of some bytes. */
export const sha256 = (input: Uint8Array): Bytes => noble(input) as Bytes;
