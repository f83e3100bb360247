/** Clusters: what makes one and what never does, in which order it is told, and what a flood can do to them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { clusterGrade, clusterScore, usualGrades } from '../src/clusters/cluster-score.ts';
import { type ClusterOptions, Clusters, type Observation, usualClusterOptions } from '../src/clusters/clusters.ts';
import { clusterRow, explainCluster, listClusters } from '../src/clusters/explain.ts';
import { LatenessBuffer } from '../src/clusters/lateness.ts';
import { proposeList } from '../src/clusters/list-proposal.ts';
import { RowStore } from '../src/clusters/row-store.ts';
import { SceneSequences } from '../src/clusters/scene-sequences.ts';
import { readClusters, writeClusters } from '../src/clusters/snapshot.ts';
import { readPolicy } from '../src/policy/read-policy.ts';
import { policySchema } from '../src/policy/schema.ts';

const start = Date.UTC(2026, 2, 2);
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const options: ClusterOptions = {
  ...usualClusterOptions,
  key: new Uint8Array(16).fill(7),
  devices: 2048,
  evidence: 8192,
};

/** Numbers below 1 from a seed. */
const draws = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
};

type Evidence = Readonly<Record<string, string>>;
type Sighting = readonly [device: string, atMs: number, evidence: Evidence, scene?: string];

const observations = (sightings: readonly Sighting[]): Observation[] =>
  sightings
    .map(([device, atMs, evidence, scene], place) => ({
      id: `o${place}`,
      device,
      atMs: Math.floor(atMs),
      ...(scene === undefined ? {} : { scene }),
      evidence: Object.entries(evidence).map(([kind, digest]) => ({ kind, digest })),
    }))
    .sort((left, right) => left.atMs - right.atMs);

const clustersOf = (sightings: readonly Sighting[], changed: Partial<ClusterOptions> = {}): Clusters => {
  const clusters = new Clusters({ ...options, ...changed });
  for (const each of observations(sightings)) clusters.take(each);
  clusters.flush();
  return clusters;
};

const suspects = (clusters: Clusters, devices: readonly string[]): readonly string[] =>
  devices.filter((device) => ['grey', 'black'].includes(clusters.facts(device)?.grade ?? 'none'));

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** A week of people who live at home, work in one office, eat at one canteen and share one carrier's address on their way. */
const honestWeek = (): { sightings: Sighting[]; devices: string[] } => {
  const next = draws(11);
  const sightings: Sighting[] = [];
  const devices = names('person', 500);
  for (const [place, device] of devices.entries()) {
    const home = { address: `home${place >> 2}`, bssid: `wifi${place >> 2}` };
    const office = { address: `office${place % 3}`, bssid: `office-wifi${place % 3}` };
    const model = { rendering: `model${place % 4}`, image: `rom${place % 4}` };
    const account = { account: `account${place}` };
    for (let date = 0; date < 7; date += 1) {
      const morning = start + date * day + 7 * hour;
      sightings.push([device, morning + next() * hour, { ...home, ...account, ...model }, 'app.launch']);
      sightings.push([
        device,
        morning + hour + next() * hour,
        { address: `carrier${place % 3}`, ...account },
        'login.password',
      ]);
      sightings.push([
        device,
        morning + 3 * hour + next() * 4 * hour,
        { ...office, ...account, payee: `canteen${place % 3}` },
        'payment.merchant',
      ]);
      sightings.push([
        device,
        morning + 13 * hour + next() * hour,
        { ...home, ...account, payee: `shop${Math.floor(next() * 120)}` },
        'payment.merchant',
      ]);
    }
  }
  return { sightings, devices };
};

/** A farm: one bench, one image, accounts that pass from phone to phone, tasks done in the same seconds, another proxy each time. */
const farm = (count: number, at: number, seed = 5): { sightings: Sighting[]; devices: string[] } => {
  const next = draws(seed);
  const devices = names(`farm${seed}-`, count);
  const sightings: Sighting[] = [];
  for (let task = 0; task < 4; task += 1)
    for (const device of devices) {
      const moment = at + task * 5 * hour + next() * 20_000;
      const bench = next() < 0.8 ? { battery: `bench${seed}` } : {};
      const image = next() < 0.8 ? { image: `flash${seed}` } : {};
      sightings.push([device, moment, { address: `proxy${Math.floor(next() * 5000)}`, ...bench, ...image }]);
      sightings.push([
        device,
        moment + 500,
        { address: `proxy${Math.floor(next() * 5000)}`, account: `${device}-a${task}` },
        'coupon.claim',
      ]);
    }
  return { sightings, devices };
};

