/** The full decision that is measured: a scene with four entities, sixty rules, a model of 200 trees with 31 leaves over sixty features, events of 0.7 kB. */
import {
  type FactSchema,
  factSchema,
  leanProfile,
  type MemoryDeclaration,
  type OfferedPolicy,
  type RiskEvent,
} from '@hauberk/decision';
import type { Forest } from '../../packages/decision/src/model/boosting.ts';
import { drawsFrom } from './one-policy.ts';

/** Three windows of each entity: 10 minutes, an hour, a day. */
const spans = ['10m', '1h', '24h'] as const;
/** Its entities. */
export const kinds: readonly string[] = ['account', 'address', 'device', 'payee'];
const numbers = Array.from({ length: 12 }, (_, at) => `metric${at}`);
const texts = Array.from({ length: 8 }, (_, at) => `code${at}`);
const truths = Array.from({ length: 6 }, (_, at) => `flag${at}`);

const made = factSchema({
  scenes: [
    {
      code: 'transfer',
      entities: kinds,
      attributes: Object.fromEntries([
        ...numbers.map((name) => [name, 'number'] as const),
        ...texts.map((name) => [name, 'text'] as const),
        ...truths.map((name) => [name, 'truth'] as const),
      ]),
    },
  ],
  signals: { 'root-su': 'truth', 'screen-shared': 'truth' },
  lists: ['mules', 'farms'],
});
if (!made.ok) throw new Error(made.code);
/** Its schema. */
export const schema: FactSchema = made.value;

/** Rows of every kind are lean: three windows, usual amount, hours, newest instants, distinct accounts of a device. */
export const memoryOf = (devices: number): MemoryDeclaration => ({
  kinds: {
    device: { capacity: devices, spec: { ...leanProfile, distinct: [{ name: 'account', exact: 3 }] } },
    account: { capacity: Math.ceil(devices / 4), spec: { ...leanProfile, distinct: [{ name: 'device', exact: 3 }] } },
    payee: { capacity: Math.ceil(devices / 8), spec: { ...leanProfile, distinct: [{ name: 'account', exact: 3 }] } },
    address: { capacity: Math.ceil(devices / 8), spec: { ...leanProfile, distinct: [{ name: 'device', exact: 3 }] } },
  },
  usual: { capacity: 16 },
  events: 1_000_000,
});

/** Sixty facts that the model is given. */
export const features: readonly string[] = [
  'event.amountMinor',
  'utc.hour',
  'utc.weekday',
  'device.score',
  'cluster.score',
  ...numbers,
  ...truths.map((name) => `attr.${name}`),
  ...kinds.flatMap((kind) => [
    ...spans.map((span) => `${kind}.count${span}`),
    `${kind}.sum24h`,
    `${kind}.surprise`,
    `${kind}.usualAmount`,
    `${kind}.hourShare`,
    `${kind}.ageHours`,
    `${kind}.idleHours`,
  ]),
  'device.distinct.account24h',
]
  .map((name) => (numbers.includes(name) ? `attr.${name}` : name))
  .slice(0, 60);

const conditions = (draw: () => number): string => {
  const pick = <Choice>(choices: readonly Choice[]): Choice => choices[Math.floor(draw() * choices.length)] as Choice;
  const one = (): string =>
    pick([
      () => `${pick(kinds)}.count${pick(spans)} > ${Math.floor(draw() * 12)}`,
      () => `${pick(kinds)}.sum24h > ${Math.floor(draw() * 500_000)}`,
      () => `attr.${pick(numbers)} < ${Math.floor(draw() * 100)}`,
      () => `attr.${pick(texts)} == "c${Math.floor(draw() * 10)}"`,
      () => `attr.${pick(texts)} in ["c1", "c3", "c5"]`,
      () => `${draw() < 0.5 ? '!' : ''}attr.${pick(truths)}`,
      () => `event.amountMinor > ${Math.floor(draw() * 300_000)}`,
      () => `model.score > ${(0.5 + draw() / 2).toFixed(3)}`,
      () => `${pick(kinds)}.surprise > ${(1 + draw() * 2).toFixed(2)}`,
      () => `device.distinct.account24h > ${Math.floor(draw() * 3)}`,
      () => `device.score < ${Math.floor(draw() * 60)}`,
      () => 'signal.root_su',
      () => '!channel.isVerified',
      () => 'payee.id in list("mules")',
      () => 'cluster.size > 10',
    ])();
  return Array.from({ length: 2 + Math.floor(draw() * 3) }, one).join(' && ');
};

