/** Cipher suites: whole bundles, never negotiated part by part. The client takes the first of its own that the signed config offers. */
import type { Group } from '@hauberk/primitives';

/** One row per suite; nothing below this table names an algorithm. */
export interface Suite {
  readonly id: SuiteId;
  readonly group: Group;
  /** Length of a key share in bytes. */
  readonly shareLength: number;
}

/** `HB1-P256` is mandatory: WebCrypto and every secure element have it. */
export type SuiteId = 'HB1-P256' | 'HB1-X25519';

const table: Readonly<Record<SuiteId, Suite>> = {
  'HB1-P256': { id: 'HB1-P256', group: 'p256', shareLength: 65 },
  'HB1-X25519': { id: 'HB1-X25519', group: 'x25519', shareLength: 32 },
};

/** Every suite id, the mandatory one first. */
export const suiteIds: readonly SuiteId[] = ['HB1-P256', 'HB1-X25519'];

/** The suite of that id, or undefined: an unknown suite is refused, never replaced. */
export const findSuite = (id: string): Suite | undefined =>
  Object.hasOwn(table, id) ? table[id as SuiteId] : undefined;
