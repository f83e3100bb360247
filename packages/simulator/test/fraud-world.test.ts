/** That the fraud simulator's world is as its page says: honest rates, hidden farms, attacks with their misses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { honestFaults, honestReportFaults } from '../src/fraud/scene.ts';
import { signs } from '../src/fraud/signs.ts';
import {
  attackKinds,
  type FraudEvent,
  type FraudReport,
  type FraudTruth,
  type FraudWorld,
  type Guilt,
  playFraud,
} from '../src/index.ts';

const world: FraudWorld = {
  seed: 101,
  days: 2,
  difficulty: 'medium',
  devices: 5000,
  startMs: Date.parse('2026-03-02T00:00:00+08:00'),
};

interface Seen {
  readonly events: readonly (FraudEvent & { readonly id: string })[];
  readonly reports: readonly FraudReport[];
  readonly guilts: ReadonlyMap<string, Guilt>;
  readonly truth: FraudTruth;
}

const see = (asked: FraudWorld): Seen => {
  const play = playFraud(asked);
  const batches = [...play.batches()];
  return {
    events: batches.flatMap(({ events }) => events),
    reports: batches.flatMap(({ reports }) => reports),
    guilts: new Map(batches.flatMap(({ attacks }) => attacks)),
    truth: play.truth(),
  };
};

const addTo = <Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void => {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
};

const idsOf = ({ truth }: Seen, role: string): readonly string[] =>
  Object.entries(truth.devices).flatMap(([id, device]) => (device.role === role ? [id] : []));

/** Share of the farms' devices that score above all but one in a thousand of the honest ones. */
const recallOf = (seen: Seen, score: (device: string) => number): number => {
  const honest = idsOf(seen, 'honest')
    .map(score)
    .sort((left, right) => right - left);
  const cut = honest[Math.floor(honest.length / 1000)] ?? 0;
  const farms = idsOf(seen, 'farm');
  return farms.filter((id) => score(id) > cut).length / farms.length;
};

const baselines = (seen: Seen): Readonly<Record<string, number>> => {
  const onAddress = new Map<string, Set<string>>();
  const addresses = new Map<string, Set<string>>();
  const firstSeen = new Map<string, number>();
  for (const { entities, atMs } of seen.events) {
    const { device, address } = entities;
    if (device === undefined || address === undefined) continue;
    addTo(onAddress, address, device);
    addTo(addresses, device, address);
    if (!firstSeen.has(device)) firstSeen.set(device, atMs);
  }
  const crowds = (device: string): readonly number[] =>
    [...(addresses.get(device) ?? [])].map((address) => onAddress.get(address)?.size ?? 0);
  const youngest = new Map<string, number>();
  for (const { entities, attributes } of seen.events) {
    const [device, days] = [entities['device'] ?? '', Number(attributes['device.ageDays'])];
    youngest.set(device, Math.min(youngest.get(device) ?? Number.POSITIVE_INFINITY, days));
  }
  const rows: Record<string, number> = {
    'most devices on an address': recallOf(seen, (device) => Math.max(0, ...crowds(device))),
    'fewest devices on an address': recallOf(seen, (device) => Math.min(1e9, ...crowds(device))),
    'first seen': recallOf(seen, (device) => firstSeen.get(device) ?? 0),
    age: recallOf(seen, (device) => -(youngest.get(device) ?? 0)),
  };
  const holders = new Map<string, Set<string>>();
  for (const { device, report } of seen.reports)
    for (const { kind, digest } of report.evidence) addTo(holders, `${kind} ${digest}`, device);
  for (const kind of new Set([...holders.keys()].map((key) => key.split(' ')[0] ?? ''))) {
    const most = new Map<string, number>();
    for (const [key, devices] of holders)
      if (key.startsWith(`${kind} `))
        for (const device of devices) most.set(device, Math.max(most.get(device) ?? 0, devices.size));
    rows[`shared ${kind}`] = recallOf(seen, (device) => most.get(device) ?? 0);
  }
  return rows;
};

/** What more devices than this have in common says nothing of any two of them. */
const hub = 60;