/** Sixty rules; hash is filled in by the caller. */
export const policyDocument = (): OfferedPolicy['document'] => {
  const draw = drawsFrom(60);
  const outcomes = ['observe', 'observe', 'observe', 'slow', 'observe', 'challenge'] as const;
  return {
    id: 'bench',
    rules: Array.from({ length: 60 }, (_, at) => ({
      id: `rule-${at}`,
      when: conditions(draw),
      outcome: outcomes[at % outcomes.length] as string,
      points: at % 7,
      reason: `reason-${at % 20}`,
    })),
    thresholds: [{ from: 60, outcome: 'deny' }],
  };
};

/** A tree of the flat form with so many leaves, splits drawn over the ranges of the features. */
export const drawTree = (draw: () => number, leaves: number, ranges: Float64Array): Forest['trees'][number] => {
  const most = leaves * 2 - 1;
  const tree = {
    feature: new Int16Array(most).fill(-1),
    threshold: new Float64Array(most),
    missingLeft: new Uint8Array(most),
    left: new Int16Array(most),
    right: new Int16Array(most),
    value: new Float64Array(most),
    gain: new Float64Array(most),
  };
  const open = [0];
  for (let nodes = 1; nodes < most; nodes += 2) {
    const [node] = open.splice(Math.floor(draw() * Math.min(open.length, 6)), 1) as [number];
    const feature = Math.floor(draw() * ranges.length);
    tree.feature[node] = feature;
    tree.threshold[node] = draw() * (ranges[feature] as number);
    tree.missingLeft[node] = draw() < 0.5 ? 1 : 0;
    tree.left[node] = nodes;
    tree.right[node] = nodes + 1;
    open.push(nodes, nodes + 1);
  }
  for (const node of open) tree.value[node] = (draw() - 0.55) / 20;
  return tree;
};

/** Largest usual value of each feature, for thresholds that divide. */
export const rangesOf = (): Float64Array =>
  Float64Array.from(features, (name) => {
    if (name.startsWith('attr.metric')) return 100;
    if (name.includes('count')) return 3;
    if (name.includes('sum') || name === 'event.amountMinor') return 300_000;
    if (name.endsWith('Hours')) return 200;
    if (name.endsWith('usualAmount')) return 14;
    return name.endsWith('hour') ? 24 : name === 'device.score' ? 100 : name.endsWith('weekday') ? 7 : 1;
  });

/** When the first event happens. */
export const start: number = Date.UTC(2026, 6, 1);

/** An event as it comes over the wire: one of `devices`, `perSecond` of them a second. */
export const eventText = (draw: () => number, at: number, devices: number): string => {
  const pick = (most: number): number => Math.floor(draw() * most);
  const event: Partial<RiskEvent> = {
    id: `b7c1${at.toString(16).padStart(12, '0')}`,
    type: 'transfer',
    atMs: start + Math.floor(at / 20) + pick(50),
    entities: {
      device: `d${pick(devices)}`,
      account: `a${pick(devices / 4)}`,
      payee: `p${pick(devices / 8)}`,
      address: `10.${pick(devices / 8)}`,
    },
    amountMinor: pick(300_000),
    attributes: Object.fromEntries<number | string | boolean>([
      ...numbers.map((name) => [name, pick(10_000) / 100] as const),
      ...texts.map((name) => [name, `c${pick(10)}`] as const),
      ...truths.map((name) => [name, draw() < 0.3] as const),
    ]),
  };
  return JSON.stringify(event);
};
