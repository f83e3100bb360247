import type { KeyObject } from 'node:crypto';

/** One file of one group, and how many engines have its algorithm. */
export interface SampleFile {
  readonly title: string;
  readonly engines: number;
  readonly algorithm: string;
  readonly group: { readonly [name: string]: unknown };
  readonly valid: { readonly [name: string]: unknown };
  /** What to change in the valid case so that it must be refused. */
  readonly spoil: { readonly [name: string]: unknown };
}

/** Hexadecimal, as the corpus writes bytes. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The same with its last digit changed. */
export const turned = (text: string): string => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;

/** SubjectPublicKeyInfo. */
export const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

/** PrivateKeyInfo. */
export const pkcs8 = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' });

/** What samples are about. */
export const message: Buffer = Buffer.from('a message of some length');
