/** Reports of signals on their way in: what is kept, what is dropped by code, and what the gateway makes of liars. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { type KeyReader, SecretBytes } from '../../src/keys/key-provider.ts';
import { signalNonces } from '../../src/signals/signal-nonce.ts';
import { readSignalRecord } from '../../src/signals/signal-record.ts';
import { notAsked, onItsWay, Reporter, type SignalLab, signalLab, start } from './signals-kit.ts';

const frida = { code: 'hook.frida', source: 'native' } as const;
const driven = { code: 'automation.webdriver', source: 'web' } as const;

const honest = async (lab: SignalLab, device = 'd'): Promise<Reporter> => {
  const reporter = new Reporter();
  reporter.challenge = lab.challenge(device);
  return reporter;
};
const records = async (lab: SignalLab) =>
  (await lab.stores.outbox.readAfter(0, 1000)).map((event) => readSignalRecord(event) ?? assert.fail(event.kind));

test('an honest phone reports nothing and is clean; what it finds is in force for every thread at once', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  assert.deepEqual(await lab.send('d', [onItsWay(reporter.next([], start, ['hook.frida']))]), []);
  assert.deepEqual(lab.codesOf('d'), []);
  assert.equal(lab.signals.memory.signalsOf('d', start).band, 'clean');
  reporter.challenge = lab.challenge('d');
  await lab.send('d', [onItsWay(reporter.next([frida]))]);
  assert.deepEqual(lab.codesOf('d'), ['hook.frida']);
  assert.deepEqual(lab.codesOf('other'), []);
});

test('the record names a device by a keyed hash and holds nothing raw', async () => {
  const lab = signalLab();
  await lab.send('device-id-in-clear', [onItsWay((await honest(lab, 'device-id-in-clear')).next([frida]))]);
  const [event] = await lab.stores.outbox.readAfter(0, 10);
  assert.doesNotMatch(Buffer.from(event?.payload ?? []).toString(), /device-id-in-clear/);
  assert.match((await records(lab))[0]?.device ?? '', /^[0-9a-f]{16}$/);
});

test('evidence that two phones share is shared in the record, under another name than the client gave it', async () => {
  const lab = signalLab();
  const evidence = [{ kind: 'subnet', digest: 'd'.repeat(22) }];
  for (const device of ['one', 'other'])
    await lab.send(device, [onItsWay({ ...(await honest(lab, device)).next([]), evidence })]);
  const [one, other] = await records(lab);
  assert.equal(one?.evidence[0]?.digest, other?.evidence[0]?.digest);
  assert.match(one?.evidence[0]?.digest ?? '', /^[A-Za-z0-9_-]{22}$/);
  assert.notEqual(one?.evidence[0]?.digest, 'd'.repeat(22));
});

test('before consent nothing is kept, whatever is told', async () => {
  const lab = signalLab();
  lab.consent.is = notAsked;
  await lab.send('d', [onItsWay((await honest(lab)).next([frida, driven]))]);
  assert.deepEqual(lab.codesOf('d'), []);
  const [record] = await records(lab);
  assert.deepEqual(record?.signals, []);
  assert.deepEqual(
    record?.refused.map(({ why }) => why),
    ['signal.before-consent', 'signal.before-consent'],
  );
  assert.equal(lab.counted.get('signal.before-consent'), 2);
});

test('a signal that nobody registered is dropped, and that it came is a signal', async () => {
  const lab = signalLab();
  await lab.send('d', [onItsWay((await honest(lab)).next([{ code: 'contacts.list', source: 'web' }, frida]))]);
  assert.deepEqual(lab.codesOf('d'), ['hook.frida', 'client.unregistered']);
  const [record] = await records(lab);
  assert.ok(!record?.signals.some(({ code }) => code === 'contacts.list'));
  assert.deepEqual(record?.refused, [{ code: 'contacts.list', why: 'signal.unregistered' }]);
});

test('what a scene may not ask for, a wrong voice, an expired and a future observation are dropped', async () => {
  const lab = signalLab();
  const body = (await honest(lab)).next([frida, { code: 'screen.pictureInPicture', source: 'web' }]);
  const signals = [
    { code: 'screen.pictureInPicture', value: true, source: 'web', observedAtMs: start },
    { code: 'hook.frida', value: true, source: 'web', observedAtMs: start },
    { code: 'hook.xposed', value: true, source: 'native', observedAtMs: start - 86_400_000 },
    { code: 'hook.substrate', value: true, source: 'native', observedAtMs: start + 300_001 },
  ];
  await lab.send('d', [onItsWay({ ...body, scene: 'login', signals })]);
  const [record] = await records(lab);
  assert.deepEqual(
    record?.refused.map(({ why }) => why),
    ['signal.beyond-scene', 'signal.layer', 'signal.expired', 'signal.future'],
  );
});

test('a silenced client: the callback is hooked, the list is empty, the canary knows', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  reporter.hook = () => [];
  await lab.send('d', [onItsWay(reporter.next([frida, driven]))]);
  assert.deepEqual(lab.codesOf('d'), ['client.canaryForged']);
});

test('a client whose probes never ran has no canary', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  await lab.send('d', [onItsWay({ ...reporter.next([]), canary: '' })]);
  assert.deepEqual(lab.codesOf('d'), ['client.canaryMissing']);
});

test('a nonce of another device, or of nobody, is forged; an old one is stale, a late report with a nonce of its time is not', async () => {
  const lab = signalLab({ nonceHours: 24 });
  const stolen = await honest(lab, 'victim');
  await lab.send('thief', [onItsWay(stolen.next([]))]);
  assert.deepEqual(lab.codesOf('thief'), ['client.nonceForged']);
  const late = await honest(lab, 'late');
  const slow = await honest(lab, 'slow');
  lab.clock.now = epochMs(start + 5 * 86_400_000);
  await lab.send('late', [onItsWay(late.next([], start), start + 60_000)]);
  await lab.send('slow', [onItsWay(slow.next([], lab.clock.now), lab.clock.now)]);
  assert.deepEqual(lab.codesOf('late'), []);
  assert.deepEqual(lab.codesOf('slow'), ['client.nonceStale']);
});

test('only a first report may know no nonce', async () => {
  const lab = signalLab();
  const reporter = new Reporter();
  await lab.send('d', [onItsWay(reporter.next([]))]);
  assert.deepEqual(lab.codesOf('d'), []);
  await lab.send('d', [onItsWay(reporter.next([]))]);
  assert.deepEqual(lab.codesOf('d'), ['client.nonceStale']);
});

test('a report that is sent again changes nothing; one of yesterday that is shown as new is a stale counter, and its findings do not count', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  const first = reporter.next([]);
  const second = reporter.next([]);
  const way = onItsWay(second);
  await lab.send('d', [onItsWay(first), way]);
  await lab.send('d', [way]);
  assert.deepEqual(lab.codesOf('d'), []);
  assert.equal((await records(lab)).length, 2);
  await lab.send('d', [onItsWay(first)]);
  assert.deepEqual(lab.codesOf('d'), ['client.counterStale']);
});

test('a batch whose acknowledgement was lost comes again with the next report: nothing is stale', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  const lost = [reporter.next([]), reporter.next([]), reporter.next([])].map((body) => onItsWay(body));
  await lab.send('d', lost);
  await lab.send('d', [...lost, onItsWay(reporter.next([]))].toReversed());
  assert.deepEqual(lab.codesOf('d'), []);
});

test('a broken chain and a gap are told apart', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  await lab.send('d', [onItsWay(reporter.next([]))]);
  await lab.send('d', [onItsWay({ ...reporter.next([]), previous: 'x'.repeat(43) })]);
  assert.deepEqual(lab.codesOf('d'), ['client.chainBroken']);
  const other = await honest(lab, 'e');
  await lab.send('e', [onItsWay(other.next([]))]);
  other.next([]);
  await lab.send('e', [onItsWay(other.next([]))]);
  assert.deepEqual(lab.codesOf('e'), ['client.counterGap']);
});

test('checks that every report must name are missed', async () => {
  const lab = signalLab({ checks: ['hook.frida', 'root.magisk'] });
  const reporter = await honest(lab);
  await lab.send('d', [onItsWay(reporter.next([], start, ['hook.frida']))]);
  assert.deepEqual(lab.codesOf('d'), ['client.checksMissing']);
  const fine = await honest(lab, 'e');
  const body = fine.next([], start, ['hook.frida']);
  await lab.send('e', [onItsWay({ ...body, skipped: [{ code: 'root.magisk', why: 'no-bridge' }] })]);
  assert.deepEqual(lab.codesOf('e'), []);
});

test('hardware speaks for itself, and against a native half that denies it', async () => {
  const lab = signalLab();
  const attested = 'platform=android;level=tee;boot=unverified;locked=false';
  const liar = (await honest(lab)).next([], start, ['root.bootloaderUnlocked']);
  await lab.send('d', [onItsWay(liar)], { attested });
  assert.deepEqual(lab.codesOf('d'), ['root.bootloaderUnlocked', 'root.bootUnverified', 'client.nativeTeeDisagree']);
  assert.equal(lab.signals.memory.signalsOf('d', start).signals[0]?.source, 'tee');
  const open = (await honest(lab, 'e')).next([{ code: 'root.bootloaderUnlocked', source: 'native' }]);
  await lab.send('e', [onItsWay(open)], { attested });
  assert.ok(!lab.codesOf('e').includes('client.nativeTeeDisagree'));
});

test('a page that a program drives is in no app, and page and app are in one place', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  await lab.send('d', [onItsWay(reporter.next([{ code: 'automation.headless', source: 'web' }, frida]))]);
  assert.ok(lab.codesOf('d').includes('client.webNativeDisagree'));
  const other = await honest(lab, 'e');
  const zone = (source: 'web' | 'native', value: number) => ({ code: 'place.zoneOffset', source, value });
  await lab.send('e', [onItsWay(other.next([zone('web', 80), zone('native', 48)]))]);
  assert.deepEqual(lab.codesOf('e'), ['place.zoneOffset', 'client.webNativeDisagree']);
});

test('reports of the future, of long ago, and those that nobody can read are refused by code', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  const codes = await lab.send('d', [
    onItsWay(reporter.next([]), start + 300_001),
    onItsWay(reporter.next([]), start - 9 * 86_400_000),
    onItsWay({ ...reporter.next([]), more: 1 }),
  ]);
  assert.deepEqual(codes, ['signal-report.future', 'signal-report.stale', 'signal-report.malformed']);
  assert.deepEqual(lab.codesOf('d'), []);
});

test('after a restart the record puts in force what still counts, with counters and without what is over', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  const shared = { code: 'screen.shared', source: 'native' } as const;
  const first = reporter.next([frida, shared]);
  await lab.send('d', [onItsWay(first)]);
  lab.clock.now = epochMs(start + 3_600_000);
  const again = lab.restart();
  assert.deepEqual(again.codesOf('d'), []);
  await again.signals.start();
  again.signals.close();
  assert.deepEqual(again.codesOf('d'), ['hook.frida']);
  await again.send('d', [onItsWay(first)]);
  assert.deepEqual(again.codesOf('d'), ['hook.frida']);
  await again.send('d', [onItsWay({ ...first, ran: [] })]);
  assert.ok(again.codesOf('d').includes('client.counterStale'));
});

test('whatever a client takes for a nonce, and whatever the record holds, nothing throws', async () => {
  const lab = signalLab();
  const nonces = signalNonces(
    { current: () => ({ secret: new SecretBytes(new Uint8Array(32)) }) } as unknown as KeyReader,
    start,
  );
  const { nonce } = nonces.issue('d', start);
  const { issuedAtMs } = nonces.read('d', nonce) ?? assert.fail();
  assert.equal(issuedAtMs, start);
  assert.equal(nonces.read('e', nonce), undefined);
  fc.assert(
    fc.property(fc.nat(42), fc.nat(63), (place, by) => {
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const bent = nonce.slice(0, place) + letters[by] + nonce.slice(place + 1);
      assert.equal(nonces.read('d', bent) !== undefined, bent === nonce);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => nonces.read('d', text) === undefined));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (payload) => {
        readSignalRecord({ kind: 'report.device.signals', payload: new Uint8Array(payload) });
      },
    ),
  );
  const hostile = {
    device: 'a'.repeat(16),
    signals: [{ code: 'x', value: {}, source: 'me', untilMs: 'never' }],
    hash: '',
  };
  const payload = new Uint8Array(Buffer.from(JSON.stringify({ ...hostile, counter: 1 })));
  const scope = { organisation: 'bank', app: 'app' };
  await lab.stores.outbox.append([{ scope, kind: 'report.device.signals', atMs: start, payload }]);
  await lab.signals.start();
  lab.signals.close();
});

test('the history of a device has its newest reports with score and band, newest last', async () => {
  const lab = signalLab();
  const reporter = await honest(lab);
  await lab.send('d', [onItsWay(reporter.next([]))]);
  reporter.challenge = lab.challenge('d');
  await lab.send('d', [onItsWay(reporter.next([frida]))]);
  const steps = await lab.signals.stepsOf('d');
  assert.deepEqual(
    steps.map(({ counter, score, band }) => ({ counter, score, band })),
    [
      { counter: 1, score: 100, band: 'clean' },
      { counter: 2, score: 58, band: 'fair' },
    ],
  );
  assert.deepEqual(await lab.signals.stepsOf('nobody'), []);
});
