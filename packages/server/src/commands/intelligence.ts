/** `hauberk intelligence`: what partners tell and are told. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk intelligence status                        indicators, collections, sources
       hauberk intelligence import FILE --collection C      a bundle of STIX 2.1
       hauberk intelligence share FILE --collection C --partner P --name NAME
                       [--confidence N] [--days N] [--tlp white|green|amber|red] [--revoke]
                                                            lines KIND ID: device, account, payee, phone, card

  A partner is told digests under the key that is shared with it. The same name again tells a newer version; --revoke takes it back.
`;

const options = {
  ...connectionOptions,
  collection: { type: 'string' },
  partner: { type: 'string' },
  name: { type: 'string' },
  confidence: { type: 'string', default: '80' },
  days: { type: 'string', default: '30' },
  tlp: { type: 'string', default: 'amber' },
  revoke: { type: 'boolean', default: false },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const readFile = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
};

const status = async (api: AdminApi): Promise<Shown> => {
  const { value } = await api.intelligenceStatus();
  const collections = value.collections.map(({ id, title, alias, applies }) => [
    id,
    alias ?? '',
    title,
    applies ? 'counts' : 'kept',
  ]);
  const sources = value.sources.map(({ name, state, polls, objects, refused, lastAtMs }) => [
    name,
    state,
    String(polls),
    String(objects),
    String(refused),
    lastAtMs === null ? '' : minute(lastAtMs),
  ]);
  const text = `${value.indicators} indicators, ${value.full} found no room; TAXII ${value.taxii ?? 'is not served'}
${columns(['collection', 'alias', 'title', 'indicators'], collections)}${columns(['source', 'state', 'polls', 'objects', 'refused', 'last'], sources)}`;
  return { json: value, text };
};

const objectsOf = (text: string): readonly unknown[] => {
  try {
    const read: unknown = JSON.parse(text);
    const objects: unknown = typeof read === 'object' && read !== null && 'objects' in read ? read.objects : undefined;
    if (Array.isArray(objects)) return objects;
  } catch {
    // Told below, as everything else that is no bundle.
  }
  throw new UsageError('the file is no bundle of STIX 2.1');
};

const importFile = async (api: AdminApi, file: string, collection: string): Promise<Shown> => {
  const { value } = await api.addIntelligence({ collection, body: { objects: [...objectsOf(readFile(file))] } });
  const refused = value.refused.map(({ id, code, detail }) => `refused ${id}: ${code} ${detail}\n`).join('');
  return { json: value, text: `${value.taken} objects are in ${collection}\n${refused}` };
};

const kinds = ['device', 'account', 'payee', 'phone', 'card'] as const;
type Kind = (typeof kinds)[number];

const entitiesOf = (text: string): { kind: Kind; id: string }[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, word = '', id = ''] = /^(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
      const kind = kinds.find((each) => each === word);
      if (kind === undefined || id === '') throw new UsageError(`no line KIND ID: ${line.slice(0, 40)}`);
      return { kind, id };
    });

const share = async (api: AdminApi, file: string, collection: string, values: Values): Promise<Shown> => {
  const { partner, name, confidence, days, tlp, revoke } = values;
  if (partner === undefined || name === undefined) throw new UsageError('share needs --partner and --name');
  const { value } = await api.shareIntelligence({
    collection,
    body: {
      partner,
      cluster: name,
      entities: entitiesOf(readFile(file)),
      confidence: Number(confidence),
      days: Number(days),
      tlp: tlp as 'amber',
      revoked: revoke,
    },
  });
  return { json: value, text: `${value.objects} objects are in ${collection}; the indicator is ${value.indicator}\n` };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', file, ...rest] = positionals;
  if (action === 'status' && file === undefined) return status(api);
  const { collection } = values;
  if (file === undefined || rest.length > 0 || collection === undefined) throw new UsageError('say what to do');
  if (action === 'import') return importFile(api, file, collection);
  if (action !== 'share') throw new UsageError('say what to do');
  return share(api, file, collection, values);
};

/** Runs `hauberk intelligence`. */
export const intelligence: Command = (args) =>
  runAdminCommand('intelligence', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
