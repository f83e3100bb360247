/** Writes cases.json: conditions, facts, and whether each holds, for any second implementation. `node packages/decision/vectors/build-cases.ts` */
import { writeFileSync } from 'node:fs';
import { interpret } from '../src/policy/interpret.ts';
import { toJsonForm } from '../src/policy/json-form.ts';
import { printExpression } from '../src/policy/print.ts';
import { caseLists, caseSchema, drawsFrom, listsInOrder, randomExpression, randomFacts } from './random-policy.ts';

const draw = drawsFrom(1);
const paths = [...caseSchema.fields.keys()];
const cases = Array.from({ length: 1200 }, (_, index) => {
  const expression = randomExpression(draw, 'truth', 1 + (index % 4));
  const facts = randomFacts(draw);
  const value = interpret(caseSchema, expression, facts, listsInOrder);
  const named = paths.flatMap((path, place) => (facts[place] === undefined ? [] : [[path, facts[place]] as const]));
  return {
    text: printExpression(expression),
    json: toJsonForm(expression),
    facts: Object.fromEntries(named),
    value: value === undefined ? null : value,
  };
});
const document = {
  specVersion: 1,
  description:
    'Conditions of the policy language (docs/policy-language.md). A field that facts lack is missing; value is true, false, or null for missing.',
  fields: Object.fromEntries([...caseSchema.fields].map(([path, { type }]) => [path, type])),
  lists: caseLists,
  cases,
};
const lines = cases.map((each) => `    ${JSON.stringify(each)}`).join(',\n');
const head = JSON.stringify({ ...document, cases: [] }, null, 2).replace('"cases": []', `"cases": [\n${lines}\n  ]`);
writeFileSync(new URL('cases.json', import.meta.url), `${head}\n`);