test('clusters: homes, families, an office with its canteen, a carrier and popular models are none', () => {
  const { sightings, devices } = honestWeek();
  const clusters = clustersOf(sightings);
  assert.deepEqual(suspects(clusters, devices), []);
});

test('clusters: a farm with rotated addresses is one, and says why; the honest people around it are not', () => {
  const honest = honestWeek();
  const bad = farm(40, start + 3 * day + 10 * hour);
  const clusters = clustersOf([...honest.sightings, ...bad.sightings]);
  assert.deepEqual(suspects(clusters, honest.devices), []);
  assert.deepEqual(suspects(clusters, bad.devices), bad.devices);
  const [surest, ...others] = listClusters(clusters, 'grey', 10);
  assert.ok(surest);
  assert.deepEqual(others, []);
  assert.equal(surest.size, 40);
  assert.ok(surest.kinds >= 2);
  const told = explainCluster(clusters, surest.id);
  assert.ok(told);
  assert.equal(told.devices.length, 40);
  assert.deepEqual(new Set(told.shared.slice(0, 2).map(({ kind }) => kind)), new Set(['battery', 'image']));
  assert.ok(told.shared.every(({ members, sinceMs }) => members > 1 && sinceMs >= start));
  assert.ok((surest.gradedAtMs ?? 0) >= surest.sinceMs);
});

test('clusters: one kind of evidence alone makes no edge, however often it is shared; two kinds of one group neither', () => {
  const devices = names('d', 12);
  for (const evidence of [{ image: 'x' }, { address: 'a', bssid: 'b', subnet: 'c', cell: 'd' }]) {
    const clusters = clustersOf(
      devices.flatMap((device) => [0, 1, 2].map((turn): Sighting => [device, start + turn * hour, evidence])),
    );
    assert.deepEqual(
      devices.map((device) => clusters.facts(device)),
      devices.map(() => undefined),
    );
  }
  const both = clustersOf(devices.map((device): Sighting => [device, start, { image: 'x', battery: 'b' }]));
  assert.equal(both.facts('d0')?.size, 12);
});

test('clusters: a family with one tablet, and a second-hand phone with its new owner, are watched at most', () => {
  const family = ['father', 'mother', 'child', 'tablet'];
  const sightings = [0, 1, 2, 3, 4, 5].flatMap((date) =>
    family.flatMap((device, place): Sighting[] => [
      [
        device,
        start + date * day + place * hour,
        { address: 'home', bssid: 'wifi', account: `member${place}` },
        'app.launch',
      ],
      [
        'tablet',
        start + date * day + place * hour + minute,
        { address: 'home', bssid: 'wifi', account: `member${place}` },
        'app.launch',
      ],
    ]),
  );
  const clusters = clustersOf(sightings);
  assert.deepEqual(suspects(clusters, family), []);
  const secondHand: Sighting[] = [
    ['phone', start, { account: 'seller', address: 'home1', image: 'rom' }],
    ['seller-new', start + 2 * day, { account: 'seller', address: 'home1', image: 'rom2' }],
    ['phone', start + 9 * day, { account: 'buyer', address: 'home2', image: 'rom' }],
    ['buyer-old', start + 9 * day, { account: 'buyer', address: 'home2', image: 'rom3' }],
  ];
  const sold = clustersOf(secondHand);
  assert.deepEqual(suspects(sold, ['phone', 'seller-new', 'buyer-old']), []);
  assert.notDeepEqual(sold.facts('seller-new'), sold.facts('phone'));
});

test('clusters: a crowd that comes in the same second, again and again, is none', () => {
  const next = draws(3);
  const crowd = names('fan', 400);
  const sightings = [0, 1, 2, 3, 4].flatMap((sale) =>
    crowd.map(
      (device, place): Sighting => [
        device,
        start + sale * day + 10 * hour + next() * 4000,
        { address: `home${place}`, account: `fan${place}`, rendering: `model${place % 5}` },
        'ticket.buy',
      ],
    ),
  );
  const clusters = clustersOf(sightings);
  assert.deepEqual(suspects(clusters, crowd), []);
});

