/** Operations on clusters of devices: what was found, why, and a list from one. */
import { proposeList } from '@hauberk/decision';
import { z } from 'zod';
import type { ListChange } from '../decision/policy-rows.ts';
import { deny } from './admin-problem.ts';
import {
  clusterDetail,
  clusterDetailSchema,
  clusterDocument,
  clusterListedSchema,
  clustersSchema,
  newClusterListSchema,
} from './cluster-documents.ts';
import { decisionRefusal } from './decision-operations.ts';
import { scopeOf } from './device-operations.ts';
import { approvalSchema } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';

const reads = { kind: 'app', area: 'decisions', verb: 'read' } as const;
const shownClusters = 200;

const listClusters: Operation = operation({
  id: 'listClusters',
  method: 'GET',
  path: '/apps/{app}/clusters',
  tag: 'decisions',
  summary:
    'Clusters of devices that share what strangers do not, the surest first; at most 200. Devices serve all apps, and so do clusters.',
  access: reads,
  query: { grade: z.enum(['watch', 'grey', 'black']).optional().describe('The least grade; grey when absent.') },
  replies: { 200: { description: 'What was found.', schema: clustersSchema } },
  run: async ({ administration, query }) => {
    const found = administration.clusters?.list(query.grade ?? 'grey', shownClusters) ?? [];
    return reply(200, { items: found.map(clusterDocument) });
  },
});

const findCluster: Operation = operation({
  id: 'findCluster',
  method: 'GET',
  path: '/apps/{app}/clusters/{cluster}',
  tag: 'decisions',
  summary: 'Why a cluster is one: which evidence its devices share, how many do, since when.',
  access: reads,
  replies: { 200: { description: 'The cluster.', schema: clusterDetailSchema } },
  run: async ({ administration, path }) => {
    const cluster = administration.clusters?.show(path['cluster'] ?? '');
    return cluster === undefined ? deny('not-found') : reply(200, clusterDetail(cluster));
  },
});

/** The cluster's own words stand in each entry, so that whoever meets one later knows why. */
const changeOf = (list: string, members: readonly string[], why: string, untilMs: number): ListChange => ({
  list,
  kind: 'device',
  add: members.map((member) => ({ member, source: 'cluster', reason: why, expiresAtMs: untilMs })),
  remove: [],
});

const proposeClusterList: Operation = operation({
  id: 'proposeClusterList',
  method: 'POST',
  path: '/apps/{app}/clusters/{cluster}/list-proposals',
  tag: 'decisions',
  summary: 'Puts the devices of a grey or black cluster on a list, as one change that two people agree on.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: newClusterListSchema,
  replies: {
    200: { description: 'Listed.', schema: clusterListedSchema },
    202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema },
  },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, path, body, now }, caller) => {
    const cluster = administration.clusters?.show(path['cluster'] ?? '');
    if (cluster === undefined) return deny('not-found');
    const choice = { list: body.list, outcome: 'deny', nowMs: now, days: body.days } as const;
    const proposal = proposeList(cluster, choice);
    if (!proposal.ok) return decisionRefusal(proposal);
    const { entries, untilMs, because } = proposal.value;
    const scope = scopeOf(caller, path);
    const { lists } = administration.decisions;
    const why = `${because.grade} cluster ${because.cluster} of ${entries.length}: ${because.groups.join(', ')}`;
    const staged = await lists.stage(scope, changeOf(body.list, entries, why, untilMs), caller.subject);
    if (!staged.ok) return decisionRefusal(staged);
    const counts = { adds: entries.length, removes: 0 };
    const content = { list: body.list, change: staged.value, ...counts, reason: body.reason };
    if (administration.settings().fourEyes.list !== 'never')
      return propose(administration, scope, { kind: 'list.change', content }, caller);
    const applied = await lists.apply(scope, content, caller.subject);
    return applied.ok ? reply(200, { list: body.list, change: staged.value, ...counts }) : decisionRefusal(applied);
  },
});

/** Operations on clusters. */
export const clusterOperations: readonly Operation[] = [listClusters, findCluster, proposeClusterList];
