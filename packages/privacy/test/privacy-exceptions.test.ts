/**
 * The stream of counted accesses against an oracle that remembers every row and is written from the words of docs/privacy.md alone. Small here;
 * `npm run test:full -- privacy-exceptions` replays ten million rows and says how far it is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { randomOf } from '@hauberk/primitives/mutate';
import {
  type AccessRow,
  type CollectDecision,
  type ConsentEvent,
  consentOf,
  type DeviceWatch,
  dataItems,
  type ExceptionKind,
  exceptionKinds,
  isAccessRow,
  judgeAccess,
  judgeRow,
  mayCollect,
  newDeviceWatch,
  newExceptionWatch,
  openWatch,
  type PurposeId,
  type StreamPolicy,
  saveWatch,
  scenes,
  sensitiveApiOf,
} from '../src/index.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const seed = Number(process.env['HAUBERK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const rowsWanted = isFull ? 10_000_000 : 60_000;
const rowsPerDevice = 400;

const policy: StreamPolicy = {
  frequency: { window: 10_000, most: 12 },
  identifiers: { window: 8000, most: 2 },
  declaredSdks: new Set(['@maps/web']),
  declaredHosts: new Set(['api.bank.example', 'maps.example']),
  backgroundApis: new Set(['wx:onLocationChange']),
  maxWatched: 64,
  lateness: 6000,
};

const apis = [
  'web:navigator.geolocation.getCurrentPosition',
  'wx:onLocationChange',
  'web:navigator.userAgent',
  'web:Storage.prototype.getItem',
  'react-native:DeviceInfo.getAndroidId',
  'react-native:DeviceInfo.getMacAddress',
  'react-native:DeviceInfo.getSerialNumber',
  'wx:unheardOf',
];
const chains = ['00000000000000a1', '00000000000000a2', '00000000000000b1', '0000000000000000'];
const owners = ['app', '@maps/web', '@ads/web'];
const hosts = [undefined, undefined, undefined, 'api.bank.example', 'ads.example'];
const placed = ['branch-finder', 'risk-control', 'operation', 'login', 'never-named'];
const notice = 'n'.repeat(43);

type Random = () => number;
const pick = <Value>(random: Random, values: readonly Value[]): Value => values[random() % values.length] as Value;

/** What one person decided: a few events in the order of their time. */
const decisionsOf = (random: Random): readonly ConsentEvent[] => {
  const events: ConsentEvent[] = [];
  let at = random() % 200_000;
  for (let left = random() % 5; left > 0; left -= 1) {
    at += random() % 150_000;
    events.push({
      schema: 'hauberk-consent-1',
      recordId: 'r',
      principal: 'p',
      controller: 'bank',
      notice: { id: 'n', hash: random() % 8 === 0 ? 'o'.repeat(43) : notice, language: 'en' },
      sdkListHash: notice,
      jurisdiction: 'CN',
      channel: 'app',
      state: pick(random, ['given', 'given', 'refused', 'withdrawn'] as const),
      purposes: [
        {
          purpose: pick(random, ['find-branch', 'prevent-fraud', 'authenticate'] as const),
          items: pick(random, [
            ['precise-location', 'installation-id', 'device-profile', 'android-id'],
            ['phone-number'],
          ]),
          method: pick(random, ['explicit', 'general'] as const),
          recipients: [],
          retentionDays: 30,
        },
      ],
      at: epochMs(at),
      expiresAt: random() % 4 === 0 ? epochMs(at + 100_000) : null,
    });
  }
  return events;
};

/** Rows of one device as they arrive: mostly in order, some out of order, some far too late, some stopped. */
const rowsOf = (random: Random): readonly AccessRow[] => {
  let clock = 1_000_000;
  return Array.from({ length: rowsPerDevice }, () => {
    clock += 1000 + (random() % 4000);
    const displaced = random() % 8;
    const lastAtMs = clock - (displaced === 0 ? random() % 6000 : displaced === 1 ? random() % 60_000 : 0);
    const count = random() % 3 === 0 ? 2 + (random() % 40) : 1;
    const firstAtMs = count === 1 ? lastAtMs : lastAtMs - (random() % 25_000);
    const destination = pick(random, hosts);
    return {
      api: pick(random, apis),
      chain: pick(random, chains),
      owner: pick(random, owners),
      scene: pick(random, placed),
      isForeground: random() % 5 !== 0,
      count,
      firstAtMs,
      lastAtMs,
      realm: 'page',
      outcome: pick(random, ['observed', 'observed', 'observed', 'delayed', 'emptied', 'denied'] as const),
      ...(destination === undefined ? {} : { destination }),
    };
  });
};

/** The last word on a purpose by an instant, searched among all events. */
const lastWord = (events: readonly ConsentEvent[], purpose: PurposeId, at: number): ConsentEvent | undefined => {
  let found: ConsentEvent | undefined;
  for (const event of events) if (event.at <= at && event.purposes[0]?.purpose === purpose) found = event;
  return found;
};

