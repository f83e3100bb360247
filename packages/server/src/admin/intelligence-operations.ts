/** Operations on threat intelligence: how it stands, objects from a file, and what partners are told. */
import { readStixObjects } from '@hauberk/decision';
import type { JsonValue } from '@hauberk/primitives';
import type { Intelligence } from '../intelligence/open-intelligence.ts';
import { deny } from './admin-problem.ts';
import type { Administration, Caller } from './administration.ts';
import {
  intelligenceStatusSchema,
  newObjectsSchema,
  newShareSchema,
  sharedSchema,
  takenObjectsSchema,
} from './intelligence-documents.ts';
import { type Operation, operation, reply } from './operation.ts';
import { storageRefusal } from './storage-problem.ts';

const reads = { kind: 'organisation', area: 'intelligence', verb: 'read' } as const;
const writes = { ...reads, verb: 'write' } as const;

/** What partners tell is the organisation's that this installation serves; for others there is none. */
const intelligenceOf = ({ intelligence, organisation }: Administration, caller: Caller): Intelligence | undefined =>
  caller.organisation === organisation ? intelligence : undefined;

const intelligenceStatus: Operation = operation({
  id: 'intelligenceStatus',
  method: 'GET',
  path: '/intelligence',
  tag: 'decisions',
  summary: 'How much partners told, how the polled sources stand, and which collections there are.',
  access: reads,
  replies: { 200: { description: 'How it stands.', schema: intelligenceStatusSchema } },
  run: async ({ administration }, caller) => {
    const intelligence = intelligenceOf(administration, caller);
    if (intelligence === undefined) return deny('not-found');
    const { sources, ...figures } = intelligence.figures();
    return reply(200, {
      ...figures,
      collections: intelligence.collections.map(({ id, title, alias, applies }) => ({
        id,
        title,
        alias: alias ?? null,
        applies,
      })),
      sources: sources.map((source) => ({ ...source, lastAtMs: source.lastAtMs ?? null })),
      taxii: intelligence.taxiiUrl() ?? null,
    });
  },
});

const addIntelligence: Operation = operation({
  id: 'addIntelligence',
  method: 'POST',
  path: '/intelligence/{collection}/objects',
  tag: 'decisions',
  summary:
    'Adds objects of STIX 2.1 to a collection; one that holds no rule of its type is told and spoils none of the others.',
  access: writes,
  body: newObjectsSchema,
  bodyLimits: { bytes: 4 * 1024 * 1024, keys: 200_000, depth: 32 },
  replies: { 200: { description: 'What was taken.', schema: takenObjectsSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const intelligence = intelligenceOf(administration, caller);
    const read = readStixObjects(body.objects as readonly JsonValue[]);
    if (intelligence === undefined || !read.ok) return deny('not-found');
    const added = await intelligence.desk.add(path['collection'] ?? '', read.value.objects, caller.subject);
    if (!added.ok) return refusalOf(added.code);
    return reply(200, { taken: read.value.objects.length, refused: read.value.refused });
  },
});

const shareIntelligence: Operation = operation({
  id: 'shareIntelligence',
  method: 'POST',
  path: '/intelligence/{collection}/shares',
  tag: 'decisions',
  summary: 'Tells a partner of entities, as digests under the key that is shared with it; nothing else of them leaves.',
  access: writes,
  body: newShareSchema,
  replies: { 200: { description: 'What was told.', schema: sharedSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body, now }, caller) => {
    const intelligence = intelligenceOf(administration, caller);
    const objects = await intelligence?.share(path['collection'] ?? '', body, now);
    if (intelligence === undefined || objects === undefined) return deny('not-found');
    const added = await intelligence.desk.add(path['collection'] ?? '', objects, caller.subject);
    if (!added.ok) return refusalOf(added.code);
    const indicator = objects.find(({ type }) => type === 'indicator')?.id ?? '';
    return reply(200, { indicator, objects: objects.length });
  },
});

const refusalOf = (
  code: Parameters<typeof storageRefusal>[0]['code'] | 'unknown-collection' | 'shelf-full' | 'decision-conflict',
) => {
  if (code === 'unknown-collection') return deny('not-found');
  if (code === 'shelf-full') return deny('decision-state', { detail: 'the collection is full' });
  return code === 'decision-conflict'
    ? deny('decision-state', { detail: 'it changed meanwhile' })
    : storageRefusal({ code });
};

/** Operations on intelligence. */
export const intelligenceOperations: readonly Operation[] = [intelligenceStatus, addIntelligence, shareIntelligence];
