/** The form of a vector file: it says what it is about, and each case what is given, what to expect and what comes out. */

import { fromBase64Url } from '@hauberk/primitives';

/** What cases hold: plain JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One case. `expect` is `ok` or a reason code; `result` is there when something comes out. */
export interface Vector {
  readonly name: string;
  readonly given: { readonly [name: string]: Json };
  readonly expect: string;
  readonly result?: { readonly [name: string]: Json };
}

/** One file. */
export interface VectorFile {
  readonly about: string;
  readonly cases: readonly Vector[];
}

/** Lower-case hexadecimal. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Bytes of a hex text. */
export const unhex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'hex'));

/** Bytes of a base64url text that must be one. */
export const unbase = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array(0);
