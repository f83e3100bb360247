/** The aspect beside zone.js and Sentry in every order of loading, and the realms of a page; docs/privacy-surfaces.md says what came of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { noChromium } from './chromium.ts';
import { openPrivacyLab, type PrivacyLab } from './privacy-lab.ts';
import type { RealmProof } from './privacy-proof.ts';
import {
  loadOrders,
  otherTables,
  peersTable,
  realmsTable,
  runPeers,
  runRealms,
  servePrivacyPages,
  withTable,
} from './privacy-tables.ts';

const page = readFileSync(new URL('../../../docs/privacy-surfaces.md', import.meta.url), 'utf8');

it('the tables that no browser is needed for are those of the registry', () => {
  for (const [name, text] of Object.entries(otherTables)) assert.equal(withTable(page, name, text), page);
});

describe('pages in Chromium', { skip: noChromium }, () => {
  let lab: PrivacyLab;
  const peers: Readonly<Record<string, boolean>>[] = [];
  before(async () => {
    lab = await openPrivacyLab();
    await servePrivacyPages(lab);
  });
  after(() => lab.close());

  for (const order of loadOrders)
    it(`${order.join(', ')}: everything holds`, async () => {
      const result = await runPeers(lab, order);
      peers.push(result);
      assert.deepEqual(
        Object.entries(result).filter(([, holds]) => !holds),
        [],
      );
      assert.ok(Object.keys(result).length >= 13);
    });

  it('the table of the load orders is of this run', () => {
    assert.equal(withTable(page, 'peers', peersTable(peers)), page);
  });

  it('the table of the realms is of this run, and what is reached is seen', async () => {
    const proofs: readonly RealmProof[] = await runRealms(lab);
    assert.equal(withTable(page, 'realms', realmsTable(proofs)), page);
    assert.deepEqual(
      proofs.filter(({ reached }) => reached === 'not seen'),
      [],
    );
  });
});
