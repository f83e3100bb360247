/** Chains that are stopped, in Chromium: every surface answers as the registry says, nothing else changes, and the proof tells how often. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readAccessReport } from '@hauberk/privacy/client';
import { noChromium } from './chromium.ts';
import { openPrivacyLab, type PrivacyLab } from './privacy-lab.ts';
import { isSameOutcome, type StopProof, type ToldReport } from './privacy-proof.ts';

let lab: PrivacyLab;

/** How the words of the registry look as answers; what is not here is the name of an error. */
const words: Readonly<Record<string, string>> = {
  undefined: 'undefined',
  null: 'null',
  text: 'string ',
  zero: 'number 0',
  one: 'number 1',
  list: '[object Array]',
  object: '[object Object]',
  false: 'boolean false',
  true: 'boolean true',
  denied: 'string denied',
  'no-data': 'string data:,',
  'no-content': '[object Response]',
  'blank-image': '[object ImageData]',
  'blank-samples': '[object Float32Array]',
  'blank-text': '[object TextMetrics]',
  'network-error': 'undefined',
};

const expected = ({ path, kind, answers, empty, denial }: StopProof, action: 'empty' | 'deny'): RegExp => {
  const isDenied = (action === 'deny' || empty === '-') && denial !== '=';
  const word = isDenied ? denial : empty;
  if (kind === 'event') return /^number 0$/;
  // It is made, and goes nowhere.
  if (kind === 'constructor' && word === 'invalid-url') return /^boolean true$/;
  const value = words[word];
  if (answers === 'position') return path.endsWith('watchPosition') ? /^number 0$/ : /^undefined$/;
  if (value === undefined && !word.endsWith('-url')) {
    const name = word === 'Failed to fetch' ? 'TypeError: Failed to fetch' : `${word}: `;
    return new RegExp(`^${answers === 'promise' ? 'rejects' : 'throws'} ${name}`);
  }
  if (kind === 'setter' || answers === 'callback') return /^undefined$/;
  return new RegExp(`^${answers === 'promise' ? 'resolves ' : ''}${(value ?? '').replace('[', '\\[')}$`);
};

describe('stops in Chromium', { skip: noChromium }, () => {
  before(async () => {
    lab = await openPrivacyLab();
  });
  after(() => lab.close());

  for (const action of ['empty', 'deny'] as const)
    describe(action, () => {
      let proofs: readonly StopProof[];
      let reports: readonly ToldReport[];
      before(async () => {
        ({ proofs, reports } = await lab.run<{ proofs: typeof proofs; reports: typeof reports }>(
          'privacy-probes.ts',
          'proveStops',
          action,
          500,
        ));
      });

      it('every surface answers as the registry says', () => {
        assert.ok(proofs.length >= 120);
        const wrong = proofs.filter((proof) => !expected(proof, action).test(proof.during));
        assert.deepEqual(
          wrong.map((proof) => [proof.path, proof.during, String(expected(proof, action))]),
          [],
        );
      });

      it('most answers differ from the native, so the rule above is about something', () => {
        assert.ok(proofs.filter((proof) => proof.during !== proof.before).length > 120);
      });

      it('when the directive is gone, every surface answers as before', () => {
        const changed = proofs.filter(({ path, before, after }) => !isSameOutcome(path, before, after));
        assert.deepEqual(
          changed.map((proof) => [proof.path, proof.before, proof.after]),
          [],
        );
      });

      it('every report can be read, and effects tell of every stopped call', () => {
        for (const { kind, body } of reports) assert.ok(readAccessReport(kind, 1, body).ok, kind);
        const rows = reports.flatMap(({ kind, body }) =>
          kind === 'privacy.accesses' ? (body['accesses'] as readonly { outcome: string; count: number }[]) : [],
        );
        const stopped = rows.filter(({ outcome }) => outcome === (action === 'empty' ? 'emptied' : 'denied'));
        const effects = new Map<unknown, number>();
        for (const { kind, body } of reports)
          if (kind === 'privacy.effect') effects.set(body['chain'], body['stopped'] as number);
        const sum = [...effects.values()].reduce((total, count) => total + count, 0);
        assert.ok(sum >= proofs.length);
        assert.equal(
          sum,
          stopped.reduce((total, { count }) => total + count, 0),
        );
      });
    });

  it('delay: what promises or calls back answers as the native, later; what answers at once, at once', async () => {
    const { proofs } = await lab.run<{ proofs: readonly StopProof[] }>('privacy-probes.ts', 'proveStops', 'delay');
    const changed = proofs.filter(({ path, before, during }) => !isSameOutcome(path, before, during));
    assert.deepEqual(
      changed.map((proof) => [proof.path, proof.before, proof.during]),
      [],
    );
  });
});
