/** Tells a partner of entities: digests under the shared key, as objects of STIX 2.1 on the shelf of a collection. */
import { createHash } from 'node:crypto';
import { clusterObjects, type Sharer, type StixObject, type Tlp } from '@hauberk/decision';
import { canonicalId } from '../decision/canonical-id.ts';
import { type PartnerKey, partnerDigest } from './worker-intelligence.ts';

/** What is told. */
export interface EntityShare {
  /** Names it: told again it is a newer version of the same. */
  readonly name: string;
  readonly entities: readonly {
    readonly kind: 'device' | 'account' | 'payee' | 'phone' | 'card';
    readonly id: string;
  }[];
  /** 0 to 100. */
  readonly confidence: number;
  readonly lifeMs: number;
  readonly tlp: Tlp;
  readonly isRevoked: boolean;
  readonly firstMs: number;
  readonly nowMs: number;
}

const digests = { sha1: (input: Uint8Array) => new Uint8Array(createHash('sha1').update(input).digest()) };

/** The organisation as the maker of objects: its namespace follows from its name. */
export const sharerOf = (organisation: string): Sharer => ({
  id: createHash('sha256').update(`hauberk ${organisation}`).digest('hex').slice(0, 32),
  name: organisation,
  sinceMs: Date.UTC(2026, 0, 1),
});

/** The objects of a share. Digests are of the identifiers as routes read them. */
export const shareObjects = (organisation: string, partner: PartnerKey, share: EntityShare): readonly StixObject[] =>
  clusterObjects(
    digests,
    {
      id: `${partner.name} ${share.name}`,
      score: share.confidence / 100,
      firstMs: share.firstMs,
      lastMs: share.nowMs,
      count: share.entities.length,
      entities: share.entities.map(({ kind, id }) => ({
        kind,
        digest: partnerDigest(partner, kind, canonicalId(id)),
        scheme: partner.name,
      })),
      evidence: [],
    },
    {
      sharer: sharerOf(organisation),
      tlp: share.tlp,
      nowMs: share.nowMs,
      lifeMs: share.lifeMs,
      isRevoked: share.isRevoked,
    },
  );
