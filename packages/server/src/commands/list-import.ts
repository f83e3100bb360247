/** Reads entries of a list from CSV (RFC 4180) or JSON, strictly and within bounds. */
import { accept, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';

/** An entry; what is absent is as the command line says. */
export interface ImportedEntry {
  readonly id?: string;
  readonly member?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly expiresAtMs?: number;
}

/** Why a file is no import. */
export type ImportCode = 'import.too-large' | 'import.malformed' | 'import.head' | 'import.entry';

/** Longest file in characters. */
export const maxImportText = 4_194_304;
/** Most entries. */
export const maxImported = 10_000;

const columnNames = ['id', 'member', 'source', 'reason', 'expires'] as const;
type Column = (typeof columnNames)[number];

/** Cells of a CSV text; undefined where a quote is not closed or stands inside a bare cell. */
const cellsOf = (text: string): readonly (readonly string[])[] | undefined => {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        const end = text.indexOf('"', at);
        if (end < 0) return undefined;
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
    } else {
      const found = /[,\r\n"]/g;
      found.lastIndex = at;
      const end = found.exec(text)?.index ?? text.length;
      if (text[end] === '"') return undefined;
      cell = text.slice(at, end);
      at = end;
    }
    row.push(cell);
    if (text[at] === ',') {
      at += 1;
      if (at === text.length) row.push('');
      continue;
    }
    const isEnd = at >= text.length || text[at] === '\n' || text.startsWith('\r\n', at);
    if (!isEnd) return undefined;
    at += text[at] === '\r' ? 2 : 1;
    rows.push(row);
    row = [];
    if (rows.length > maxImported + 1) return rows;
  }
  if (row.length > 0) rows.push(row);
  return rows;
};

const instantOf = (text: string): number | undefined => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
};

const isLine = (text: string, most: number): boolean =>
  text.length > 0 && text.length <= most && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);

const entryOf = (cells: Readonly<Partial<Record<Column, string>>>): ImportedEntry | undefined => {
  const { id = '', member = '', source = '', reason = '', expires = '' } = cells;
  if ((id === '') === (member === '')) return undefined;
  if (id !== '' && !isLine(id, 256)) return undefined;
  if (member !== '' && !/^[0-9a-f]{16}$/.test(member)) return undefined;
  if (![source, reason].every((text) => text === '' || isLine(text, 256))) return undefined;
  const until = expires === '' ? undefined : instantOf(expires);
  if (expires !== '' && until === undefined) return undefined;
  return {
    ...(id === '' ? { member } : { id }),
    ...(source === '' ? {} : { source }),
    ...(reason === '' ? {} : { reason }),
    ...(until === undefined ? {} : { expiresAtMs: until }),
  };
};

const collect = (
  rows: readonly (Readonly<Partial<Record<Column, string>>> | undefined)[],
): Result<readonly ImportedEntry[], ImportCode> => {
  if (rows.length > maxImported) return refuse('import.too-large', `at most ${maxImported} entries`);
  const entries = rows.map((row) => (row === undefined ? undefined : entryOf(row)));
  const wrong = entries.indexOf(undefined);
  return wrong < 0
    ? accept(entries as readonly ImportedEntry[])
    : refuse('import.entry', `entry ${wrong + 1}: an id or a member, and texts of one line`);
};

const isColumn = (name: string): name is Column => columnNames.some((each) => each === name);

const readCsv = (text: string): Result<readonly ImportedEntry[], ImportCode> => {
  const [head, ...rows] = cellsOf(text) ?? [];
  if (head === undefined) return refuse('import.malformed', 'is no CSV');
  if (!head.every(isColumn) || new Set(head).size < head.length)
    return refuse('import.head', `the first line names columns of ${columnNames.join(', ')}`);
  const named = rows
    .filter((cells) => cells.length > 1 || cells[0] !== '')
    .map((cells) =>
      cells.length === head.length ? Object.fromEntries(head.map((name, index) => [name, cells[index]])) : undefined,
    );
  return collect(named);
};

const cellsIn = (value: JsonValue): Readonly<Partial<Record<Column, string>>> | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(value);
  return members.every(([name, each]) => isColumn(name) && (typeof each === 'string' || typeof each === 'number'))
    ? Object.fromEntries(
        members.map(([name, each]) => [name, typeof each === 'number' ? String(each) : (each as string)]),
      )
    : undefined;
};

/** Reads a file: JSON where it begins as a list, CSV otherwise. */
export const readImport = (text: string): Result<readonly ImportedEntry[], ImportCode> => {
  if (text.length > maxImportText) return refuse('import.too-large', `at most ${maxImportText} characters`);
  const body = text.replace(/^\uFEFF/, '');
  if (!/^\s*\[/.test(body)) return readCsv(body);
  const limits = { maxDepth: 3, maxKeys: maxImported * columnNames.length + 1, maxLength: maxImportText };
  const read = parseJson(body, limits);
  if (!read.ok || !Array.isArray(read.value)) return refuse('import.malformed', read.ok ? 'is no list' : read.code);
  return collect(read.value.map(cellsIn));
};
