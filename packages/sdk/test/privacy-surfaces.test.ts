/** Every surface of the web, in Chromium: watched, counted once a call, otherwise as the native, and gone when the aspect is off. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { webSurfaces } from '../src/privacy/web-surfaces.ts';
import { noChromium } from './chromium.ts';
import { openPrivacyLab, type PrivacyLab } from './privacy-lab.ts';
import { isSameOutcome, type SurfaceProof } from './privacy-proof.ts';
import { webTable, withTable } from './privacy-tables.ts';

let lab: PrivacyLab;
const proofs = new Map<string, SurfaceProof>();
const keyOf = ({ kind, path }: { kind: string; path: string }): string => `${kind} ${path}`;

describe('surfaces in Chromium', { skip: noChromium }, () => {
  before(async () => {
    lab = await openPrivacyLab();
    for (const proof of await lab.run<readonly SurfaceProof[]>('privacy-probes.ts', 'proveSurfaces'))
      proofs.set(keyOf(proof), proof);
  });
  after(() => lab.close());

  for (const surface of webSurfaces)
    it(`${surface.kind} ${surface.path}`, () => {
      const proof = proofs.get(keyOf(surface));
      // Not in this browser, or another name of one that is: docs/privacy-surfaces.md lists it, and nothing counts it.
      if (proof === undefined) return;
      assert.equal(proof.state, 'watched');
      assert.ok(proof.isReplaced);
      const same = proof.watched.map((outcome, index) =>
        isSameOutcome(surface.path, outcome, proof.native[index] ?? ''),
      );
      if (same.includes(false) || same.length !== proof.native.length) assert.deepEqual(proof.watched, proof.native);
      assert.equal(proof.watchedLooks, proof.nativeLooks);
      assert.equal(proof.counted, proof.probes.length);
      assert.ok(proof.isRestored);
      assert.match(proof.nativeText, /\[native code\]/);
      assert.equal(proof.watchedText, proof.nativeText);
    });

  it('docs/privacy-surfaces.md says what this run showed', async () => {
    const page = readFileSync(new URL('../../../docs/privacy-surfaces.md', import.meta.url), 'utf8');
    const there = await lab.run<readonly string[]>('privacy-probes.ts', 'thereIs');
    const fresh = withTable(page, 'web', webTable([...proofs.values()], there));
    const isSameBrowser = page.includes(`Chromium ${lab.browser.version().split('.')[0]}:`);
    // Another version may have other surfaces; what the registry says of each stays.
    const compared = (text: string): string => (isSameBrowser ? text : text.replaceAll(/\| [a-z ]+ \|$/gm, ''));
    assert.equal(compared(fresh), compared(page));
  });

  it('at least 120 are there and proven', () => {
    const proven = [...proofs.values()].filter(({ state, probes }) => state === 'watched' && probes.length > 0);
    assert.ok(proven.length >= 120, `${proven.length}`);
  });
});
