/** Clusters → objects of STIX 2.1 for one partner: what was seen, what to look for, what it is, and how they hang together. Digests only. */
import {
  type DigestPort,
  entityDefinition,
  entityObject,
  entityType,
  nameUuid,
  type SharedEntity,
} from './entity-object.ts';
import type { StixObject } from './stix-object.ts';
import { stixTime } from './stix-time.ts';
import { tlpMarkings } from './stix-types.ts';

/** How widely a partner may tell on (FIRST Traffic Light Protocol, as STIX 2.1 has it). */
export type Tlp = keyof typeof tlpMarkings;

/** Who tells. `id` gives the objects' ids their namespace: 32 hexadecimal digits. */
export interface Sharer {
  readonly id: string;
  readonly name: string;
  readonly sinceMs: number;
}

/** What is told of a cluster. */
export interface SharedCluster {
  /** Of the cluster, as long as it lives. */
  readonly id: string;
  /** 0 to 1. */
  readonly score: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Sightings so far. */
  readonly count: number;
  readonly entities: readonly SharedEntity[];
  /** Groups of evidence that hold it together; words, never values. */
  readonly evidence: readonly string[];
}

/** Beside the cluster. */
export interface ShareOptions {
  readonly sharer: Sharer;
  readonly tlp: Tlp;
  readonly nowMs: number;
  /** How long the indicator counts, in milliseconds. */
  readonly lifeMs: number;
  /** The cluster was wrong: the indicator is told as revoked. */
  readonly isRevoked?: boolean;
}

/** Most entities of one indicator. */
export const maxSharedEntities = 1000;

const tlpTime = '2017-01-20T00:00:00.000Z';

const tlpObject = (tlp: Tlp): StixObject => ({
  type: 'marking-definition',
  spec_version: '2.1',
  id: tlpMarkings[tlp],
  created: tlpTime,
  definition_type: 'tlp',
  name: `TLP:${tlp.toUpperCase()}`,
  definition: { tlp },
});

/** The text of a constant in a pattern. */
const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

const patternOf = (entities: readonly SharedEntity[]): string => {
  const groups = Map.groupBy(entities, ({ kind, scheme }) => `${kind} ${scheme}`);
  return Array.from(groups.values(), (group) => {
    const { kind, scheme } = group[0] as SharedEntity;
    const digests = group.map(({ digest }) => quoted(digest)).join(', ');
    const tests = [
      `${entityType}:entity_kind = ${quoted(kind)}`,
      `${entityType}:digest_scheme = ${quoted(scheme)}`,
      `${entityType}:digest IN (${digests})`,
    ];
    return `[${tests.join(' AND ')}]`;
  }).join(' OR ');
};

/** Makes the objects. Ids follow from the cluster, so that what is told again is a newer version of the same. */
export const clusterObjects = (
  digests: DigestPort,
  cluster: SharedCluster,
  { sharer, tlp, nowMs, lifeMs, isRevoked = false }: ShareOptions,
): readonly StixObject[] => {
  const idOf = (type: string, name: string): string => `${type}--${nameUuid(digests, `${type} ${name}`, sharer.id)}`;
  const identity = idOf('identity', sharer.name);
  const told = {
    spec_version: '2.1',
    created_by_ref: identity,
    created: stixTime(cluster.firstMs),
    modified: stixTime(Math.max(nowMs, cluster.firstMs)),
    object_marking_refs: [tlpMarkings[tlp]],
  };
  const confidence = Math.max(0, Math.min(100, Math.round(cluster.score * 100)));
  const entities = cluster.entities.slice(0, maxSharedEntities);
  const objects = entities.map((entity) => entityObject(digests, entity));
  const [indicator, infrastructure, observed] = [
    idOf('indicator', cluster.id),
    idOf('infrastructure', cluster.id),
    idOf('observed-data', cluster.id),
  ];
  const relation = (type: string, source: string, target: string): StixObject => ({
    type: 'relationship',
    ...told,
    id: idOf('relationship', `${cluster.id} ${type}`),
    relationship_type: type,
    source_ref: source,
    target_ref: target,
  });
  const revoked = isRevoked ? { revoked: true } : {};
  return [
    tlpObject(tlp),
    ...entityDefinition,
    {
      type: 'identity',
      spec_version: '2.1',
      id: identity,
      created: stixTime(sharer.sinceMs),
      modified: stixTime(sharer.sinceMs),
      name: sharer.name,
      identity_class: 'organization',
      sectors: ['financial-services'],
    },
    ...objects,
    {
      type: 'observed-data',
      ...told,
      id: observed,
      first_observed: stixTime(cluster.firstMs),
      last_observed: stixTime(Math.max(cluster.firstMs, cluster.lastMs)),
      number_observed: Math.max(1, Math.min(999_999_999, Math.floor(cluster.count))),
      object_refs: objects.map(({ id }) => id),
    },
    {
      type: 'infrastructure',
      ...told,
      ...revoked,
      id: infrastructure,
      name: 'Cluster of devices',
      description: `Devices that act as one, by ${cluster.evidence.join(', ') || 'shared evidence'}.`,
      infrastructure_types: ['botnet'],
      first_seen: stixTime(cluster.firstMs),
      last_seen: stixTime(Math.max(cluster.firstMs, cluster.lastMs)),
      confidence,
    },
    {
      type: 'indicator',
      ...told,
      ...revoked,
      id: indicator,
      name: 'Device of a cluster',
      indicator_types: ['malicious-activity'],
      pattern: patternOf(entities),
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: stixTime(cluster.firstMs),
      valid_until: stixTime(Math.max(nowMs, cluster.firstMs) + Math.max(1, lifeMs)),
      confidence,
    },
    relation('indicates', indicator, infrastructure),
    relation('consists-of', infrastructure, observed),
    {
      type: 'sighting',
      ...told,
      id: idOf('sighting', cluster.id),
      first_seen: stixTime(cluster.firstMs),
      last_seen: stixTime(Math.max(cluster.firstMs, cluster.lastMs)),
      count: Math.max(1, Math.min(999_999_999, Math.floor(cluster.count))),
      sighting_of_ref: indicator,
      observed_data_refs: [observed],
      where_sighted_refs: [identity],
    },
  ];
};

/** A bundle of objects. `uuid` is a random one. */
export const bundleOf = (uuid: string, objects: readonly StixObject[]): StixObject => ({
  type: 'bundle',
  id: `bundle--${uuid}`,
  objects,
});
