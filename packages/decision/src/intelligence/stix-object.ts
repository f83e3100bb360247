/** An object of STIX 2.1, read strictly: its members by the tables of `stix-types`, and the rules between them. */
import { accept, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import { instantOf } from './stix-time.ts';
import {
  anyOf,
  commonMembers,
  domainObjects,
  extensionTypes,
  metaObjects,
  observables,
  orderedTimes,
  relationshipObjects,
  type StixMembers,
  strictlyOrdered,
} from './stix-types.ts';

/** An object. Members beside these are those of its type, checked. */
export interface StixObject {
  readonly [member: string]: JsonValue;
  readonly type: string;
  readonly id: string;
}

/** Why a text or a value is no object of STIX 2.1. */
export type StixCode =
  | 'stix.malformed'
  | 'stix.too-long'
  | 'stix.too-many'
  | 'stix.type'
  | 'stix.id'
  | 'stix.version'
  | 'stix.member'
  | 'stix.missing'
  | 'stix.order'
  | 'stix.extension'
  | 'stix.marking';

/** Longest text of a bundle or an envelope, in characters. */
export const maxStixText: number = 4 * 1024 * 1024;
/** Most objects of one. */
export const maxStixObjects = 5000;
const maxTextLength = 65_536;
const maxListLength = 10_000;

type Members = Readonly<Record<string, JsonValue>>;

const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const idForm =
  /^([a-z0-9](?:[a-z0-9]|-(?!-)){1,248}[a-z0-9])--([0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/** The type that an id names; undefined when it is none. */
export const typeOfId = (id: unknown): string | undefined =>
  typeof id === 'string' && id.length <= 300 ? idForm.exec(id)?.[1] : undefined;

const isDictionary = (value: JsonValue): boolean =>
  isMembers(value) && Object.keys(value).every((name) => /^[A-Za-z0-9_-]{1,250}$/.test(name));

const isHashes = (value: JsonValue): boolean =>
  isMembers(value) &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(
    ([name, digest]) => /^[A-Za-z0-9_-]{3,256}$/.test(name) && typeof digest === 'string' && digest.length > 0,
  );

const isPhases = (value: JsonValue): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (each: JsonValue) =>
      isMembers(each) && typeof each['kill_chain_name'] === 'string' && typeof each['phase_name'] === 'string',
  );

const isText = (value: JsonValue): boolean => typeof value === 'string' && value.length <= maxTextLength;

/** Whether a value is of a form without marks. */
const isOf = (value: JsonValue, form: string, detail: string): boolean => {
  switch (form) {
    case 'text':
      return isText(value);
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'truth':
      return typeof value === 'boolean';
    case 'time':
      return instantOf(value) !== undefined;
    case 'ref': {
      const type = typeOfId(value);
      return type !== undefined && (detail === '' || detail.split('|').includes(type) || isForeign(type));
    }
    case 'enum':
      return typeof value === 'string' && detail.split('|').includes(value);
    case 'phases':
      return isPhases(value);
    case 'hashes':
      return isHashes(value);
    case 'hex':
      return typeof value === 'string' && /^(?:[0-9a-fA-F]{2})+$/.test(value);
    case 'binary':
      return typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0;
    case 'dictionary':
      return isDictionary(value);
    case 'any':
      return true;
    // A form that no table names.
    case '':
      return false;
  }
  return false;
};

const tables: readonly Readonly<Record<string, StixMembers>>[] = [
  domainObjects,
  relationshipObjects,
  metaObjects,
  observables,
];

const membersOfType = (type: string): StixMembers | undefined =>
  tables.find((table) => Object.hasOwn(table, type))?.[type];

/** Types that an extension brings; what may stand where is theirs to say. */
const isForeign = (type: string): boolean => membersOfType(type) === undefined;

interface Form {
  readonly word: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly detail: string;
}

const readForm = (written: string): Form => {
  const [marked = '', detail = ''] = written.split(':');
  const word = marked.replace(/[!*]+$/, '');
  return { word, isList: marked.includes('*'), isRequired: marked.includes('!'), detail };
};

const fits = (value: JsonValue, { word, isList, detail }: Form): boolean => {
  if (!isList) return isOf(value, word, detail);
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= maxListLength &&
    value.every((each: JsonValue) => isOf(each, word, detail))
  );
};

/** The first member that is not what its type says. */
const faultOfMembers = (value: Members, table: StixMembers): Result<true, 'stix.member' | 'stix.missing'> => {
  for (const [name, written] of Object.entries(table)) {
    const form = readForm(written);
    const held = value[name];
    if (held === undefined) {
      if (form.isRequired) return refuse('stix.missing', name);
    } else if (!fits(held, form)) return refuse('stix.member', name);
  }
  return accept(true);
};

const nameForm = /^[a-z0-9_]{3,250}$/;
const isKnown = (type: string, name: string): boolean =>
  Object.hasOwn(commonMembers, name) || Object.hasOwn(membersOfType(type) ?? {}, name);

const hasBadName = (value: Members, type: string): string | undefined =>
  Object.keys(value).find((name) => !isKnown(type, name) && !nameForm.test(name));

const faultOfOrder = (value: Members): string | undefined => {
  for (const [first, second] of orderedTimes) {
    const [from, to] = [instantOf(value[first]), instantOf(value[second])];
    if (from === undefined || to === undefined) continue;
    if (strictlyOrdered.has(second) ? to <= from : to < from) return second;
  }
  return undefined;
};

const isNewType = (type: JsonValue | undefined): boolean =>
  type === 'new-sdo' || type === 'new-sco' || type === 'new-sro';

const faultOfExtensions = (value: Members, isUnknownType: boolean): string | undefined => {
  const { extensions } = value;
  const entries = isMembers(extensions) ? Object.entries(extensions) : [];
  for (const [name, extension] of entries) {
    if (!isMembers(extension)) return name;
    const isDefined = name.startsWith('extension-definition--');
    if (isDefined && typeOfId(name) !== 'extension-definition') return name;
    const type = extension['extension_type'];
    if (isDefined && (typeof type !== 'string' || !extensionTypes.includes(type))) return name;
  }
  const brings = entries.some(([, extension]) => isMembers(extension) && isNewType(extension['extension_type']));
  const { type } = value;
  return isUnknownType && !brings && !(typeof type === 'string' && type.startsWith('x-')) ? 'type' : undefined;
};

const isObservable = (value: Members, type: string): boolean => {
  if (Object.hasOwn(observables, type)) return true;
  const { extensions } = value;
  return (
    isMembers(extensions) &&
    Object.values(extensions).some((each) => isMembers(each) && each['extension_type'] === 'new-sco')
  );
};

const millisecondTime = /\.\d{3}Z$/;

/** What versioned objects must have (section 3.2), which observables must not. */
const faultOfVersions = (value: Members, type: string): Result<true, StixCode> => {
  const isVersioned = !isObservable(value, type);
  if (!isVersioned)
    for (const name of ['created', 'modified', 'created_by_ref', 'revoked', 'confidence', 'labels'])
      if (value[name] !== undefined && Object.hasOwn(observables, type)) return refuse('stix.member', name);
  if (!isVersioned) return accept(true);
  if (value['spec_version'] !== '2.1') return refuse('stix.version', 'spec_version is 2.1');
  const needed = type === 'marking-definition' ? ['created'] : ['created', 'modified'];
  for (const name of needed) {
    const time = value[name];
    if (time === undefined) return refuse('stix.missing', name);
    if (typeof time !== 'string' || !millisecondTime.test(time)) return refuse('stix.member', name);
  }
  return accept(true);
};

const faultOfType = (value: Members, type: string): Result<true, StixCode> => {
  const confidence = value['confidence'];
  if (typeof confidence === 'number' && (confidence < 0 || confidence > 100))
    return refuse('stix.member', 'confidence');
  const needed = anyOf[type];
  if (needed !== undefined && !needed.some((name) => value[name] !== undefined))
    return refuse('stix.missing', needed.join(' or '));
  if (type === 'observed-data') {
    const count = value['number_observed'] as number;
    if (count < 1 || count > 999_999_999) return refuse('stix.member', 'number_observed');
    if ((value['objects'] === undefined) === (value['object_refs'] === undefined))
      return refuse('stix.missing', 'either object_refs or objects');
  }
  const count = value['count'];
  if (type === 'sighting' && typeof count === 'number' && (count < 0 || count > 999_999_999))
    return refuse('stix.member', 'count');
  if (type === 'location') return faultOfPlace(value);
  const isEmptyMarking =
    type === 'marking-definition' && value['extensions'] === undefined && value['definition'] === undefined;
  return isEmptyMarking ? refuse('stix.missing', 'definition') : accept(true);
};

const faultOfPlace = (value: Members): Result<true, StixCode> => {
  const { latitude, longitude, precision, region, country } = value;
  if ((latitude === undefined) !== (longitude === undefined)) return refuse('stix.missing', 'latitude and longitude');
  if (precision !== undefined && latitude === undefined) return refuse('stix.missing', 'latitude');
  if (latitude === undefined && region === undefined && country === undefined)
    return refuse('stix.missing', 'region, country or latitude and longitude');
  if (typeof latitude === 'number' && Math.abs(latitude) > 90) return refuse('stix.member', 'latitude');
  return typeof longitude === 'number' && Math.abs(longitude) > 180 ? refuse('stix.member', 'longitude') : accept(true);
};

const faultOfReferences = (value: Members): Result<true, StixCode> => {
  const { external_references: references, granular_markings: markings, object_marking_refs: refs } = value;
  if (references !== undefined) {
    const areRight =
      Array.isArray(references) &&
      references.length > 0 &&
      references.every(
        (each: JsonValue) =>
          isMembers(each) &&
          typeof each['source_name'] === 'string' &&
          ['description', 'url', 'external_id'].some((name) => typeof each[name] === 'string'),
      );
    if (!areRight) return refuse('stix.member', 'external_references');
  }
  if (markings !== undefined) {
    const areRight =
      Array.isArray(markings) &&
      markings.length > 0 &&
      markings.every(
        (each: JsonValue) =>
          isMembers(each) && Array.isArray(each['selectors']) && (each['selectors'] as readonly JsonValue[]).length > 0,
      );
    if (!areRight) return refuse('stix.marking', 'granular_markings');
  }
  const marksItself = Array.isArray(refs) && refs.includes(value['id'] as string);
  return marksItself ? refuse('stix.marking', 'an object cannot mark itself') : accept(true);
};

/** Checks one object against the rules of STIX 2.1. The detail names the member. */
export const readStixObject = (value: JsonValue): Result<StixObject, StixCode> => {
  if (!isMembers(value)) return refuse('stix.malformed', 'not an object');
  const { type } = value;
  if (typeof type !== 'string' || !/^[a-z0-9][a-z0-9-]{1,248}[a-z0-9]$/.test(type) || type.includes('--'))
    return refuse('stix.type', 'small letters, digits and single hyphens');
  if (typeOfId(value['id']) !== type) return refuse('stix.id', 'type--UUID, of the object’s own type');
  const empty = Object.entries(value).find(
    ([, member]) => member === null || (Array.isArray(member) && member.length === 0),
  );
  if (empty !== undefined) return refuse('stix.member', `${empty[0]} is empty`);
  const table = membersOfType(type);
  for (const checked of [faultOfMembers(value, commonMembers), faultOfMembers(value, table ?? {})])
    if (!checked.ok) return checked;
  const badName = hasBadName(value, type);
  if (badName !== undefined) return refuse('stix.member', badName.slice(0, 64));
  const extension = faultOfExtensions(value, table === undefined);
  if (extension !== undefined) return refuse('stix.extension', extension.slice(0, 128));
  for (const checked of [faultOfVersions(value, type), faultOfType(value, type), faultOfReferences(value)])
    if (!checked.ok) return checked;
  const order = faultOfOrder(value);
  return order === undefined ? accept(value as StixObject) : refuse('stix.order', order);
};

/** What came of a bundle or an envelope: objects that hold the rules, and why the others do not. */
export interface ReadObjects {
  readonly objects: readonly StixObject[];
  readonly refused: readonly { readonly id: string; readonly code: StixCode; readonly detail: string }[];
}

const idOf = (value: JsonValue): string => {
  const id = isMembers(value) ? value['id'] : undefined;
  return typeof id === 'string' ? id.slice(0, 300) : '';
};

/** Checks the objects of a list one by one: one that holds no rule spoils none of the others. */
export const readStixObjects = (values: readonly JsonValue[]): Result<ReadObjects, StixCode> => {
  if (values.length > maxStixObjects) return refuse('stix.too-many', `over ${maxStixObjects} objects`);
  const objects: StixObject[] = [];
  const refused: ReadObjects['refused'][number][] = [];
  for (const value of values) {
    const read = readStixObject(value);
    if (read.ok) objects.push(read.value);
    else refused.push({ id: idOf(value), code: read.code, detail: read.detail ?? '' });
  }
  return accept({ objects, refused });
};

const readText = (text: string): Result<Members, StixCode> => {
  if (text.length > maxStixText) return refuse('stix.too-long', `over ${maxStixText} characters`);
  const read = parseJson(text, { maxDepth: 32, maxKeys: 200_000, maxLength: maxStixText });
  if (!read.ok) return refuse('stix.malformed', read.code);
  return isMembers(read.value) ? accept(read.value) : refuse('stix.malformed', 'not an object');
};

/** Reads a bundle (section 8). */
export const readBundle = (text: string): Result<ReadObjects, StixCode> => {
  const read = readText(text);
  if (!read.ok) return read;
  const { type, id, objects = [] } = read.value;
  if (type !== 'bundle' || typeOfId(id) !== 'bundle') return refuse('stix.type', 'a bundle');
  return Array.isArray(objects) ? readStixObjects(objects) : refuse('stix.malformed', 'objects is a list');
};

/** An envelope of TAXII 2.1 (section 3.7). */
export interface Envelope extends ReadObjects {
  readonly hasMore: boolean;
  readonly next: string | undefined;
}

/** Reads an envelope. */
export const readEnvelope = (text: string): Result<Envelope, StixCode> => {
  const read = readText(text);
  if (!read.ok) return read;
  const { more = false, next, objects = [] } = read.value;
  if (typeof more !== 'boolean' || (next !== undefined && typeof next !== 'string') || !Array.isArray(objects))
    return refuse('stix.malformed', 'more, next, objects');
  const held = readStixObjects(objects);
  return held.ok ? accept({ ...held.value, hasMore: more, next }) : held;
};