test('clusters: what nothing supports any more falls apart', () => {
  const bad = farm(20, start);
  const clusters = clustersOf(bad.sightings);
  assert.equal(suspects(clusters, bad.devices).length, 20);
  const alone = bad.devices.flatMap((device, place) =>
    [9, 10, 11, 12].map(
      (date): Sighting => [device, start + date * day + place * hour, { address: `own${place}` }, 'app.launch'],
    ),
  );
  for (const each of observations(alone)) clusters.take({ ...each, id: `later-${each.id}` });
  clusters.flush();
  assert.deepEqual(suspects(clusters, bad.devices), []);
  assert.equal(clusters.book.clusters.size, 0);
});

test('clusters: two farms that pass a phone on stay two, and the phone is free once it has gone', () => {
  const [one, two] = [farm(12, start, 21), farm(12, start + 2 * hour, 22)];
  const bridge: Sighting[] = [
    ['bridge', start + hour, { battery: 'bench21', image: 'flash21' }],
    ['bridge', start + 2 * hour, { battery: 'bench22', image: 'flash22' }],
  ];
  const again = [one, two].flatMap(({ sightings }) =>
    sightings.map(([device, at, ...rest]): Sighting => [device, at + 6 * day, ...rest]),
  );
  const clusters = clustersOf([...one.sightings, ...two.sightings, ...bridge]);
  assert.equal(clusters.facts('bridge')?.size, 13);
  for (const each of observations(again)) clusters.take({ ...each, id: `again-${each.id}` });
  clusters.flush();
  assert.equal(clusters.facts(one.devices[0] as string)?.size, 12);
  assert.equal(clusters.facts(two.devices[0] as string)?.size, 12);
  assert.equal(clusters.facts('bridge'), undefined);
});

test('clusters: a known bad member and bad signals make a cluster surer', () => {
  const evidence = { image: 'x', battery: 'b' };
  const clusters = clustersOf(names('d', 8).map((device): Sighting => [device, start, evidence]));
  const before = clusters.facts('d0')?.score ?? 0;
  assert.equal(clusters.label('d3', true), true);
  assert.equal(clusters.label('nobody', true), false);
  clusters.take({ id: 'again', device: 'd0', atMs: start + hour, evidence: [], risk: 1 });
  clusters.flush();
  const facts = clusters.facts('d0');
  assert.ok(facts && facts.score > before + 0.1, `${facts?.score} after ${before}`);
});

const disorder = fc.record({
  seed: fc.integer({ min: 1, max: 1000 }),
  delays: fc.array(fc.integer({ min: 0, max: options.latenessMs }), { minLength: 64, maxLength: 64 }),
  twice: fc.integer({ min: 2, max: 9 }),
});

test('clusters: any disorder within the allowed lateness, and any duplicates, give the same bytes', () => {
  const small = { devices: 64, evidence: 512 };
  fc.assert(
    fc.property(disorder, ({ seed, delays, twice }) => {
      const all = observations([...farm(8, start, seed).sightings, ...farm(5, start + hour, seed + 1).sightings]);
      const feed = (arrivals: readonly Observation[]): Uint8Array => {
        const clusters = new Clusters({ ...options, ...small });
        for (const each of arrivals) clusters.take(each);
        clusters.flush();
        return writeClusters(clusters, '');
      };
      const late = all
        .map((each, place) => ({ each, at: each.atMs + (delays[place % delays.length] as number) }))
        .sort((left, right) => left.at - right.at)
        .flatMap(({ each }, place) => (place % twice === 0 ? [each, each] : [each]));
      assert.deepEqual(feed(late), feed(all));
    }),
    { numRuns: 40 },
  );
});

test('clusters: a snapshot goes on as if nothing had happened, and what is not one is refused', () => {
  const bad = observations(farm(20, start).sightings);
  const small = { ...options, devices: 64, evidence: 4096 };
  const whole = new Clusters(small);
  for (const each of bad) whole.take(each);
  const first = new Clusters(small);
  for (const each of bad.slice(0, 71)) first.take(each);
  const bytes = writeClusters(first, 'at 71');
  const read = readClusters(bytes, small);
  assert.ok(read.ok);
  assert.equal(read.value.position, 'at 71');
  for (const each of bad.slice(71)) read.value.clusters.take(each);
  assert.deepEqual(writeClusters(read.value.clusters, ''), writeClusters(whole, ''));
  const other = readClusters(bytes, { ...small, devices: 65 });
  assert.equal(other.ok ? 'read' : other.code, 'clusters.snapshot-other');
  for (const cut of [0, 3, 9, 200, bytes.length - 1]) {
    const broken = readClusters(bytes.subarray(0, cut), small);
    assert.equal(broken.ok ? 'read' : broken.code, 'clusters.snapshot-malformed');
  }
});

