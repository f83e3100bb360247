/** Writes cases.json: conditions, facts, and whether each holds, for any second implementation. `node packages/decision/vectors/build-cases.ts` */
import { writeFileSync } from 'node:fs';
import { PolicyEvaluator } from '../src/policy/evaluate.ts';
import { interpret } from '../src/policy/interpret.ts';
import { toJsonForm } from '../src/policy/json-form.ts';
import { compilePolicy } from '../src/policy/policy.ts';
import { printExpression } from '../src/policy/print.ts';
import { readPolicy } from '../src/policy/read-policy.ts';
import type { Facts } from '../src/policy/schema.ts';
import {
  caseLists,
  caseSchema,
  drawsFrom,
  listsInOrder,
  randomExpression,
  randomFacts,
  randomPolicy,
} from './random-policy.ts';

const draw = drawsFrom(1);
const paths = [...caseSchema.fields.keys()];
const named = (facts: Facts): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    paths.flatMap((path, place) => (facts[place] === undefined ? [] : [[path, facts[place]] as const])),
  );
const cases = Array.from({ length: 1200 }, (_, index) => {
  const expression = randomExpression(draw, 'truth', 1 + (index % 4));
  const facts = randomFacts(draw);
  const value = interpret(caseSchema, expression, facts, listsInOrder);
  return {
    text: printExpression(expression),
    json: toJsonForm(expression),
    facts: named(facts),
    value: value === undefined ? null : value,
  };
});
const policies = Array.from({ length: 200 }, () => {
  const document = randomPolicy(draw);
  const read = readPolicy(document, caseSchema);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const evaluator = new PolicyEvaluator(compilePolicy(read.value, caseSchema));
  const facts = randomFacts(draw);
  const scene = draw() < 0.5 ? 'login' : 'pay';
  const atMs = Date.UTC(2026, 6, 20) + Math.floor(draw() * 14 * 24 * 60) * 60_000;
  return { document, scene, atMs, facts: named(facts), result: evaluator.evaluate(scene, facts, listsInOrder, atMs) };
});
const document = {
  specVersion: 2,
  description:
    'Conditions of the policy language (docs/policy-language.md). A field that facts lack is missing; value is true, false, or null for missing. Of policies: what comes out for a scene, an instant and facts; fired are places of rules.',
  fields: Object.fromEntries([...caseSchema.fields].map(([path, { type }]) => [path, type])),
  lists: caseLists,
  cases,
  policies,
};
const linesOf = (each: readonly unknown[]): string => each.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
const text = JSON.stringify({ ...document, cases: [], policies: [] }, null, 2)
  .replace('"cases": []', () => `"cases": [\n${linesOf(cases)}\n  ]`)
  .replace('"policies": []', () => `"policies": [\n${linesOf(policies)}\n  ]`);
writeFileSync(new URL('cases.json', import.meta.url), `${text}\n`);
