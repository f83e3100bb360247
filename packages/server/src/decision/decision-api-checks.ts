/** What an event over HTTP must be beyond its form: of a scene that is declared, with the attributes of that scene, and the same whenever its id comes again. */
import type { RiskEvent, SceneFacts } from '@hauberk/decision';
import { nearestName } from '../config/hints.ts';
import type { IndexedDecision } from './record-rows.ts';

/** Why an event is not decided. */
export type ApiEventCode = 'event.scene' | 'event.attribute' | 'event.conflict';

/** What is wrong with an event, and the JSON Pointer to it. */
export interface ApiEventFault {
  readonly code: ApiEventCode;
  readonly detail: string;
  readonly pointer: string;
}

/** Scenes that events may be of. */
export interface DeclaredScenes {
  readonly scenes: ReadonlyMap<string, SceneFacts>;
  /** Events of other scenes are decided, too, and their attributes are not looked at. */
  readonly othersAllowed: boolean;
}

/** Longer names are nobody's slip, and comparing them costs. */
const longestSlip = 40;

const meant = (written: string, known: Iterable<string>): string => {
  if (written.length > longestSlip) return '';
  const most = Math.max(2, Math.floor(written.length / 3));
  const near = nearestName(
    written,
    [...known].filter((name) => Math.abs(name.length - written.length) <= most),
  );
  return near === undefined ? '' : `; did you mean ${near}?`;
};

const pointerTo = (name: string): string => `/attributes/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const typeNames = { string: 'text', number: 'number', boolean: 'truth' } as const;

/** The first thing about an event that its scene does not declare; undefined when all is declared. */
export const undeclared = (
  { type, attributes }: Pick<RiskEvent, 'type' | 'attributes'>,
  { scenes, othersAllowed }: DeclaredScenes,
): ApiEventFault | undefined => {
  const scene = scenes.get(type);
  if (scene === undefined)
    return othersAllowed
      ? undefined
      : { code: 'event.scene', detail: `no such scene is declared${meant(type, scenes.keys())}`, pointer: '/type' };
  for (const [name, value] of Object.entries(attributes)) {
    const pointer = pointerTo(name);
    const declared = Object.hasOwn(scene.attributes, name) ? scene.attributes[name] : undefined;
    if (declared === undefined) {
      const near = meant(name, Object.keys(scene.attributes));
      return { code: 'event.attribute', detail: `${scene.code} declares no such attribute${near}`, pointer };
    }
    const told = typeNames[typeof value as keyof typeof typeNames];
    if (told !== declared)
      return { code: 'event.attribute', detail: `${scene.code} declares it as ${declared}, not ${told}`, pointer };
  }
  return undefined;
};

/** What is answered when an id comes again with something else. */
export const conflict: ApiEventFault = {
  code: 'event.conflict',
  detail: 'another event was decided by this id',
  pointer: '/id',
};

const byName = <Value>(names: Readonly<Record<string, Value>>): readonly (readonly [string, Value])[] =>
  Object.entries(names).sort(([left], [right]) => (left < right ? -1 : 1));

/** The one text of all that an event tells beside its id, whatever the order of its members. Ids of entities are to be spelled canonically. */
export const contentOf = ({ type, atMs, amountMinor, entities, attributes }: RiskEvent): string =>
  JSON.stringify([type, atMs, Number.isNaN(amountMinor) ? null : amountMinor, byName(entities), byName(attributes)]);

/** Whether an event may be the one that was decided, by what the index and the record keep of it; attributes are not kept. */
export const isLikeIndexed = (
  { type, atMs, amountMinor }: Pick<RiskEvent, 'type' | 'atMs' | 'amountMinor'>,
  entities: readonly string[],
  indexed: Pick<IndexedDecision, 'scene' | 'atMs' | 'entities'>,
  /** NaN for none; undefined when the record is gone. */
  recordedAmount: number | undefined,
): boolean =>
  indexed.scene === type &&
  indexed.atMs === atMs &&
  (recordedAmount === undefined || Object.is(recordedAmount, amountMinor)) &&
  indexed.entities.toSorted().join('\n') === entities.toSorted().join('\n');