test('clusters: floods of new devices and evidence stay within what was reserved, and a farm that is known stays known', () => {
  const small = { devices: 128, evidence: 512 };
  const bad = farm(10, start);
  const clusters = clustersOf(bad.sightings, small);
  assert.equal(suspects(clusters, bad.devices).length, 10);
  for (let place = 0; place < 4000; place += 1)
    clusters.take({
      id: `flood${place}`,
      device: `minted${place}`,
      atMs: start + day + place,
      scene: `scene${place % 5000}`,
      evidence: names('e', 60).map((name) => ({ kind: name, digest: `${name}-${place}` })),
    });
  clusters.flush();
  assert.equal(clusters.graph.devices.size, 128);
  assert.equal(clusters.graph.evidence.size, 512);
  assert.equal(suspects(clusters, bad.devices).length, 10);
  assert.ok(clusters.graph.devices.givenUp > 0);
});

test('lateness: what waits leaves in order, what is too late leaves at once and marked, what comes twice never', () => {
  const left: [string, boolean][] = [];
  const buffer = new LatenessBuffer<{ id: string; atMs: number }>(10, 3, ({ id }, isLate) => left.push([id, isLate]));
  assert.equal(buffer.take({ id: 'b', atMs: 100 }), 'waits');
  assert.equal(buffer.take({ id: 'a', atMs: 100 }), 'waits');
  assert.equal(buffer.take({ id: 'c', atMs: 92 }), 'waits');
  assert.equal(buffer.take({ id: 'a', atMs: 100 }), 'duplicate');
  assert.deepEqual(left, []);
  assert.equal(buffer.take({ id: 'd', atMs: 111 }), 'waits');
  assert.deepEqual(left, [
    ['c', false],
    ['a', false],
    ['b', false],
  ]);
  assert.equal(buffer.take({ id: 'e', atMs: 90 }), 'late');
  assert.deepEqual(left.at(-1), ['e', true]);
  buffer.flush();
  assert.deepEqual(left.at(-1), ['d', false]);
  assert.deepEqual(buffer.counts, { late: 1, duplicate: 1, early: 0 });
  for (const id of ['f', 'g', 'h', 'i']) buffer.take({ id, atMs: 112 });
  assert.deepEqual(buffer.counts, { late: 1, duplicate: 1, early: 1 });
});

test('rows: keys are found again after any order of claims and releases, and the idlest gives way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.integer({ min: 0, max: 24 }), isClaim: fc.boolean() }), { maxLength: 200 }),
      (steps) => {
        const store = new RowStore(16);
        const model = new Map<number, number>();
        const full = { idleSeconds: () => -1, forget: () => undefined };
        for (const { key, isClaim } of steps) {
          // Few homes, so that walks run into each other.
          const [low, high] = [key % 3, key];
          const row = store.find(low, high);
          assert.equal(row, model.get(key) ?? -1);
          if (!isClaim && row >= 0) {
            store.release(row);
            model.delete(key);
          } else if (isClaim) {
            const claimed = store.claim(low, high, full);
            assert.equal(claimed < 0, row < 0 && model.size === 16);
            if (claimed >= 0) model.set(key, claimed);
          }
          assert.equal(store.size, model.size);
        }
      },
    ),
  );
  const store = new RowStore(4);
  const eviction = { idleSeconds: (row: number) => (row === 1 ? -1 : row), forget: () => undefined };
  for (let key = 0; key < 5; key += 1) store.claim(key, key, eviction);
  assert.equal(store.find(3, 3), -1);
  assert.equal(store.find(4, 4), 3);
  assert.equal(store.givenUp, 1);
});

