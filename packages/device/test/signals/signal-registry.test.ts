/** The registry says of every signal what the rules need. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupNotes, signalGroups, signalRegistry } from '../../src/index.ts';

test('every signal says what it is, who shows it and is honest, what it is a trace of, and on what it rests', () => {
  for (const { code, says, falsePositives, techniques, purpose, legalBasis, layers, evidence } of signalRegistry) {
    assert.ok(says.length > 5 && says.length <= 120, code);
    assert.ok(falsePositives.length > 3 && falsePositives.length <= 120, code);
    assert.ok(techniques.length > 0 && techniques.every((id) => /^(?:F\d{4}|T\d{4}(?:\.\d{3})?)$/.test(id)), code);
    assert.ok(purpose.length > 0, code);
    const isSensed = layers.includes('web') || layers.includes('native');
    assert.equal(legalBasis, isSensed ? 'consent' : 'security-of-the-service', code);
    assert.equal(evidence === 'attested', layers.includes('tee'), code);
  }
});

test('every group has signals and says what they tell of', () => {
  for (const group of signalGroups) {
    assert.ok(groupNotes[group].says.length > 0, group);
    assert.ok(
      signalRegistry.some((signal) => signal.group === group),
      group,
    );
  }
});
