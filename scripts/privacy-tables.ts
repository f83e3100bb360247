/** Writes the tables of docs/privacy-surfaces.md from a run in Chromium; packages/sdk/test/privacy-pages.test.ts compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openPrivacyLab } from '../packages/sdk/test/privacy-lab.ts';
import { measureTables, withTable } from '../packages/sdk/test/privacy-tables.ts';

const file = new URL('../docs/privacy-surfaces.md', import.meta.url);
const lab = await openPrivacyLab();
try {
  let page = readFileSync(file, 'utf8');
  for (const [name, text] of Object.entries(await measureTables(lab))) page = withTable(page, name, text);
  writeFileSync(file, page);
} finally {
  await lab.close();
}