const oracleConsent = (events: readonly ConsentEvent[], row: AccessRow): ReadonlySet<ExceptionKind> => {
  const broken = new Set<ExceptionKind>();
  const api = sensitiveApiOf(row.api);
  if (api === undefined) return new Set(['over-scope']);
  const table: Readonly<Record<string, (typeof scenes)[keyof typeof scenes]>> = scenes;
  for (const item of api.yields) {
    const scene = Object.hasOwn(table, row.scene) ? table[row.scene] : undefined;
    if (scene === undefined || !(scene.allows as readonly string[]).includes(item)) {
      broken.add('over-scope');
      continue;
    }
    if (scene.isNecessary) continue;
    const word = lastWord(events, scene.purpose, row.lastAtMs);
    if (word === undefined) broken.add('before-consent');
    else if (word.state !== 'given' || (word.expiresAt !== null && word.expiresAt <= row.lastAtMs))
      broken.add('after-refusal');
    else if (word.notice.hash !== notice) broken.add('before-consent');
    else if (!((word.purposes[0]?.items ?? []) as readonly string[]).includes(item)) broken.add('over-scope');
    else if ((dataItems.get(item)?.special.length ?? 0) > 0 && word.purposes[0]?.method !== 'explicit')
      broken.add('over-scope');
  }
  return broken;
};

interface Remembered {
  readonly rows: AccessRow[];
}

/** Whether a row is late for what it belongs to: every earlier row of it is looked at. */
const isLateFor = (earlier: readonly AccessRow[], row: AccessRow): boolean =>
  earlier.some(({ lastAtMs }) => row.lastAtMs < lastAtMs - policy.lateness);

const oracleWindows = (memory: Map<string, Remembered>, row: AccessRow): readonly ExceptionKind[] => {
  const broken: ExceptionKind[] = [];
  const of = (name: string): AccessRow[] => {
    const held = memory.get(name) ?? { rows: [] };
    memory.set(name, held);
    return held.rows;
  };
  const calls = of(`calls ${row.api} ${row.chain}`);
  if (!isLateFor(calls, row)) {
    calls.push(row);
    const { window, most } = policy.frequency;
    const isIn = (at: number): boolean => row.lastAtMs - window < at && at <= row.lastAtMs;
    let certain = 0;
    for (const { firstAtMs, lastAtMs, count } of calls) {
      if (isIn(firstAtMs) && isIn(lastAtMs)) certain += count;
      else if (isIn(firstAtMs) || isIn(lastAtMs)) certain += 1;
    }
    // So many windows of this length, laid side by side, cover the row: one of them holds at least the average.
    let windows = 1;
    while (row.firstAtMs + windows * window <= row.lastAtMs) windows += 1;
    if (certain > most || row.count > most * windows) broken.push('over-frequency');
  }
  const isIdentifier = (item: string): boolean => dataItems.get(item)?.isIdentifier === true;
  const yieldsOf = ({ api }: AccessRow): readonly string[] => (sensitiveApiOf(api)?.yields ?? []).filter(isIdentifier);
  const reads = of(`reads ${row.owner}`);
  if (yieldsOf(row).length > 0 && !isLateFor(reads, row)) {
    reads.push(row);
    const { window, most } = policy.identifiers;
    const isIn = (at: number): boolean => row.lastAtMs - window < at && at <= row.lastAtMs;
    const items = reads.filter((each) => isIn(each.firstAtMs) || isIn(each.lastAtMs)).flatMap(yieldsOf);
    if (new Set(items).size > most) broken.push('many-identifiers');
  }
  return broken;
};

const oracle = (
  memory: Map<string, Remembered>,
  events: readonly ConsentEvent[],
  row: AccessRow,
): readonly ExceptionKind[] => {
  if (row.outcome === 'emptied' || row.outcome === 'denied') return [];
  // A call whose caller nobody looked at accuses no chain and no owner.
  const isSomebodys = row.chain !== '0000000000000000';
  const broken = new Set<ExceptionKind>([
    ...oracleConsent(events, row),
    ...(isSomebodys ? oracleWindows(memory, row) : []),
  ]);
  if (!row.isForeground && row.api !== 'wx:onLocationChange') broken.add('background');
  if (isSomebodys && row.owner === '@ads/web') broken.add('undeclared-sdk');
  if (row.destination === 'ads.example') broken.add('undeclared-destination');
  return exceptionKinds.filter((kind) => broken.has(kind));
};

const decideFor =
  (events: readonly ConsentEvent[], at: number) =>
  (item: string, scene: string): CollectDecision =>
    mayCollect(
      item,
      scene,
      consentOf(
        events.filter((event) => event.at <= at),
        'p',
      ),
      {
        now: epochMs(at),
        noticeHash: notice,
      },
    );

