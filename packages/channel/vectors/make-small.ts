/** Step-up signatures and the replay window. */
import {
  claimSequence,
  encodeStepUpAnswer,
  stepUpBytes,
  type Transaction,
  thumbprintInput,
  transactionBytes,
  windowWords,
} from '@hauberk/channel';
import { toBase64Url, utf8 } from '@hauberk/primitives';
import { scriptedCrypto } from '../test/fixture/scripted-crypto.ts';
import { hex, type VectorFile } from './vector.ts';

/** Every step-up case. */
export const stepUpVectors = (): VectorFile => {
  const crypto = scriptedCrypto('step-up');
  const key = crypto.generateKeyPair('p256', 'sign');
  const challenge = crypto.random(32);
  const body = '{"amount":100}';
  const transaction: Transaction = {
    deviceId: toBase64Url(crypto.random(16)),
    customerId: 'c-7',
    service: 'retail',
    target: { method: 'POST', path: '/transfers', query: '?' },
    bodyHash: crypto.sha256(utf8(body)),
  };
  const digest = crypto.sha256(transactionBytes(transaction));
  const header = encodeStepUpAnswer({
    challenge,
    keyThumbprint: crypto.sha256(thumbprintInput(key.publicKey)),
    signature: crypto.sign(key.privateKey, stepUpBytes(challenge, digest)),
  });
  const { deviceId, customerId, service, target } = transaction;
  const given = { publicKey: toBase64Url(key.publicKey), deviceId, customerId, service, ...target, body, header };
  return {
    about: 'Step-up answers (docs/wire.md section 13): whether the header approves the transaction that is given.',
    cases: [
      { name: 'as it should be', given, expect: 'ok', result: { transactionDigestHex: hex(digest) } },
      { name: 'nobody logged in', given: { ...given, customerId: '' }, expect: 'step-up.signature' },
      { name: 'another body', given: { ...given, body: '{"amount":900}' }, expect: 'step-up.signature' },
      {
        name: 'a field boundary moved',
        given: { ...given, service: 'retai', method: 'lPOST' },
        expect: 'step-up.signature',
      },
      { name: 'cut short', given: { ...given, header: header.slice(0, -4) }, expect: 'step-up.malformed' },
    ],
  };
};

const runs: readonly (readonly [string, readonly number[]])[] = [
  ['in order, each twice', [1, 1, 2, 2, 3, 3]],
  ['backwards within the guaranteed width', [112, 0, 111, 1, 0]],
  ['behind the window', [128, 0, 16, 127, 16]],
  ['a jump that empties one word only', [15, 128, 14, 31, 31]],
  ['the last number', [1_048_575, 1_048_463, 1_048_447, 1_048_575]],
];

/** Every window case. */
export const windowVectors = (): VectorFile => ({
  about:
    'The replay window (docs/wire.md section 11): verdicts on sequence numbers claimed one after the other in a new session.',
  cases: runs.map(([name, sequences]) => {
    const table = new Int32Array(windowWords);
    const verdicts = sequences.map((sequence) => claimSequence(table, 0, sequence));
    return { name, given: { sequences }, expect: 'ok', result: { verdicts } };
  }),
});
