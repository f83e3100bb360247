/** The way of reports through the gateway: bound to their device, kept once, judged by the time of the event, over restarts, within bounds. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { recordConsent } from '../src/privacy/consent-record.ts';
import { keepAccessReports } from '../src/privacy/intake.ts';
import { findingId, otherChain, ownerOf } from '../src/privacy/judge-batch.ts';
import type { KeptFinding } from '../src/privacy/privacy-store.ts';
import { Retention } from '../src/privacy/retention.ts';
import { accessSubject, eraseSubject, subjectOf } from '../src/privacy/subject-rights.ts';
import { type OpenStorage, openStorage } from '../src/storage/index.ts';
import { accessAt, bank, chainAt, privacyConfig, privacyLoop, reportOf, start } from './privacy-kit.ts';

const folders: string[] = [];
let folder = '';
let storage: OpenStorage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hauberk-privacy-'));
  folders.push(folder);
  storage = await openStorage({ folder, upkeepMs: 0 });
});
afterEach(() => storage.close());
after(() => {
  for (const each of folders) rmSync(each, { recursive: true });
});

const restart = async (): Promise<void> => {
  await storage.close();
  storage = await openStorage({ folder, upkeepMs: 0 });
};
const loop = (section: object = {}) => privacyLoop(storage.ports, storage.keys, section);
const accesses = (...rows: readonly object[]) => reportOf('privacy.accesses', { accesses: rows });
const findings = async (): Promise<readonly KeptFinding[]> =>
  (await storage.ports.privacy.list(bank, 'finding', { limit: 100 })).flatMap(({ value }) => value ?? []);
const kindsFound = async (): Promise<readonly string[]> =>
  (await findings()).map(({ finding }) => finding.kind).toSorted();
const { chain, frames } = chainAt('ads');

const consentBody = (state: string, at: number, items: readonly string[] = ['precise-location']): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      recordId: 'r1',
      notice: { id: 'notice-1', hash: 'n'.repeat(43), language: 'en' },
      sdkListHash: 's'.repeat(43),
      channel: 'app',
      state,
      purposes: [{ purpose: 'find-branch', items, method: 'explicit', recipients: [], retentionDays: 30 }],
      at,
      expiresAt: null,
    }),
  );
const consent = async (device: string, state: string, at: number, now = start): Promise<string> => {
  const shell = { store: storage.ports.privacy, keys: storage.keys, config: privacyConfig(), maxBehind: 99 };
  const kept = await recordConsent(shell, bank, device, consentBody(state, at), epochMs(now));
  assert.ok(kept.ok, kept.ok ? '' : kept.code);
  return kept.value.subject;
};

describe('from report to finding', () => {
  test('accesses become counters, chains and findings with who saw them, and no row names the device', async () => {
    const { report, stream, touched } = loop();
    const told = reportOf('privacy.chain', { chain, owner: '@ads/web', ownerVersion: '1.2.3', frames });
    const row = accessAt(start - 1000, { isForeground: false });
    assert.deepEqual(await report('device-one-0123456789', told, accesses(row)), []);
    assert.deepEqual(await report('device-two-0123456789', accesses(row)), []);
    assert.deepEqual(await kindsFound(), ['background', 'before-consent', 'undeclared-sdk']);
    for (const { finding, witnesses } of await findings()) {
      assert.equal(finding.count, 2);
      assert.equal(witnesses.length, 2);
    }
    assert.equal(touched.length, 6);
    const [known] = await storage.ports.privacy.load(bank, [{ kind: 'chain', id: chain }]);
    assert.ok(known?.value !== undefined);
    assert.equal(ownerOf(known.value), '@ads/web');
    assert.deepEqual(known.value.frames, frames);
    const totals = await storage.ports.privacy.list(bank, 'total', { limit: 9 });
    assert.deepEqual(
      totals.map(({ value }) => value?.calls),
      [2],
    );
    assert.deepEqual(stream.counts.exceptions, { background: 2, 'before-consent': 2, 'undeclared-sdk': 2 });
    await storage.close();
    const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('');
    assert.ok(bytes.includes(chain));
    assert.ok(!bytes.includes('device-one-0123456789'));
    storage = await openStorage({ folder, upkeepMs: 0 });
  });

  test('a report counts once, over repetition and restart', async () => {
    const sent = accesses(accessAt(start));
    await loop().report('d', sent, sent);
    await restart();
    const again = loop();
    await again.report('d', sent);
    assert.equal(again.stream.counts.rows, 0);
    await again.report('d', accesses(accessAt(start)));
    assert.deepEqual(
      (await findings()).map(({ finding }) => finding.count),
      [2, 2],
    );
  });

  test('windows go on after a restart', async () => {
    const section = { frequency: { windowSeconds: 60, most: 3 }, sdks: [{ name: '@ads/web' }], consent: 'unrecorded' };
    for (let index = 0; index < 3; index += 1) {
      await loop(section).report('d', accesses(accessAt(start - 10_000 + index)));
      await restart();
    }
    assert.deepEqual(await kindsFound(), []);
    await loop(section).report('d', accesses(accessAt(start)));
    assert.deepEqual(await kindsFound(), ['over-frequency']);
  });

  test('another device does not fill a window', async () => {
    const section = { frequency: { windowSeconds: 60, most: 3 }, sdks: [{ name: '@ads/web' }], consent: 'unrecorded' };
    const { report } = loop(section);
    for (const device of ['a', 'b', 'c', 'd', 'e']) await report(device, accesses(accessAt(start)));
    assert.deepEqual(await kindsFound(), []);
  });

  test('what comes late is judged by every rule but that of the window, and is counted as late', async () => {
    const section = { frequency: { windowSeconds: 60, most: 1 }, latenessSeconds: 10, consent: 'unrecorded' };
    const { report, stream } = loop(section);
    await report('d', accesses(accessAt(start)));
    await report('d', accesses(accessAt(start - 20_000, { count: 5, firstAtMs: start - 20_100 })));
    assert.equal(stream.counts.late, 1);
    assert.deepEqual(await kindsFound(), ['undeclared-sdk']);
    assert.equal((await findings())[0]?.finding.count, 6);
  });

  test('consent counts by the time of the access', async () => {
    const section = { sdks: [{ name: '@ads/web' }] };
    const { report } = loop(section);
    await consent('d', 'given', start - 50_000);
    await consent('d', 'withdrawn', start - 20_000);
    await report('d', accesses(accessAt(start - 30_000)));
    assert.deepEqual(await kindsFound(), []);
    await report('d', accesses(accessAt(start - 60_000)));
    assert.deepEqual(await kindsFound(), ['before-consent']);
    await report('d', accesses(accessAt(start - 10_000)));
    assert.deepEqual(await kindsFound(), ['after-refusal', 'before-consent']);
  });

  test('calls whose caller nobody looked at are judged for the app as a whole, and accuse nobody', async () => {
    const row = accessAt(start, { chain: otherChain, owner: 'unknown', count: 500, firstAtMs: start - 1000 });
    await loop({ consent: 'unrecorded' }).report('d', accesses({ ...row, isForeground: false }));
    assert.deepEqual(await kindsFound(), ['background']);
    assert.equal(await storage.ports.privacy.count(bank, 'chain'), 0);
  });

  test('an event that cannot be judged is passed over and counted; those before and after it are judged', async () => {
    const { report, stream, faults } = loop({ consent: 'unrecorded' });
    const subjects = { store: storage.ports.privacy, outbox: storage.ports.outbox, keys: storage.keys };
    await report('broken', accesses(accessAt(start)));
    const id = (await subjectOf(subjects, bank, { device: 'broken' }, epochMs(start))) ?? '';
    const puts = [{ kind: 'watch', id, value: { saved: 'spoilt', day: '', newChains: 0 }, atMs: start } as const];
    await storage.ports.privacy.commit({ changes: [{ scope: bank, read: [], puts, audit: [] }] }, epochMs(start));
    const shell = { store: storage.ports.privacy, keys: storage.keys, maxBehind: 99, count: () => {} };
    for (const device of ['before', 'broken', 'after'])
      await keepAccessReports(
        shell,
        { scope: bank, device, service: 'api', tier: 1 },
        [accesses(accessAt(start))],
        epochMs(start),
      );
    await stream.drain();
    assert.equal(faults.length, 1);
    assert.deepEqual([stream.counts.rows, stream.counts.unreadable], [3, 1]);
    assert.equal((await findings())[0]?.finding.count, 3);
    assert.equal(stream.behind, 0);
  });

  test('a declared SDK keeps to its purposes and its items', async () => {
    const section = { consent: 'unrecorded', sdks: [{ name: '@ads/web', purposes: ['advertise'] }] };
    await loop(section).report('d', accesses(accessAt(start)));
    assert.deepEqual(await kindsFound(), ['over-scope']);
  });

  test('proof of effect is summed by chain: each device once, each run of its app for itself, of what was published alone', async () => {
    const { report } = loop();
    await report('d', reportOf('privacy.chain', { chain, owner: '@ads/web', frames }));
    const effect = (stopped: number, first: number, last = first, changes: object = {}) =>
      reportOf('privacy.effect', {
        directive: 'd1',
        version: 3,
        chain,
        applied: true,
        stopped,
        firstStoppedAtMs: start - first,
        lastStoppedAtMs: start - last,
        ...changes,
      });
    const effects = async () =>
      (await storage.ports.privacy.load(bank, [{ kind: 'chain', id: chain }]))[0]?.value?.effects;
    await report('a', effect(0, 500), effect(2, 400, 390), effect(5, 400, 300));
    await report('a', effect(4, 400, 350));
    assert.deepEqual(await effects(), {
      'd1 3': { devices: 1, stopped: 5, firstAtMs: start - 400, lastAtMs: start - 300 },
    });
    // Two pages side by side, then the app anew.
    await report('a', effect(2, 280), effect(6, 400, 270), effect(3, 280, 260), effect(1, 100));
    await report('b', effect(5, 200));
    assert.deepEqual(await effects(), {
      'd1 3': { devices: 2, stopped: 15, firstAtMs: start - 400, lastAtMs: start - 100 },
    });
    await report('liar', effect(9, 50, 50, { directive: 'made-up' }));
    for (let version = 4; version < 20; version += 1) await report('a', effect(1, 40, 40, { version }));
    assert.deepEqual(Object.keys((await effects()) ?? {}), [
      'd1 12',
      'd1 13',
      'd1 14',
      'd1 15',
      'd1 16',
      'd1 17',
      'd1 18',
      'd1 19',
    ]);
  });
});

describe('what a device cannot do', () => {
  test('tell other frames of a chain, the future, or what is too old to be counted once', async () => {
    const { report, refused } = loop();
    const forged = reportOf('privacy.chain', { chain, owner: 'app', frames: chainAt('other').frames });
    assert.deepEqual(await report('d', forged), ['access-report.chain']);
    assert.deepEqual(await report('d', accesses(accessAt(start + 400_000))), ['access-report.future']);
    assert.deepEqual(await report('d', accesses(accessAt(start - 9 * 86_400_000))), ['access-report.stale']);
    assert.deepEqual(await report('d', reportOf('privacy.accesses', { accesses: [] })), ['access-report.malformed']);
    assert.equal(refused.get('ok'), undefined);
    assert.equal(await storage.ports.outbox.head(), 0);
    // The control: the same report, honest.
    assert.deepEqual(await report('d', accesses(accessAt(start))), []);
  });

  test('hide a good report behind a bad one, or be made to send the bad one again', async () => {
    const { report, stream } = loop();
    const codes = await report('d', accesses({ chain }), accesses(accessAt(start)));
    assert.deepEqual(codes, ['access-report.malformed']);
    assert.equal(stream.counts.rows, 1);
  });

  test('take the owner of a chain away from those who told it: most devices decide', async () => {
    const { report } = loop();
    const owned = (owner: string) => accesses(accessAt(start, { owner }));
    for (const device of ['a', 'b', 'c']) await report(device, owned('app'));
    for (let index = 0; index < 20; index += 1) await report('liar', owned(index % 2 === 0 ? '@ads/web' : 'x'));
    const [known] = await storage.ports.privacy.load(bank, [{ kind: 'chain', id: chain }]);
    assert.ok(known?.value !== undefined);
    assert.equal(ownerOf(known.value), 'app');
    // The liar has one word.
    assert.equal(Object.values(known.value.owners).flat().length, 4);
  });

  test('make the record grow: new chains of one device, of an app, findings and counters are bounded', async () => {
    const limits = { chains: 16, findings: 16, totals: 16, newChainsPerDevice: 8 };
    const { report, stream } = loop({ limits });
    const many = (from: number) =>
      accesses(
        ...Array.from({ length: 40 }, (_, index) => accessAt(start, { chain: chainAt(`c${from + index}`).chain })),
      );
    await report('flood', many(0));
    assert.equal(await storage.ports.privacy.count(bank, 'chain'), 8);
    for (const device of ['a', 'b', 'c']) await report(device, many(1000));
    await report('flood', many(2000));
    assert.equal(await storage.ports.privacy.count(bank, 'chain'), 16);
    assert.equal(await storage.ports.privacy.count(bank, 'finding'), 16);
    assert.ok((await storage.ports.privacy.count(bank, 'total')) <= 17);
    assert.ok(stream.counts.unfound > 0 && stream.counts.folded > 0);
    const totals = await storage.ports.privacy.list(bank, 'total', { limit: 99 });
    // Nothing is lost: every call is in some counter.
    assert.equal(
      totals.reduce((sum, { value }) => sum + (value?.calls ?? 0), 0),
      200,
    );
    assert.ok(totals.some(({ value }) => value?.chain === otherChain));
  });
});

describe('people', () => {
  test('get everything under their pseudonym, and after erasure nothing leads to it, not even what comes later', async () => {
    const { report } = loop();
    const subject = await consent('device-of-a-person', 'given', start - 5000);
    await report('device-of-a-person', accesses(accessAt(start)));
    const parts = { store: storage.ports.privacy, outbox: storage.ports.outbox, keys: storage.keys };
    const now = epochMs(start);
    assert.equal(await subjectOf(parts, bank, { device: 'device-of-a-person' }, now), subject);
    const told = await accessSubject(parts, bank, subject);
    assert.equal(told?.isLinked, true);
    assert.deepEqual(
      [told.consents.length, told.reports.length, told.watched.length, told.isComplete],
      [1, 1, 1, true],
    );
    const by = { actor: 'officer', reason: 'asked' };
    const erased = await eraseSubject(parts, bank, subject, by, now);
    assert.ok(erased.ok);
    assert.equal(await subjectOf(parts, bank, { device: 'device-of-a-person' }, now), undefined);
    assert.equal((await accessSubject(parts, bank, subject))?.isLinked, false);
    assert.equal((await eraseSubject(parts, bank, subject, by, now)).ok, false);
    await report('device-of-a-person', accesses(accessAt(start)));
    const later = await subjectOf(parts, bank, { device: 'device-of-a-person' }, now);
    assert.ok(later !== undefined && later !== subject);
    assert.equal((await accessSubject(parts, bank, later))?.consents.length, 0);
    const entries = await storage.ports.audit.readAfter(bank, 0, 99);
    assert.deepEqual(
      entries.map(({ action, subject: whom }) => [action, whom]),
      [
        ['privacy.consent-given', subject],
        ['privacy.erased', subject],
      ],
    );
    assert.ok(!JSON.stringify(entries).includes('device-of-a-person'));
  });

  test('a finding that is left alone for long goes, and the ledger goes as a whole', async () => {
    const { report } = loop();
    const subject = await consent('d', 'given', start - 5000);
    await consent('d', 'withdrawn', start - 4000);
    await report('d', accesses(accessAt(start)));
    const clock = { now: start };
    const { privacy: store, audit } = storage.ports;
    const retention = new Retention({
      outbox: storage.ports.outbox,
      store,
      audit,
      config: privacyConfig({ retentionDays: { consents: 10, findings: 20 } }),
      scopes: [bank],
      now: () => epochMs(clock.now),
    });
    assert.deepEqual(
      Object.values(await retention.run()).filter((rows) => rows > 0),
      [],
    );
    clock.now += 11 * 86_400_000;
    assert.deepEqual((await retention.run()).consents, 3);
    assert.equal(await store.count(bank, 'consent', `${subject}/`), 0);
    clock.now += 10 * 86_400_000;
    assert.equal((await retention.run()).findings, 2);
    // The open segment of the outbox stays, however old it is.
    assert.equal((await storage.ports.outbox.segments()).length, 1);
    const told = await audit.readAfter({ organisation: 'bank', app: '' }, 0, 99);
    assert.ok(told.some(({ action }) => action === 'privacy.retained'));
  });

  test('finding ids are those of their rule, function and chain', async () => {
    await loop().report('d', accesses(accessAt(start)));
    for (const { id, finding } of await findings())
      assert.equal(id, findingId(finding.kind, finding.api, finding.chain));
  });
});
