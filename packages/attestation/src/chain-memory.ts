/** Upper parts of chains that were read and linked before: one batch of phones shares its own, so this saves most of the work. */
import { type Bytes, concat, type EvidenceCrypto, toHex } from '@hauberk/primitives';
import type { Certificate } from './x509.ts';

/**
 * What was found about issuers: that their certificates can be read and that each signed the next one down. Nothing that time, anchors or
 * lists could change. Bounded; the oldest goes first. One for each server, made with `createChainMemory`.
 */
export interface ChainMemory {
  readonly parts: Map<string, readonly Certificate[]>;
  readonly most: number;
}

/** An empty memory of at most so many upper parts. */
export const createChainMemory = (most = 1024): ChainMemory => ({ parts: new Map(), most });

/** The name of an upper part: lengths and digest. */
export const memoryKey = (certificates: readonly Bytes[], crypto: Pick<EvidenceCrypto, 'digest'>): string =>
  `${certificates.map(({ length }) => length).join()}:${toHex(crypto.digest('SHA-256', concat(...certificates)))}`;

/** Keeps a part that was read and linked. */
export const remember = ({ parts, most }: ChainMemory, key: string, upper: readonly Certificate[]): void => {
  const oldest = parts.size < most ? undefined : parts.keys().next().value;
  if (oldest !== undefined) parts.delete(oldest);
  parts.set(key, upper);
};
