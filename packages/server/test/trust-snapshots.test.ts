/** Signed snapshots of roots and lists: made from files, taken over offline, never an older one, and in force while the gateway runs. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, mock } from 'node:test';
import { epochMs, toHex } from '@hauberk/primitives';
import { root, rootKey } from '../../attestation/test/fixture/android.ts';
import { authority, mint, name } from '../../attestation/test/fixture/certificates.ts';
import { newestRevocations } from '../src/device/trust-files.ts';
import { presentSnapshot, stateRevocations, updateTrust } from '../src/device/trust-snapshots.ts';
import { run } from '../src/main.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-trust-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const write = (name: string, content: string): string => {
  writeFileSync(at(name), content);
  return at(name);
};
const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${label}-----\n`;

for (const kind of ['one', 'two', 'rsa']) {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'one'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write(`${kind}.pem`, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  write(`${kind}.pub`, pair.publicKey.export({ format: 'pem', type: 'spki' }).toString());
}
write('google.pem', pem('CERTIFICATE', root));

/** Runs the command quietly. */
const hauberk = async (...args: string[]): Promise<{ code: number; out: string; error: string }> => {
  const said = { out: '', error: '' };
  const keep = (name: 'out' | 'error') => (text: unknown) => {
    said[name] += String(text);
    return true;
  };
  const out = mock.method(process.stdout, 'write', keep('out'));
  const error = mock.method(process.stderr, 'write', keep('error'));
  try {
    const code = await run(args);
    return { code, ...said };
  } finally {
    out.mock.restore();
    error.mock.restore();
  }
};

let made = 0;
const make = async (sequence: number, statuses: Record<string, string>, key = 'one'): Promise<string> => {
  made += 1;
  const entries = Object.fromEntries(Object.entries(statuses).map(([serial, status]) => [serial, { status }]));
  write('status.json', JSON.stringify({ entries }));
  const plan = { sequence, roots: { android: 'google.pem' }, revocations: { android: 'status.json' } };
  const out = at(`snapshot-${made}.jwt`);
  const { code, error } = await hauberk(
    'trust',
    'make',
    '--plan',
    write('plan.json', JSON.stringify(plan)),
    '--key',
    at(`${key}.pem`),
    '--out',
    out,
  );
  assert.equal(code, 0, error);
  return out;
};

test('a snapshot is made, taken over without a network, and shown', async () => {
  const state = at('state');
  const first = await make(1, { '1234': 'REVOKED', ABC: 'SUSPENDED' });
  const unknown = await hauberk('trust', 'update', '--state', state, '--from', first);
  assert.equal(unknown.code, 1);
  assert.match(unknown.error, /trust\.publisher/);
  const { code, out } = await hauberk(
    'trust',
    'update',
    '--state',
    state,
    '--from',
    first,
    '--publisher',
    at('one.pub'),
    '--json',
  );
  assert.equal(code, 0);
  const shown = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual([shown['sequence'], shown['roots'], shown['revoked']], [1, { androidKeys: 1 }, { android: 2 }]);
  const status = await hauberk('trust', 'status', '--state', state, '--json');
  assert.deepEqual(JSON.parse(status.out), shown);
  assert.equal(
    toHex(presentSnapshot(state, epochMs(Date.now()))?.anchors.androidKeys?.[0] ?? new Uint8Array(0)),
    toHex(rootKey),
  );
});

test('an older snapshot, one of another publisher and a broken one change nothing', async () => {
  const state = at('guarded');
  const [now, first, second] = [epochMs(Date.now() + 1000), await make(1, {}), await make(2, {})];
  updateTrust({ state, from: second, publisher: at('one.pub'), now });
  const refusedWith = async (from: string, code: RegExp): Promise<void> => {
    const answer = await hauberk('trust', 'update', '--state', state, '--from', from);
    assert.equal(answer.code, 1);
    assert.match(answer.error, code);
    assert.equal(presentSnapshot(state, now)?.sequence, 2);
  };
  await refusedWith(first, /trust\.rollback/);
  await refusedWith(second, /trust\.rollback/);
  await refusedWith(await make(3, {}, 'two'), /trust\.signature/);
  await refusedWith(write('broken.jwt', readFileSync(second, 'utf8').slice(0, -8)), /trust\.signature/);
  await refusedWith(at('nowhere.jwt'), /ENOENT/);
  updateTrust({ state, from: await make(1, {}, 'two'), publisher: at('two.pub'), now: epochMs(Date.now() + 1000) });
  assert.equal(presentSnapshot(state, epochMs(Date.now() + 1000))?.sequence, 1);
});

