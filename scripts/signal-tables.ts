/** Writes the tables of docs/signals.md from the registry: `node scripts/signal-tables.ts`, or `--check`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupNotes, signalGroups, signalRegistry } from '@hauberk/device';

const file = join(import.meta.dirname, '../docs/signals.md');
const begin = '<!-- tables: made by scripts/signal-tables.ts -->';
const end = '<!-- end of tables -->';

const span = (ms: number): string => {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000} d`;
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : `${ms / 60_000} min`;
};

const row = (signal: (typeof signalRegistry)[number]): string =>
  [
    `\`${signal.code}\``,
    signal.says,
    `${signal.layers.join(', ')} (${signal.origin})`,
    signal.evidence,
    signal.tier,
    signal.item,
    `${span(signal.ttlMs)} / ${span(signal.everyMs)}`,
    String(signal.points),
    signal.falsePositives,
    signal.techniques.join(' '),
    signal.elsewhere === '' ? '–' : signal.elsewhere,
  ].join(' | ');

/** The tables. */
export const signalTables = (): string =>
  signalGroups
    .map((group) => {
      const rows = signalRegistry.filter((signal) => signal.group === group).map((signal) => `| ${row(signal)} |`);
      return [
        `### \`${group}\``,
        '',
        `${groupNotes[group].says.replace(/^./, (letter) => letter.toUpperCase())}.`,
        '',
        '| code | says | sensed by (read from) | evidence | scene from | data item | lives / at most every | points | honest people who show it | techniques | elsewhere |',
        '|---|---|---|---|---|---|---|---|---|---|---|',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');

/** The page with its tables made anew. */
export const withTables = (page: string): string => {
  const [head = '', rest = ''] = page.split(begin);
  return `${head}${begin}\n\n${signalTables()}\n\n${end}${rest.split(end)[1] ?? ''}`;
};

if (import.meta.main) {
  const page = readFileSync(file, 'utf8');
  const made = withTables(page);
  if (process.argv.includes('--check')) process.exitCode = made === page ? 0 : 1;
  else writeFileSync(file, made);
}
