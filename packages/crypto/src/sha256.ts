/** SHA-256 alone, in JavaScript and at once: for hosts and moments in which WebCrypto's promise comes too late. */
import type { Bytes } from '@hauberk/primitives';
import { _SHA256 } from '@noble/hashes/sha2.js';

/** The digest of some bytes. By the class and not by the ready function, which makes a hash to look at when a page loads this. */
export const sha256 = (input: Uint8Array): Bytes => new _SHA256().update(input).digest() as Bytes;
