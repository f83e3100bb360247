import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  context,
  type EnrolmentRequest,
  encodeStepUpAnswer,
  enrolmentPayload,
  isRawPoint,
  maxReportsPerBatch,
  type Report,
  readReportBatch,
  readStepUpAnswer,
  reportBatch,
  signDocument,
  stepUpBytes,
  type Transaction,
  thumbprintInput,
  transactionBytes,
  verifyEnrolment,
  verifyStepUp,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { codeOf, valueOf } from './fixture/client.ts';
import { resign, respell } from './fixture/documents.ts';
import { seeded } from './fixture/seed.ts';
import { birth } from './fixture/world.ts';

const pair = nodeCrypto.generateKeyPair('p256', 'sign');
const stranger = nodeCrypto.generateKeyPair('p256', 'sign');

const enrolment: EnrolmentRequest = {
  challenge: nodeCrypto.random(32),
  publicKey: pair.publicKey,
  purpose: 'identity',
  organisation: 'bank',
  app: 'mobile',
  service: 'retail',
  evidence: { kind: 'software' },
  deviceId: null,
};
const text = signDocument(nodeCrypto, pair.privateKey, context.enrol, enrolmentPayload(enrolment));
const resigned = (change: Readonly<Record<string, unknown>>): string => resign(pair, text, change, context.enrol);

describe('enrolment', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['accepted', 'software evidence', text],
    ['accepted', 'evidence with a statement', resigned({ evidence: { kind: 'android-key', statement: 'x' } })],
    ['accepted', 'a step-up key of a device', resigned({ purpose: 'step-up', deviceId: 'd' })],
    ['enrol.malformed', 'no document', 'x'],
    ['enrol.malformed', 'another version', resigned({ v: 2 })],
    ['enrol.malformed', 'a member too many', resigned({ tier: 3 })],
    ['enrol.malformed', 'a purpose that does not exist', resigned({ purpose: 'root' })],
    ['enrol.malformed', 'a short challenge', resigned({ challenge: 'AAAA' })],
    ['enrol.malformed', 'a key in another form', resigned({ publicKey: toBase64Url(new Uint8Array(65).fill(2)) })],
    [
      'enrol.malformed',
      'software evidence that says more',
      resigned({ evidence: { kind: 'software', statement: 'x' } }),
    ],
    ['enrol.malformed', 'evidence without a statement', resigned({ evidence: { kind: 'app-attest' } })],
    ['enrol.signature', "another's key", respell(text, { publicKey: toBase64Url(stranger.publicKey) })],
    ['enrol.signature', 'another challenge', respell(text, { challenge: toBase64Url(new Uint8Array(32)) })],
    ['enrol.signature', 'a point off the curve', respell(text, { publicKey: toBase64Url(new Uint8Array(65).fill(4)) })],
    ['enrol.signature', 'signed under another context', resign(pair, text, {}, context.hello)],
  ];
  for (const [code, title, document] of cases) {
    it(`${code}: ${title}`, () => assert.equal(codeOf(verifyEnrolment(nodeCrypto, document)), code));
  }

  it('what is read is what was asked', () => assert.deepEqual(valueOf(verifyEnrolment(nodeCrypto, text)), enrolment));

  it('the thumbprint is that of RFC 7638', () => {
    const jwk: unknown = JSON.parse(fromUtf8(thumbprintInput(pair.publicKey)) ?? '');
    assert.deepEqual(Object.keys(jwk ?? {}), ['crv', 'kty', 'x', 'y']);
    assert.equal(isRawPoint(pair.publicKey), true);
    assert.equal(isRawPoint(pair.publicKey.subarray(1)), false);
  });
});

const transaction: Transaction = {
  deviceId: 'device',
  customerId: 'customer',
  service: 'retail',
  target: { method: 'POST', path: '/transfers', query: '?' },
  bodyHash: nodeCrypto.sha256(utf8('{"amount":1}')),
};
const challenge = nodeCrypto.random(32);
const signed = nodeCrypto.sign(
  pair.privateKey,
  stepUpBytes(challenge, nodeCrypto.sha256(transactionBytes(transaction))),
);
const answer = { challenge, keyThumbprint: nodeCrypto.sha256(thumbprintInput(pair.publicKey)), signature: signed };

