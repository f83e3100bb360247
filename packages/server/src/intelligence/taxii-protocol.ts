/** TAXII 2.1 (OASIS Standard, 2021-06-10): media types, instants, filters and errors. */

import { instantOf, stixTime } from '@hauberk/decision';
import { accept, type Result, refuse } from '@hauberk/primitives';

/** What TAXII speaks. */
export const taxiiMediaType = 'application/taxii+json;version=2.1';
/** What the objects are. */
export const stixMediaType = 'application/stix+json;version=2.1';
/** Longest body of a request, bytes. */
export const maxTaxiiBytes: number = 4 * 1024 * 1024;
/** Most objects of a page. */
export const maxPage = 1000;

/** An answer of the server. */
export interface TaxiiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An error message (section 3.6.1). */
export const taxiiError = (
  status: number,
  title: string,
  headers: Readonly<Record<string, string>> = {},
): TaxiiAnswer => ({
  status,
  headers,
  body: { title, http_status: String(status) },
});

/** An instant to the microsecond, so that no two objects of a collection were added at the same one. */
export type Micros = number;

/** The text of such an instant. */
export const microsText = (at: Micros): string => {
  const milliseconds = Math.floor(at / 1000);
  return stixTime(milliseconds).replace(/Z$/, `${String(at % 1000).padStart(3, '0')}Z`);
};

/** Reads one; undefined when it is none. */
export const readMicros = (text: string): Micros | undefined => {
  const at = instantOf(text);
  if (at === undefined) return undefined;
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? '';
  return at * 1000 + Number(fraction.padEnd(6, '0').slice(3, 6));
};

/** Whether an `Accept` header takes TAXII 2.1. Absent, as any client of today that means it, it does. */
export const acceptsTaxii = (header: string | undefined): boolean =>
  header === undefined ||
  header.split(',').some((each) => {
    const [type = '', ...parameters] = each
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    if (type === '*/*' || type === 'application/*') return true;
    const version = parameters.find((parameter) => parameter.startsWith('version='));
    return type === 'application/taxii+json' && (version === undefined || version === 'version=2.1');
  });

/** Whether a body is TAXII 2.1. */
export const isTaxiiBody = (header: string | undefined): boolean => {
  const [type = '', ...parameters] = (header ?? '').toLowerCase().split(/\s*;\s*/);
  const version = parameters.find((parameter) => parameter.startsWith('version='));
  return type.trim() === 'application/taxii+json' && (version === undefined || version === 'version=2.1');
};

/** What of a collection is asked (section 3.4). */
export interface TaxiiFilter {
  readonly addedAfter: Micros | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly next: string | undefined;
  readonly ids: readonly string[];
  readonly types: readonly string[];
  /** Words `first`, `last`, `all`, or instants of versions. */
  readonly versions: readonly string[];
  readonly specVersions: readonly string[];
}

const known: ReadonlySet<string> = new Set([
  'added_after',
  'limit',
  'next',
  'match[id]',
  'match[type]',
  'match[version]',
  'match[spec_version]',
]);

const listOf = (query: URLSearchParams, name: string): readonly string[] =>
  query
    .getAll(name)
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '');

/** Reads the filters of a query; what is no filter, or says nothing, is refused by name. */
export const readFilter = (query: URLSearchParams): Result<TaxiiFilter, 'taxii.filter'> => {
  const strange = [...query.keys()].find((name) => !known.has(name));
  if (strange !== undefined) return refuse('taxii.filter', strange.slice(0, 64));
  const after = query.get('added_after');
  const addedAfter = after === null ? undefined : readMicros(after);
  if (after !== null && addedAfter === undefined) return refuse('taxii.filter', 'added_after');
  const written = query.get('limit');
  const limit = written === null ? maxPage : Number(written);
  if (!Number.isSafeInteger(limit) || limit < 1) return refuse('taxii.filter', 'limit');
  const next = query.get('next') ?? undefined;
  if (next !== undefined && !/^\d{17}$/.test(next)) return refuse('taxii.filter', 'next');
  const versions = listOf(query, 'match[version]');
  const isVersion = (text: string): boolean => /^(?:first|last|all)$/.test(text) || instantOf(text) !== undefined;
  if (!versions.every(isVersion)) return refuse('taxii.filter', 'match[version]');
  return accept({
    addedAfter,
    limit: Math.min(limit, maxPage),
    next,
    ids: listOf(query, 'match[id]'),
    types: listOf(query, 'match[type]'),
    versions: versions.length === 0 ? ['last'] : versions,
    specVersions: listOf(query, 'match[spec_version]'),
  });
};