/** Devices that share a pair of evidence of different groups with others, some of whom told it within two minutes. */
const pairedInTime = ({ reports }: Seen): ReadonlySet<string> => {
  const groupOf = new Map<string, string>(
    Object.entries({ network: ['subnet', 'bssid', 'cell'], metal: ['rendering', 'audio', 'image', 'provisioning'] })
      .concat([
        ['bench', ['battery', 'motion', 'brightness']],
        ['install', ['installOrder', 'storage']],
      ])
      .flatMap(([group, kinds]) => kinds.map((kind): [string, string] => [kind, group])),
  );
  const told = new Map<string, { readonly device: string; readonly atMs: number }[]>();
  for (const { device, atMs, report } of reports)
    for (const [index, first] of report.evidence.entries())
      for (const second of report.evidence.slice(index + 1)) {
        if (groupOf.get(first.kind) === groupOf.get(second.kind)) continue;
        const key = `${first.kind} ${first.digest} ${second.kind} ${second.digest}`;
        const list = told.get(key);
        if (list === undefined) told.set(key, [{ device, atMs }]);
        else list.push({ device, atMs });
      }
  const holders = new Map<string, Set<string>>();
  for (const { device, report } of reports)
    for (const { kind, digest } of report.evidence) addTo(holders, `${kind} ${digest}`, device);
  const isHub = (piece: string): boolean => (holders.get(piece)?.size ?? 0) > hub;
  const found = new Set<string>();
  for (const [key, list] of told) {
    const [kindA, digestA, kindB, digestB] = key.split(' ');
    if (isHub(`${kindA} ${digestA}`) || isHub(`${kindB} ${digestB}`)) continue;
    if (new Set(list.map(({ device }) => device)).size < 6) continue;
    const isTight = list.some(({ atMs }, index) => {
      const near = list.slice(index, index + 40).filter((other) => other.atMs - atMs < 120_000);
      return new Set(near.map(({ device }) => device)).size >= 4;
    });
    if (isTight) for (const { device } of list) found.add(device);
  }
  return found;
};

const whole = see(world);

for (const seed of [world.seed, 102, 103]) {
  const seen = seed === world.seed ? whole : see({ ...world, seed });

  test(`seed ${seed}: neither one address nor a first visit nor one kind of evidence gives the farms away`, () => {
    const rows = Object.entries(baselines(seen));
    assert.ok(rows.length >= 15, 'all kinds are told');
    for (const [name, recall] of rows) assert.ok(recall < 0.5, `${name}: ${recall}`);
  });

  test(`seed ${seed}: two kinds of evidence and the same minutes do`, () => {
    const found = pairedInTime(seen);
    const [farms, honest] = [idsOf(seen, 'farm'), idsOf(seen, 'honest')];
    assert.ok(farms.length > 100);
    const recall = farms.filter((id) => found.has(id)).length / farms.length;
    const innocents = honest.filter((id) => found.has(id)).length / honest.length;

    assert.ok(recall > 0.85, `recall ${recall}`);
    assert.ok(innocents < 0.005, `innocents ${innocents}`);
  });
}

test('harder farms share less, and fewer of their reports tell it', () => {
  const shared = (difficulty: FraudWorld['difficulty']): number => {
    const found = see({ ...world, difficulty, devices: 1500 });
    const groups = Object.values(found.truth.groups).filter(({ kind }) => kind.startsWith('farm-'));
    return groups.reduce((sum, { evidence }) => sum + evidence.length, 0) / groups.length;
  };
  const [easy, medium, hard] = [shared('easy'), shared('medium'), shared('hard')];
  assert.ok(easy > medium && medium > hard, `${easy} ${medium} ${hard}`);
});

test('a farm is nothing before it begins, and four phones act within a minute of its first event', () => {
  const events = new Map<string, FraudEvent[]>();
  for (const event of whole.events) {
    const group = whole.guilts.get(event.id)?.group;
    if (group?.startsWith('farm-') !== true) continue;
    const list = events.get(group);
    if (list === undefined) events.set(group, [event]);
    else list.push(event);
  }
  assert.ok(events.size >= 3);
  for (const [group, list] of events) {
    const { beganAtMs, firstEventMs = 0 } = whole.truth.groups[group] ?? assert.fail(group);
    assert.equal(list[0]?.atMs, firstEventMs);
    assert.ok(firstEventMs >= beganAtMs && firstEventMs < beganAtMs + 60_000, group);
    const early = list.filter(({ atMs }) => atMs < firstEventMs + 60_000).map(({ entities }) => entities['device']);
    assert.ok(new Set(early).size >= 4, `${group}: ${new Set(early).size}`);
  }
});

