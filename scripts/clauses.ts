/**
 * `npm run clauses`: rule → tests. Runs the tests of binding and asks for each rule at least one that passed named `Bnn holds…` and one
 * named `Bnn refuses…`. The last line is `clauses B: N of 26`; anything less, or a failing test, exits with 1.
 */
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { ruleIds } from '@hauberk/binding';

const files = globSync(['packages/binding/test/*.test.ts', 'packages/server/test/binding*.test.ts']);
const passed = new Map<string, string[]>();
let failed = 0;

const note = (name: string): void => {
  const clause = /^(B\d\d) (holds|refuses)\b/.exec(name)?.[0];
  if (clause !== undefined) passed.set(clause, [...(passed.get(clause) ?? []), name]);
};

const stream = run({ files, concurrency: 2, timeout: 300_000 });
stream.on('test:pass', ({ name, skip, todo }) => {
  if (skip === undefined && todo === undefined) note(name);
});
stream.on('test:fail', ({ name, details }) => {
  if (details.type === 'suite') return;
  failed += 1;
  console.log(`failed: ${name}`);
});
stream.on('end', () => {
  const gaps = ruleIds.flatMap((id) => [`${id} holds`, `${id} refuses`]).filter((clause) => !passed.has(clause));
  for (const id of ruleIds) {
    console.log(id);
    for (const side of ['holds', 'refuses'])
      for (const name of passed.get(`${id} ${side}`) ?? []) console.log(`  ${name.slice(4)}`);
  }
  for (const gap of gaps) console.log(`no test: ${gap}`);
  const covered = ruleIds.filter((id) => !gaps.some((gap) => gap.startsWith(id))).length;
  process.exitCode = gaps.length === 0 && failed === 0 ? 0 : 1;
  console.log(`clauses B: ${covered} of ${ruleIds.length}`);
});
stream.resume();
