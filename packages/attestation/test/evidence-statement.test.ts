/** The text form of evidence. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  evidenceStatement,
  maxEvidenceText,
  readEvidenceStatement,
  readUserProof,
  type StatedEvidence,
  userProofText,
} from '../src/evidence-statement.ts';

const codeOf = (kind: string, text: string): string => {
  const read = readEvidenceStatement(kind, text);
  return read.ok ? 'read' : read.code;
};

const [one, two] = [utf8('one'), utf8('two')];
const all: readonly StatedEvidence[] = [
  { kind: 'android-key', certificates: [one, two, one] },
  { kind: 'huks', certificates: [one] },
  { kind: 'app-attest', keyId: one, attestationObject: two },
  { kind: 'webauthn', clientDataJson: one, attestationObject: two },
  { kind: 'play-integrity', token: 'a.b.c.d.e' },
];
for (const evidence of all)
  test(`evidence of kind ${evidence.kind} reads as it was written`, () => {
    const read = readEvidenceStatement(evidence.kind, evidenceStatement(evidence));
    assert.deepEqual(read, { ok: true, value: evidence });
  });

test('what is no evidence has a code', () => {
  assert.equal(codeOf('android-key', ''), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('android-key', 'b25l..b25l'), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('android-key', 'b25l='), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('android-key', Array.from({ length: 9 }, () => 'b25l').join('.')), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('android-key', '.'.repeat(maxEvidenceText)), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('app-attest', 'b25l'), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('webauthn', 'b25l.b25l.b25l'), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('play-integrity', 'a'.repeat(maxEvidenceText + 1)), 'EVIDENCE_MALFORMED');
  assert.equal(codeOf('safetynet', 'b25l'), 'EVIDENCE_KIND_UNSUPPORTED');
});

test('every text is read or refused with a code, and one that is read has no other spelling', () => {
  const kind = fc.constantFrom('android-key', 'huks', 'app-attest', 'webauthn', 'play-integrity', 'other');
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_.-]{0,60}$/));
  fc.assert(
    fc.property(kind, text, (name, written) => {
      const read = readEvidenceStatement(name, written);
      return read.ok ? evidenceStatement(read.value) === written : read.code.startsWith('EVIDENCE_');
    }),
  );
});

test('a proof of the user reads as it was written, and nothing else does', () => {
  const proof = { credentialId: one, clientDataJson: two, authenticatorData: one, signature: two };
  assert.deepEqual(readUserProof(userProofText(proof)), { ok: true, value: proof });
  for (const text of ['', 'b25l', 'b25l.b25l.b25l', 'b25l.b25l.b25l.b25l.b25l', 'b25l.b25l.b25l.', '....'])
    assert.equal(readUserProof(text).ok, false, text);
});
