/** Writes the transition table of binding as Promela, for the model in packages/binding/model. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { attemptStates, guards, type Transition, transitions } from '@hauberk/binding';

/** Where it stands. */
export const transitionsFile: string = fileURLToPath(
  new URL('../packages/binding/model/transitions.pml', import.meta.url),
);

const macro = (name: string): string => name.replaceAll('-', '_');
const stateName = (state: string): string => state.toUpperCase();

const condition = ({ guard, when }: Transition): string => {
  const parts = [
    guard === undefined ? [] : [`on_${macro(guard)}`],
    when === undefined ? [] : [`when_${macro(when)}`],
  ].flat();
  return parts.length === 0 ? 'true' : parts.join(' && ');
};

const effect = ({ to, code }: Transition): string =>
  `next = ${stateName(to)}; refused = ${code === undefined ? 'false' : 'true'}`;

const comment = ({ code, rule }: Transition): string => {
  const words = [rule, code].filter((word) => word !== undefined).join(' ');
  return words === '' ? '' : ` /* ${words} */`;
};

/** First match: each row is tried in the `else` of the one before. */
const chain = (rows: readonly Transition[]): readonly string[] => {
  const lines: string[] = [];
  for (const [index, row] of rows.entries()) {
    const isLast = index === rows.length - 1;
    if (isLast && condition(row) === 'true') lines.push(`${effect(row)}${comment(row)}`);
    else lines.push(`if :: (${condition(row)}) -> ${effect(row)}${comment(row)} :: else ->`);
  }
  const opened = lines.filter((line) => line.startsWith('if ')).length;
  return [...lines, Array.from({ length: opened }, () => 'fi').join(' ')];
};

/** The text of transitions.pml. */
export const transitionsText = (): string => {
  const groups = [...Map.groupBy(transitions, ({ from, on }) => `step_${from}_${macro(on)}`)];
  const events = [...new Set(transitions.map(({ on }) => on))];
  const steps = groups.map(
    ([name, rows]) =>
      `inline ${name}() {\n${chain(rows)
        .map((line) => `  ${line}\n`)
        .join('')}}\n`,
  );
  const choices = groups.map(([name, [first]]) =>
    first === undefined
      ? ''
      : `  :: (st[i] == ${stateName(first.from)} && event == EV_${stateName(macro(first.on))}) -> ${name}()\n`,
  );
  return [
    '/* Written by scripts/binding-model.ts out of packages/binding/src/transitions.ts. Do not edit. */\n',
    attemptStates.map((state, index) => `#define ${stateName(state)} ${index}\n`).join(''),
    events.map((event, index) => `#define EV_${stateName(macro(event))} ${index}\n`).join(''),
    guards.map((guard, index) => `#define on_${macro(guard)} ((guards_on >> ${index}) & 1)\n`).join(''),
    ...steps,
    `inline step() {\n  if\n${choices.join('')}  :: else -> next = st[i]; refused = true\n  fi\n}\n`,
  ].join('\n');
};

const isEntry = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isEntry) {
  const text = transitionsText();
  if (!process.argv.includes('--check')) writeFileSync(transitionsFile, text);
  else if (readFileSync(transitionsFile, 'utf8') !== text) {
    console.error('packages/binding/model/transitions.pml is not what the table says: node scripts/binding-model.ts');
    process.exitCode = 1;
  }
}