describe('step-up', () => {
  const moved: readonly (readonly [string, Transaction])[] = [
    ['device', { ...transaction, deviceId: 'other' }],
    ['customer', { ...transaction, customerId: '' }],
    ['service', { ...transaction, service: 'other' }],
    ['method', { ...transaction, target: { ...transaction.target, method: 'PUT' } }],
    ['path', { ...transaction, target: { ...transaction.target, path: '/transfer' } }],
    ['query', { ...transaction, target: { ...transaction.target, query: '?a' } }],
    ['body', { ...transaction, bodyHash: nodeCrypto.sha256(utf8('{"amount":2}')) }],
    ['boundary between two fields', { ...transaction, deviceId: 'devicec', customerId: 'ustomer' }],
  ];
  it('the key signed this very transaction', () => {
    assert.equal(codeOf(verifyStepUp(nodeCrypto, pair.publicKey, answer, transaction)), 'accepted');
  });
  for (const [what, other] of moved) {
    it(`step-up.signature: an answer moved to another ${what}`, () =>
      assert.equal(codeOf(verifyStepUp(nodeCrypto, pair.publicKey, answer, other)), 'step-up.signature'));
  }
  it("step-up.signature: another key's, or another challenge's", () => {
    assert.equal(codeOf(verifyStepUp(nodeCrypto, stranger.publicKey, answer, transaction)), 'step-up.signature');
    const other = { ...answer, challenge: new Uint8Array(32) };
    assert.equal(codeOf(verifyStepUp(nodeCrypto, pair.publicKey, other, transaction)), 'step-up.signature');
  });
  it('no two transactions have the same bytes', () => {
    const part = fc.string({ maxLength: 4 });
    const transactions = fc.record({ deviceId: part, customerId: part, service: part, path: part, query: part });
    const bytesOf = ({
      path,
      query,
      ...names
    }: {
      deviceId: string;
      customerId: string;
      service: string;
      path: string;
      query: string;
    }) => toBase64Url(transactionBytes({ ...transaction, ...names, target: { method: 'POST', path, query } }));
    fc.assert(
      fc.property(transactions, transactions, (one, other) => {
        assert.equal(bytesOf(one) === bytesOf(other), isDeepStrictEqual(one, other));
      }),
      seeded('transactions', 500),
    );
  });
  it('the header is read back, and nothing else is', () => {
    const header = encodeStepUpAnswer(answer);
    assert.deepEqual(valueOf(readStepUpAnswer(header)), answer);
    const [first = '', second = '', third = ''] = header.split('.');
    const wrong = [
      '',
      'a.b.c',
      `${header}.`,
      `${header}.AAAA`,
      `${first}.${second}`,
      `${second}.${first}.${first}`,
      `${first} .${second}.${third}`,
      'A'.repeat(600),
    ];
    for (const value of wrong) assert.equal(codeOf(readStepUpAnswer(value)), 'step-up.malformed', value);
    assert.equal(fromBase64Url(third)?.length, 64);
  });
});

const report: Report = {
  id: 'r1',
  kind: 'crash',
  kindVersion: 1,
  loss: 'must-keep',
  eventAtMs: birth,
  body: { at: 'x' },
};

describe('reports', () => {
  const batch = (members: object): Uint8Array => utf8(JSON.stringify({ v: 1, reports: [report], ...members }));
  const cases: readonly (readonly [string, string, Uint8Array])[] = [
    ['accepted', 'one report', utf8(reportBatch([report]))],
    ['accepted', 'an empty batch', utf8(reportBatch([]))],
    ['document.malformed', 'no JSON', utf8('{')],
    ['document.malformed', 'no UTF-8', Uint8Array.of(0xff)],
    ['document.malformed', 'a member too many', batch({ extra: 1 })],
    ['document.malformed', 'no list', batch({ reports: {} })],
    [
      'document.malformed',
      'one unreadable report among good ones',
      batch({ reports: [report, { ...report, loss: 'any' }] }),
    ],
    ['document.malformed', 'a report with a member too many', batch({ reports: [{ ...report, tier: 3 }] })],
    ['document.malformed', 'too many', batch({ reports: Array(maxReportsPerBatch + 1).fill(report) })],
    ['document.version', 'another version', batch({ v: 2 })],
  ];
  for (const [code, title, body] of cases) {
    it(`${code}: ${title}`, () => assert.equal(codeOf(readReportBatch(body)), code));
  }
  it('what is read is what was reported', () =>
    assert.deepEqual(valueOf(readReportBatch(utf8(reportBatch([report])))), [report]));
});