test('a running gateway reads the lists of a newer snapshot', async () => {
  const state = at('running');
  const early = epochMs(Date.now() + 1000);
  updateTrust({ state, from: await make(1, { a: 'REVOKED' }), publisher: at('one.pub'), now: early });
  const revocations = stateRevocations(state, () => assert.fail('refused'));
  assert.deepEqual([...(revocations(early).android?.statuses.keys() ?? [])], ['a']);
  updateTrust({ state, from: await make(2, { a: 'REVOKED', b: 'SUSPENDED' }), publisher: undefined, now: early });
  const later = epochMs(early + 2000);
  assert.deepEqual([...(revocations(later).android?.statuses.keys() ?? [])], ['a', 'b']);
});

test('of two lists the one that was fetched later counts', () => {
  const list = (takenAt: number) => ({ takenAt: epochMs(takenAt), statuses: new Map<string, string>() });
  const [old, fresh] = [{ android: list(1), huks: list(5) }, { android: list(2) }];
  const now = epochMs(9);
  assert.deepEqual(
    newestRevocations(
      () => old,
      () => fresh,
    )(now),
    { android: list(2), huks: list(5) },
  );
  assert.deepEqual(
    newestRevocations(
      () => fresh,
      () => old,
    )(now),
    { android: list(2), huks: list(5) },
  );
});

test('wrong usage and wrong files are told', async () => {
  for (const args of [['update'], ['status'], ['make'], ['update', '--nope']])
    assert.equal((await hauberk('trust', ...args)).code, 2, args.join(' '));
  const missing = await hauberk('trust', 'status', '--state', at('empty'));
  assert.match(missing.error, /trust\.missing/);
  const plan = write('bad-plan.json', '{"sequence": 0}');
  const bad = await hauberk('trust', 'make', '--plan', plan, '--key', at('one.pem'), '--out', at('out.jwt'));
  assert.match(bad.error, /trust\.plan/);
  const good = write('good-plan.json', '{"sequence": 1}');
  const key = await hauberk('trust', 'make', '--plan', good, '--key', at('rsa.pem'), '--out', at('out.jwt'));
  assert.match(key.error, /trust\.key/);
});

test('a snapshot takes over what the FIDO Metadata Service says of models, if its root vouches for it', async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [rootName, signerName] = [name('metadata root'), name('metadata signer')];
  const about = { key: pair.publicKey, signer: pair.privateKey, issuer: rootName };
  write('metadata-root.pem', pem('CERTIFICATE', mint({ ...about, subject: rootName, extensions: [authority()] })));
  const leaf = mint({ ...about, subject: signerName });
  const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const blob = (nextUpdate: string): string => {
    const entries = [
      { aaguid: '00000001-0000-4000-8000-000000000000', metadataStatement: { keyProtection: ['hardware', 'tee'] } },
    ];
    const header = { alg: 'RS256', typ: 'JWT', x5c: [Buffer.from(leaf).toString('base64')] };
    const signed = `${text(header)}.${text({ nextUpdate, entries })}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), pair.privateKey).toString('base64url')}`;
  };
  const authenticators = { blob: 'metadata.jwt', root: 'metadata-root.pem' };
  const plan = write('metadata-plan.json', JSON.stringify({ sequence: 1, authenticators }));
  const [state, out] = [at('metadata-state'), at('metadata-snapshot.jwt')];
  const made = () => hauberk('trust', 'make', '--plan', plan, '--key', at('one.pem'), '--out', out);
  write('metadata.jwt', blob('2020-01-01'));
  assert.match((await made()).error, /metadata\.expired/);
  write('metadata.jwt', `${blob('2035-01-01')}\n`);
  assert.equal((await made()).code, 0);
  const updated = await hauberk('trust', 'update', '--state', state, '--from', out, '--publisher', at('one.pub'));
  assert.match(updated.out, /roots authenticators: 1/);
  const present = presentSnapshot(state, epochMs(Date.now()));
  assert.deepEqual([...(present?.anchors.authenticators?.values() ?? [])], [{ tier: 'tee', isBroken: false }]);
});