test('score: no trait makes a cluster less sure, and a family is never grey', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const traits = fc.record({
    size: fc.integer({ min: 2, max: 5000 }),
    groupMask: fc.integer({ min: 0, max: 1023 }),
    synchronous: share,
    arrivedTogether: share,
    oddHours: share,
    risk: share,
    labelled: share,
  });
  fc.assert(
    fc.property(
      traits,
      fc.constantFrom('synchronous', 'arrivedTogether', 'oddHours', 'risk', 'labelled'),
      (each, name) => {
        const score = clusterScore(each);
        assert.ok(score >= 0 && score <= 1);
        assert.ok(clusterScore({ ...each, [name]: 1 }) >= score);
        assert.ok(clusterScore({ ...each, size: each.size + 1 }) >= score);
        assert.equal(clusterGrade(score, { ...each, size: 4 }, usualGrades), 'watch');
        const fleet = { ...each, synchronous: 0, arrivedTogether: 0, risk: 0, labelled: 0 };
        assert.equal(clusterGrade(score, fleet, usualGrades), 'watch');
      },
    ),
  );
});

test('names: a cluster is found by its name and by no other text', () => {
  const clusters = clustersOf(farm(8, start).sightings);
  const [found] = listClusters(clusters, 'watch', 5);
  assert.ok(found);
  assert.ok(clusterRow(clusters, found.id) >= 0);
  for (const wrong of ['', 'c-', '0000000000000000', `${found.id}0`, `c-${found.id}`])
    assert.equal(clusterRow(clusters, wrong), -1);
  assert.equal(explainCluster(clusters, '0000000000000000'), undefined);
});

test('proposals: a farm becomes a list with its reasons and the rule that reads it; a family does not', () => {
  const clusters = clustersOf(farm(24, start).sightings);
  const [found] = listClusters(clusters, 'grey', 1);
  const cluster = explainCluster(clusters, found?.id ?? '');
  assert.ok(cluster);
  const choice = { list: 'black-devices', outcome: 'deny', nowMs: start, days: 30 } as const;
  const proposal = proposeList(cluster, choice);
  assert.ok(proposal.ok);
  assert.equal(proposal.value.entries.length, 24);
  assert.equal(proposal.value.untilMs, start + 30 * day);
  assert.equal(proposal.value.because.cluster, cluster.id);
  const policy = { id: 'p', rules: [proposal.value.rule] };
  const read = readPolicy(policy, policySchema({ 'device.id': 'text' }, ['black-devices']));
  assert.ok(read.ok, JSON.stringify(read));
  const codeOf = (result: { ok: boolean; code?: string }): string | undefined => result.code;
  assert.equal(codeOf(proposeList(cluster, { ...choice, list: 'a b' })), 'cluster.list-name');
  assert.equal(codeOf(proposeList(cluster, { ...choice, days: 365 })), 'cluster.list-days');
  assert.equal(codeOf(proposeList({ ...cluster, grade: 'watch' }, choice)), 'cluster.not-suspect');
});

test('sequences: the last six scenes in a row are one, a long pause begins anew', () => {
  const sequences = new SceneSequences(new RowStore(4));
  const told = [1, 2, 3, 4, 5, 6, 7].map((scene, place) => sequences.act(2, scene, 1000 + place * 60));
  assert.deepEqual(told, [...Array.from({ length: 5 }, () => undefined), '1 2 3 4 5 6', '2 3 4 5 6 7']);
  assert.equal(sequences.act(2, 8, 1360 + 301), undefined);
  assert.equal(sequences.act(1, 9, 1400), undefined);
});

test('clusters: phones that run one rare script on one image are a cluster; the same way through the app as everybody says nothing', () => {
  const script = ['login', 'points', 'coupon', 'points', 'coupon', 'logout'];
  const walk = (device: string, at: number, scenes: readonly string[], more: Evidence): Sighting[] =>
    scenes.map((scene, step): Sighting => [device, at + step * 20_000, { address: `${device}-home`, ...more }, scene]);
  const usual = ['login', 'balance', 'pay', 'balance', 'pay', 'logout'];
  const people = names('person', 300).flatMap((device, place) =>
    walk(device, start + place * 300_000, usual, { image: `rom${place % 40}` }),
  );
  const bots = names('bot', 10).flatMap((device, place) =>
    walk(device, start + place * 2 * hour, script, { image: 'flash' }),
  );
  const clusters = clustersOf([...people, ...bots]);
  assert.equal(clusters.facts('bot3')?.size, 10);
  assert.equal(clusters.facts('person3'), undefined);
});
