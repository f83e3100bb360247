/** `hauberk model`: models that decide. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, DecisionModel } from '@hauberk/admin-client';
import { parseJson } from '@hauberk/primitives';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';
import { isOffline, runModelFile } from './model-file.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk model list
       hauberk model keep FILE --reason TEXT        a file of hauberk learn --out; nothing is decided by it yet
       hauberk model activate HASH|none --reason TEXT   or proposes it, where two people must agree
       hauberk model drop HASH --reason TEXT

       hauberk model import FILE --out FILE         a model of LightGBM, XGBoost or hauberk learn as a document; needs no gateway
       hauberk model check FILE [--rows ROWS]       what it is, and what it is worth on rows of which it is known what they were
       hauberk model explain FILE --row JSON [--shapley]    what each feature did to a score, and the reasons

  ROWS   a row a line: {"features":{"NAME":1.5,…},"fraud":true} with "raw", a score that it must reach bit for bit, if given
  JSON   {"NAME":1.5,…}; what is not named is missing. Models of ONNX (FILE.onnx) can be checked where onnxruntime-node is installed.
`;

const options = { ...connectionOptions, reason: { type: 'string' } } as const;
const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const line = ({ hash, state, uploadedBy, createdAtMs, reason }: DecisionModel): readonly string[] => [
  hash,
  state,
  uploadedBy,
  minute(createdAtMs),
  reason,
];
const head = ['hash', 'state', 'by', 'kept', 'reason'];

const keep = async (api: AdminApi, app: string, file: string, reason: string): Promise<Shown> => {
  const read = parseJson(readFileSync(file, 'utf8'), { maxDepth: 16, maxKeys: 131_072, maxLength: 6_291_456 });
  if (!read.ok) throw new UsageError(`${file} is no JSON (${read.code})`);
  const document = read.value as unknown as Readonly<Record<string, unknown>>;
  const { value } = await api.keepModel({ app, body: { document, reason } });
  return { json: value, text: columns(head, [line(value)]) };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', name, ...more] = positionals;
  const app = await appOf(api, values, process.env);
  if (action === 'list' && name === undefined) {
    const { items } = (await api.listModels({ app })).value;
    return { json: { models: items }, text: columns(head, items.map(line)) };
  }
  const { reason } = values;
  if (!/^(keep|activate|drop)$/.test(action) || name === undefined || more.length > 0)
    throw new UsageError('say what to do');
  if (reason === undefined) throw new UsageError(`${action} needs --reason`);
  if (action === 'keep') return keep(api, app, name, reason);
  const model = name === 'none' ? '' : name;
  if (action === 'drop') return { json: (await api.dropModel({ app, body: { model, reason } })).value, text: 'gone\n' };
  const { value } = await api.activateModel({ app, body: { model, reason } });
  return 'changeHash' in value
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : { json: value, text: 'it counts\n' };
};

/** Runs `hauberk model`. */
export const model: Command = (args) =>
  isOffline(args)
    ? runModelFile(args, usage)
    : runAdminCommand('model', usage, args.includes('--json'), async () => {
        const { values, positionals } = parse(args);
        return work(connect(values, process.env), positionals, values);
      });
