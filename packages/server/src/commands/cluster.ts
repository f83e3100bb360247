/** `hauberk cluster`: devices that share what strangers do not. */
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, Cluster, ClusterDetail, ClusterListed } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk cluster list [--grade watch|grey|black]     the surest first; grey and black when left out
       hauberk cluster show CLUSTER                         which evidence its devices share, and since when
       hauberk cluster propose CLUSTER --list LIST [--days N] --reason TEXT
                                                            its devices for a list, for 30 days when left out

  Where two people must agree, a proposal is printed. A cluster that is only watched is refused: it may be a family.
`;

const options = {
  ...connectionOptions,
  grade: { type: 'string' },
  list: { type: 'string' },
  days: { type: 'string', default: '30' },
  reason: { type: 'string' },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const head = ['cluster', 'grade', 'score', 'devices', 'groups', 'since'];
const line = ({ id, grade, score, size, groups, sinceMs }: Cluster): readonly string[] => [
  id,
  grade,
  score.toFixed(2),
  String(size),
  groups.join(','),
  minute(sinceMs),
];

const evidenceHead = ['shared', 'by', 'of all who show it', 'nats', 'since', 'evidence'];

const page = (cluster: ClusterDetail): string => {
  const rows = cluster.shared.map(({ kind, members, holders, nats, sinceMs, evidence }) => [
    kind,
    `${members} of ${cluster.size}`,
    String(Math.round(holders)),
    nats.toFixed(1),
    minute(sinceMs),
    evidence,
  ]);
  const { synchronous, arrivedTogether, oddHours, risk, labelled } = cluster;
  return `${columns(head, [line(cluster)])}
${columns(evidenceHead, rows)}
act together ${percent(synchronous)}, arrived together ${percent(arrivedTogether)}, odd hours ${percent(oddHours)}, signals against them ${percent(risk)}, known to be bad ${percent(labelled)}

${cluster.devices.map((device) => `device ${device}\n`).join('')}`;
};

const isProposal = (value: Approval | ClusterListed): value is Approval => 'changeHash' in value;

const propose = async (api: AdminApi, app: string, cluster: string, values: Values): Promise<Shown> => {
  const { list, days, reason } = values;
  if (list === undefined || reason === undefined) throw new UsageError('propose needs --list and --reason');
  const { value } = await api.proposeClusterList({ app, cluster, body: { list, days: Number(days), reason } });
  return isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : { json: value, text: `${value.adds} devices are on ${value.list}\n` };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', cluster, ...rest] = positionals;
  const app = await appOf(api, values, process.env);
  if (action === 'list' && cluster === undefined) {
    const { items } = (await api.listClusters({ app, grade: values.grade as 'watch' | undefined })).value;
    return { json: { clusters: items }, text: columns(head, items.map(line)) };
  }
  if (cluster === undefined || rest.length > 0) throw new UsageError('say what to do');
  if (action === 'propose') return propose(api, app, cluster, values);
  if (action !== 'show') throw new UsageError('say what to do');
  const { value } = await api.findCluster({ app, cluster });
  return { json: value, text: page(value) };
};

/** Runs `hauberk cluster`. */
export const cluster: Command = (args) =>
  runAdminCommand('cluster', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
