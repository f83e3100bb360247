/**
 * The whole memory of clusters as bytes, and back: `HBC1`, the length of a JSON head, the head, then the parts that the head counts. What was taken after a
 * snapshot is taken again from the stream; the rule for duplicates makes that harmless.
 */
import { accept, type Bytes, concat, fromUtf8, parseJson, type Result, refuse, utf8 } from '@hauberk/primitives';
import { type ClusterListener, type ClusterOptions, Clusters, type Observation } from './clusters.ts';
import { holdersPerEvidence, linksPerDevice } from './evidence-graph.ts';
import { partnersPerDevice } from './synchrony.ts';

/** Why a snapshot is not taken. */
export type SnapshotCode = 'clusters.snapshot-malformed' | 'clusters.snapshot-other';

const magic = utf8('HBC1');
/** Longest head in bytes. */
const maxHead = 64 * 1024 * 1024;

/** What must be equal for a snapshot to fit. */
const shapeOf = ({ options, graph }: Clusters) => ({
  devices: options.devices,
  evidence: options.evidence,
  links: linksPerDevice,
  holders: holdersPerEvidence,
  partners: partnersPerDevice,
  kinds: graph.kinds.names,
});

/** Writes a snapshot. `position` is how far the stream was read, in the caller's words. */
export const writeClusters = (clusters: Clusters, position: string): Bytes => {
  const { graph, book, synchrony, population, buffer, sweep } = clusters;
  const stores = [graph.devices.save(), graph.evidence.save(), book.clusters.save()];
  const head = utf8(
    JSON.stringify({
      shape: shapeOf(clusters),
      position,
      now: graph.now,
      sweep,
      buffer: buffer.save(),
      acts: synchrony.save(),
      population: population.save(),
      tooLarge: book.tooLarge,
      parts: stores.map((parts) => parts.map(({ length }) => length)),
    }),
  );
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat(magic, length, head, ...stores.flat());
};

interface Head {
  readonly shape: unknown;
  readonly position: string;
  readonly now: number;
  readonly sweep: readonly [number, number];
  readonly buffer: ReturnType<Clusters['buffer']['save']>;
  readonly acts: ReturnType<Clusters['synchrony']['save']>;
  readonly population: readonly (readonly number[])[];
  readonly tooLarge: number;
  readonly parts: readonly (readonly number[])[];
}

const readHead = (bytes: Uint8Array): { readonly head: Head; readonly from: number } | undefined => {
  if (bytes.length < 8 || !magic.every((byte, place) => bytes[place] === byte)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
  if (length > maxHead || 8 + length > bytes.length) return undefined;
  const text = fromUtf8(bytes.subarray(8, 8 + length));
  if (text === undefined) return undefined;
  const read = parseJson(text, { maxDepth: 8, maxKeys: 2 ** 24, maxLength: maxHead });
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) return undefined;
  const head = read.value as unknown as Head;
  const isWhole =
    typeof head.position === 'string' &&
    typeof head.now === 'number' &&
    Array.isArray(head.sweep) &&
    typeof head.buffer === 'object' &&
    Array.isArray(head.buffer?.waiting) &&
    Array.isArray(head.acts) &&
    Array.isArray(head.population) &&
    Array.isArray(head.parts) &&
    head.parts.every(
      (lengths) => Array.isArray(lengths) && lengths.every((each) => Number.isSafeInteger(each) && each >= 0),
    );
  return isWhole ? { head, from: 8 + length } : undefined;
};

const cut = (bytes: Uint8Array, from: number, lengths: readonly (readonly number[])[]): Uint8Array[][] | undefined => {
  let at = from;
  const stores = lengths.map((each) =>
    each.map((length) => {
      at += length;
      return bytes.subarray(at - length, at);
    }),
  );
  return at === bytes.length ? stores : undefined;
};

/** Reads a snapshot into a new memory with these options. Snapshots are trusted files of the server, read strictly nevertheless. */
export const readClusters = (
  bytes: Uint8Array,
  options: ClusterOptions,
  listener?: ClusterListener,
): Result<{ readonly clusters: Clusters; readonly position: string }, SnapshotCode> => {
  const read = readHead(bytes);
  if (read === undefined) return refuse('clusters.snapshot-malformed', 'head');
  const { head, from } = read;
  const clusters = new Clusters(options, listener);
  if (JSON.stringify(head.shape) !== JSON.stringify(shapeOf(clusters))) return refuse('clusters.snapshot-other');
  const [devices, evidence, groups] = cut(bytes, from, head.parts) ?? [];
  const { graph, book } = clusters;
  const isLoaded =
    devices !== undefined &&
    evidence !== undefined &&
    groups !== undefined &&
    graph.devices.load(devices) &&
    graph.evidence.load(evidence) &&
    book.clusters.load(groups);
  if (!isLoaded) return refuse('clusters.snapshot-malformed', 'rows');
  graph.now = head.now;
  clusters.sweep = head.sweep;
  book.tooLarge = head.tooLarge;
  clusters.population.load(head.population);
  clusters.synchrony.load(head.acts);
  clusters.buffer.load(head.buffer as { waiting: Observation[]; newest: number | null; left: number | null });
  return accept({ clusters, position: head.position });
};
