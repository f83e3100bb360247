import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signTrustSnapshot, type TokenSigner } from '@hauberk/attestation';
import { epochMs } from '@hauberk/primitives';
import { presentSnapshot, TrustError, updateTrust } from '@hauberk/server';
import type { Attack } from './attack.ts';

const hour = 3_600_000;
const now = epochMs(Date.now());
const serial = 'abc';

interface Bench {
  readonly folder: string;
  readonly publisher: string;
  readonly key: KeyObject;
}

const onBench = (work: (bench: Bench) => string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-attack-'));
  try {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const publisher = join(folder, 'publisher.pem');
    writeFileSync(publisher, publicKey.export({ format: 'pem', type: 'spki' }));
    return work({ folder, publisher, key: privateKey });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A snapshot as its publisher signs it: the later one lists a leaked key. */
const snapshotFile = ({ folder }: Bench, sequence: number, key: KeyObject): string => {
  const signer: TokenSigner = {
    algorithm: 'EdDSA',
    keyId: 'publisher',
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
  const takenAt = epochMs(now - (3 - sequence) * hour);
  const statuses = new Map(sequence === 1 ? [] : [[serial, 'REVOKED']]);
  const revocations = { android: { takenAt, statuses } };
  const file = join(folder, `${sequence}.jwt`);
  writeFileSync(
    file,
    signTrustSnapshot({ sequence, takenAt, anchors: {}, revocations }, signer, (at) => new Date(at).toISOString()),
  );
  return file;
};

/** What is believed of the leaked key after this snapshot was offered; the code when it was refused. */
const offer = ({ folder, publisher }: Bench, from: string, isFirst: boolean): string => {
  const state = join(folder, 'state');
  try {
    updateTrust({ state, from, publisher: isFirst ? publisher : undefined, now });
  } catch (error) {
    if (error instanceof TrustError) return error.code;
    throw error;
  }
  return presentSnapshot(state, now)?.revocations.android?.statuses.get(serial) ?? 'forgotten';
};

/** A once valid snapshot, or one of the attacker's own, is handed to a gateway without a network, so that it forgets a revocation. */
export const attack: Attack = {
  id: 'trust-rollback',
  title: 'an old snapshot of trust, and one of somebody else',
  expected: 'refused as a rollback, and for its signature; the revocation stays',
  needs: 'own-gateway',
  run: () => {
    const observed = onBench((bench) => {
      const listed = offer(bench, snapshotFile(bench, 2, bench.key), true);
      const old = offer(bench, snapshotFile(bench, 1, bench.key), false);
      const foreign = offer(bench, snapshotFile(bench, 3, generateKeyPairSync('ed25519').privateKey), false);
      const kept = presentSnapshot(join(bench.folder, 'state'), now)?.revocations.android?.statuses.get(serial);
      return [listed, old, foreign, kept ?? 'forgotten'].join(', ');
    });
    return Promise.resolve({ observed, held: observed === 'REVOKED, trust.rollback, trust.signature, REVOKED' });
  },
  // To a gateway that has seen nothing newer, the old snapshot is the latest.
  control: () =>
    Promise.resolve(onBench((bench) => offer(bench, snapshotFile(bench, 1, bench.key), true)) === 'forgotten'),
};