test(`${rowsWanted.toLocaleString('en')} rows break exactly the rules that an oracle with all of them says`, () => {
  console.log(`privacy-exceptions: ${rowsWanted} rows, HAUBERK_SEED=${seed}`);
  const random = randomOf(seed);
  const counts = Object.fromEntries(exceptionKinds.map((kind) => [kind, 0])) as Record<ExceptionKind, number>;
  let late = 0;
  for (let done = 0; done < rowsWanted; done += rowsPerDevice) {
    const events = decisionsOf(random);
    // Times of decisions lie among those of the rows.
    const moved = events.map((event) => ({
      ...event,
      at: epochMs(event.at + 1_000_000),
      expiresAt: event.expiresAt === null ? null : epochMs(event.expiresAt + 1_000_000),
    }));
    const memory = new Map<string, Remembered>();
    let watch: DeviceWatch = newDeviceWatch();
    for (const [index, row] of rowsOf(random).entries()) {
      // A restart, now and then: what was saved goes on as if nothing had been.
      if (random() % 97 === 0) watch = openWatch(JSON.parse(JSON.stringify(saveWatch(watch))));
      const judged = judgeRow(watch, row, policy, decideFor(moved, row.lastAtMs));
      const expected = oracle(memory, moved, row);
      if (judged.kinds.join() !== expected.join())
        assert.deepEqual(judged.kinds, expected, `row ${done + index}: ${JSON.stringify(row)}`);
      for (const kind of judged.kinds) counts[kind] += 1;
      if (judged.isLate) late += 1;
    }
    if (isFull && (done + rowsPerDevice) % 500_000 < rowsPerDevice)
      console.log(
        `  ${((100 * (done + rowsPerDevice)) / rowsWanted).toFixed(0)} %: ${JSON.stringify(counts)}, late ${late}`,
      );
  }
  console.log(`  ${JSON.stringify(counts)}, late ${late}`);
  for (const kind of exceptionKinds) assert.ok(counts[kind] > 0, `${kind} was never broken`);
  assert.ok(late > 0);
});

test('rows of one call in order are judged as single accesses are', () => {
  const random = randomOf(seed + 1);
  const watch = newDeviceWatch();
  const single = newExceptionWatch();
  const always = (): CollectDecision => ({ isAllowed: true, reason: 'granted', clauses: [] });
  let clock = 1000;
  for (let left = 3000; left > 0; left -= 1) {
    clock += random() % 1500;
    const [row] = rowsOf(random);
    assert.ok(row !== undefined);
    const one: AccessRow = {
      ...row,
      chain: 'c'.repeat(16),
      count: 1,
      firstAtMs: clock,
      lastAtMs: clock,
      outcome: 'observed',
    };
    const { api, chain, owner, scene, isForeground, destination } = one;
    const access = {
      api,
      chain,
      owner,
      scene,
      isForeground,
      at: epochMs(clock),
      ...(destination === undefined ? {} : { destination }),
    };
    assert.deepEqual(judgeRow(watch, one, policy, always).kinds, judgeAccess(single, access, policy, always));
  }
});

const base: AccessRow = {
  api: 'web:navigator.geolocation.getCurrentPosition',
  chain: '00000000000000a1',
  owner: 'app',
  scene: 'branch-finder',
  isForeground: true,
  count: 1,
  firstAtMs: 100_000,
  lastAtMs: 100_000,
  realm: 'page',
  outcome: 'observed',
};
const granted = (): CollectDecision => ({ isAllowed: true, reason: 'granted', clauses: [] });

test('a row that is longer than the window is judged by its own density', () => {
  const long = { ...base, firstAtMs: 100_000, lastAtMs: 199_999 };
  assert.deepEqual(judgeRow(newDeviceWatch(), { ...long, count: 120 }, policy, granted).kinds, []);
  assert.deepEqual(judgeRow(newDeviceWatch(), { ...long, count: 121 }, policy, granted).kinds, ['over-frequency']);
});

test('one call has one instant, and what was stopped breaks nothing', () => {
  assert.ok(isAccessRow(base));
  assert.equal(isAccessRow({ ...base, firstAtMs: 99_999 }), false);
  const stopped = { ...base, count: 500, isForeground: false, outcome: 'denied' } as const;
  assert.deepEqual(judgeRow(newDeviceWatch(), stopped, policy, granted), { kinds: [], isLate: false });
});

test('memory of one device is bounded, whatever it reports', () => {
  const watch = newDeviceWatch();
  for (let index = 0; index < 20_000; index += 1)
    judgeRow(
      watch,
      {
        ...base,
        api: apis[index % apis.length] ?? '',
        chain: (index % 300).toString(16).padStart(16, '0'),
        owner: `sdk-${index % 200}`,
        firstAtMs: 100_000 + (index % 11),
        lastAtMs: 100_000 + (index % 11),
      },
      policy,
      granted,
    );
  assert.ok(watch.calls.size <= policy.maxWatched && watch.identifiers.size <= policy.maxWatched);
  for (const { spans } of watch.calls.values()) assert.ok(spans.length <= 4 * (policy.frequency.most + 1));
});
