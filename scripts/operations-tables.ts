/** The tables of docs/operations.md that come from the program: printed here, compared in test/operations-page.test.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { sampleName } from '../packages/server/src/observability/exposition.ts';
import { eventShapes } from '../packages/server/src/observability/log-events.ts';
import type { FieldKind } from '../packages/server/src/observability/log-fields.ts';
import { metricFamilies } from '../packages/server/src/observability/metric-families.ts';

const code = (text: string): string => `\`${text}\``;

const metricsTable = (): string =>
  [
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...metricFamilies.map((family) => {
      const labels = family.labels.map(code).join(', ');
      return `| ${code(sampleName(family))} | ${family.type} | ${labels} | ${family.help} |`;
    }),
  ].join('\n');

const kindText = (kind: FieldKind): string => (typeof kind === 'string' ? '' : ` (${kind.map(code).join(' or ')})`);

const eventsTable = (): string =>
  [
    '| event | level | fields | meaning |',
    '|---|---|---|---|',
    ...Object.entries(eventShapes).map(([name, { level, fields, meaning }]) => {
      const shown = Object.entries(fields).map(([field, kind]) => code(field) + kindText(kind));
      return `| ${code(name)} | ${level} | ${shown.join(', ')} | ${meaning} |`;
    }),
  ].join('\n');

const tables: Readonly<Record<string, () => string>> = { metrics: metricsTable, events: eventsTable };

/** The page with every table made anew, between `<!-- NAME -->` and `<!-- /NAME -->`. */
export const withTables = (page: string): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the page has no place for the table ${name}`);
    return text.slice(0, from + start.length) + table() + text.slice(to);
  }, page);

if (import.meta.main) {
  const file = new URL('../docs/operations.md', import.meta.url);
  writeFileSync(file, withTables(readFileSync(file, 'utf8')));
}