test('every kind of attack happens, and replay, repackaging and copies happen often', () => {
  const counts = new Map<string, number>();
  for (const { kind } of whole.guilts.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  // Farms of a small world may all have the same job.
  const rare = attackKinds.filter((kind) => !kind.startsWith('farm-') && (counts.get(kind) ?? 0) === 0);
  assert.deepEqual(rare, []);
  const scale = 20_000 / world.devices;
  for (const kind of ['replay', 'repackage', 'clone'])
    assert.ok((counts.get(kind) ?? 0) * scale > 150, `${kind}: ${counts.get(kind)}`);
});

test('the channel sees nearly all replays and no signing oracle', () => {
  const results = whole.events
    .filter(({ id }) => whole.guilts.get(id)?.kind === 'replay')
    .map(({ attributes }) => attributes['channel.result']);
  const verified = results.filter((result) => result === 'verified').length / results.length;
  assert.ok(verified > 0 && verified < 0.15, `${verified}`);
});

test('a repackaged app is told by hardware wherever there is hardware', () => {
  const events = whole.events.filter(({ id }) => whole.guilts.get(id)?.kind === 'repackage');
  const [attested, other] = [true, false].map((isAttested) =>
    events.filter(({ attributes }) => attributes['device.isAttested'] === isAttested),
  );
  assert.ok(attested !== undefined && attested.length > 0 && other !== undefined && other.length > 0);
  for (const { attributes } of attested) assert.equal(attributes['device.isAppApproved'], false);
  for (const { attributes } of other) assert.equal('device.isAppApproved' in attributes, false);
});

test('a copied app repeats counters once both halves acted, and cannot sign where the key is in hardware', () => {
  const copies = whole.events.filter(({ id }) => whole.guilts.get(id)?.kind === 'clone');
  const hit = new Set(copies.map(({ entities }) => entities['device']));
  const repeated = whole.reports.filter(({ device, checks }) => hit.has(device) && checks.counter === 'repeated');
  assert.ok(repeated.length > 0);
  for (const { attributes } of copies)
    if (attributes['device.isAttested'] === true) assert.equal(attributes['channel.result'], 'tampered');
});

const honest = new Set(
  idsOf(whole, 'honest').filter((id) => whole.truth.devices[id]?.traits?.includes('victim') !== true),
);

/** Whether a count fits a rate within five deviations. */
const fits = (count: number, of: number, rate: number): boolean =>
  Math.abs(count - of * rate) <= 5 * Math.sqrt(of * rate * (1 - rate)) + 2;

test('honest phones show each signal as often as the table says', () => {
  const native = whole.reports.filter(
    ({ device, report }) => honest.has(device) && report.ran.includes('root.suBinary'),
  );
  const phones = new Set(native.map(({ device }) => device));
  const odd = new Map<string, Map<string, number>>();
  const ran = new Map<string, Map<string, number>>();
  const count = (map: Map<string, Map<string, number>>, code: string, device: string): void => {
    const of = map.get(code) ?? new Map<string, number>();
    map.set(code, of.set(device, (of.get(device) ?? 0) + 1));
  };
  for (const { device, report } of native) {
    for (const code of report.ran) count(ran, code, device);
    for (const { code } of report.signals) count(odd, code, device);
  }
  assert.ok(phones.size > 1000);
  for (const { code, lasting, passing } of signs) {
    // Companions of other signs, and signs of a change in life, come on top.
    if (['root.bootloaderUnlocked', 'root.suBinary', 'telephony.simChanged'].includes(code)) continue;
    const lookedAt = [...(ran.get(code) ?? new Map<string, number>())];
    const expected = lookedAt.reduce(
      (sum, [, times]) => sum + lasting + (1 - lasting) * (1 - (1 - passing) ** times),
      0,
    );
    const found = lookedAt.filter(([device]) => odd.get(code)?.has(device) === true).length;
    assert.ok(found <= expected + 5 * Math.sqrt(expected) + 3, `${code}: ${found} of ${expected}`);
    // Phones whose makers allow none of it are among those asked.
    assert.ok(found >= expected * 0.5 - 5 * Math.sqrt(expected) - 3, `${code}: ${found} of ${expected}`);
  }
});

test('honest requests and reports fail as often as the page says', () => {
  const events = whole.events.filter(({ id }) => !whole.guilts.has(id));
  for (const [result, rate] of Object.entries(honestFaults)) {
    const count = events.filter(({ attributes }) => attributes['channel.result'] === result).length;
    assert.ok(fits(count, events.length, rate), `${result}: ${count} of ${events.length}`);
  }
  const reports = whole.reports.filter(({ device }) => honest.has(device));
  const stale = reports.filter(({ checks }) => checks.nonce === 'stale').length;
  assert.ok(fits(stale, reports.length, honestReportFaults.staleNonce), `${stale} of ${reports.length}`);
  const absent = reports.filter(({ checks }) => checks.canary === 'absent').length;
  assert.ok(fits(absent, reports.length, honestReportFaults.absentCanary), `${absent} of ${reports.length}`);
  assert.equal(reports.filter(({ checks }) => checks.counter === 'repeated').length, 0);
});

test('labels come late, some never, and few are wrong', () => {
  const play = playFraud({ ...world, devices: 1500 });
  const batches = [...play.batches()];
  const guilty = new Set(batches.flatMap(({ attacks }) => attacks.map(([id]) => id)));
  const at = new Map(batches.flatMap(({ events }) => events.map(({ id, atMs }) => [id, atMs] as const)));
  const labels = batches.flatMap((batch) => batch.labels);
  const told = labels.filter(({ eventId, fraud }) => fraud && guilty.has(eventId)).length;
  assert.ok(told > guilty.size * 0.4 && told < guilty.size * 0.95, `${told} of ${guilty.size}`);
  const wrong = labels.filter(({ eventId, fraud }) => fraud && !guilty.has(eventId)).length;
  assert.ok(wrong < (at.size - guilty.size) * 0.002, `${wrong}`);
  for (const { eventId, knownAtMs } of labels) assert.ok(knownAtMs > (at.get(eventId) ?? Number.POSITIVE_INFINITY));
});
