/** Bad answers of Play Integrity. */
import type { PlayIntegrityExpectations } from '@hauberk/attestation';
import { epochMs, toHex, utf8 } from '@hauberk/primitives';
import { type PlayClaims, type PlayTokenOptions, playToken } from '../play-integrity.ts';
import { sha256, signingKey } from '../signing-key.ts';
import { caseTime, caseWorld, type Minted, type NegativeCase } from './judge.ts';

const nonce = sha256(utf8('the challenge of this enrolment, bound to the key'));

const shown = (
  changed: Partial<PlayClaims>,
  options: PlayTokenOptions = {},
  expected: Partial<PlayIntegrityExpectations> = {},
  edit: (token: string) => string = (token) => token,
): Minted => {
  const { play, app } = caseWorld();
  const { packageName, versionCode, signerDigest } = app;
  return {
    check: 'play-integrity',
    token: edit(playToken(play, { nonce, packageName, versionCode, signerDigest, ...changed }, options)),
    expected: {
      nonce,
      packages: new Set([packageName]),
      digests: new Set([toHex(signerDigest)]),
      now: epochMs(caseTime),
      ...expected,
    },
  };
};

const play = (name: string, expectedReason: string, what: string, mint: () => readonly Minted[]): NegativeCase => ({
  name: `play-${name}`,
  platform: 'play-integrity',
  what,
  mint,
  expectedReason: `play-integrity.${expectedReason}`,
});

/** All of them. */
export const playCases: readonly NegativeCase[] = [
  play('foreign-keys', 'encryption', 'Sealed for another app’s response key, cut, or no token at all.', () => [
    shown({}, { decryption: sha256(utf8('another app')) }),
    shown({}, {}, {}, (token) => token.slice(0, -4)),
    shown({}, {}, {}, () => 'a.b.c.d.e'),
  ]),
  play('forged', 'signature', 'Sealed with the right key, and not signed by Play, or by nobody.', () => [
    shown({}, { signer: signingKey('p256') }),
    shown({}, { algorithm: 'none' }),
  ]),
  play('no-details', 'payload', 'An answer that does not say to what.', () => [shown({ isEmpty: true })]),
  play('package-mismatch', 'package', 'Another app asked, or another one runs than the one that asked.', () => [
    shown({ packageName: 'com.example.game' }),
    shown({ runningPackage: 'com.example.game' }),
  ]),
  play('wrong-nonce', 'nonce', 'An answer to another request, or for another key.', () => [
    shown({ nonce: sha256(utf8('another')) }),
    shown({ nonce: nonce.slice(0, 8) }, {}, { nonce: nonce.slice(0, 8) }),
  ]),
  play('stale-token', 'timestamp', 'A token of an hour ago, or of the future.', () => [
    shown({ requestedAt: caseTime - 3_600_000 }),
    shown({ requestedAt: caseTime + 3_600_000 }),
  ]),
  play('test-answer', 'testing', 'An answer that the console was told to give.', () => [shown({ isTest: true })]),
  play('unrecognised', 'app', 'The app is not the one that Play knows.', () => [
    shown({ recognition: 'UNRECOGNIZED_VERSION' }),
    shown({ recognition: 'UNEVALUATED' }),
  ]),
  play('repackaged', 'signer', 'Signed by somebody else.', () => [
    shown({ signerDigest: sha256(utf8('somebody else')) }),
  ]),
  play('weak-device', 'device', 'An emulator, a rooted device, or one that is only basic.', () => [
    shown({ labels: [] }),
    shown({ labels: ['MEETS_VIRTUAL_INTEGRITY'] }),
    shown({ labels: ['MEETS_BASIC_INTEGRITY'] }),
    shown({ labels: ['MEETS_DEVICE_INTEGRITY'] }, {}, { leastLabel: 'MEETS_STRONG_INTEGRITY' }),
  ]),
  play('unlicensed', 'licence', 'The app was not got from Play, where that is asked for.', () => [
    shown({ licence: 'UNLICENSED' }, {}, { requireLicence: true }),
  ]),
];
