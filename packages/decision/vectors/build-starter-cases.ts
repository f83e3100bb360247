/**
 * Writes starter-cases.json: for every rule of the starter policies the least facts that make it fire, and facts next to them that do not.
 * `node packages/decision/vectors/build-starter-cases.ts`, after a rule was changed; the difference shows what the change did to its boundary.
 */
import { writeFileSync } from 'node:fs';
import { signalRules } from '@hauberk/device';
import { factSchema, type ScalarType } from '../src/engine/fact-schema.ts';
import { interpret } from '../src/policy/interpret.ts';
import { parseExpression } from '../src/policy/parser.ts';
import { factsFrom, type Lists, type PolicySchema } from '../src/policy/schema.ts';
import type { Expression } from '../src/policy/syntax.ts';
import { catalogueFacts } from '../src/scenes/catalogue.ts';
import { type RuleDocument, starterLists, starterPolicies } from '../src/starter/starter.ts';

type Values = Readonly<Record<string, unknown>>;

const partsOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'binary':
      return [expression, ...partsOf(expression.left), ...partsOf(expression.right)];
    case 'not':
    case 'negate':
      return [expression, ...partsOf(expression.of)];
    case 'choice':
      return [expression, ...[expression.test, expression.yes, expression.no].flatMap(partsOf)];
    case 'call':
      return [expression, ...expression.takes.flatMap(partsOf)];
    case 'field':
    case 'has':
    case 'list':
    case 'number':
    case 'text':
    case 'texts':
    case 'truth':
      return [expression];
  }
};

const once = <Value>(values: readonly Value[]): readonly Value[] => [...new Set(values)];

/** Values worth trying for a field: the constants of the condition and what lies next to them. */
const candidatesOf = (schema: PolicySchema, path: string, parts: readonly Expression[]): readonly unknown[] => {
  const type = schema.fields.get(path)?.type;
  if (type === 'truth') return [true, false];
  if (type === 'texts') return [['some'], []];
  if (type === 'text') {
    const named = parts.flatMap((part) =>
      part.kind === 'text' ? [part.value] : part.kind === 'texts' ? part.values : [],
    );
    return once([...named, 'listed', 'other']);
  }
  // Only what stands in a comparison with the field, or the tries would be endless.
  const beside = parts.filter(
    (part) =>
      part.kind === 'binary' &&
      /^[<>=!]/.test(part.operator) &&
      partsOf(part).some((each) => each.kind === 'field' && each.path === path),
  );
  const numbers = beside.flatMap(partsOf).flatMap((part) => (part.kind === 'number' ? [part.value] : []));
  return once([...numbers.flatMap((each) => [each, each + 1, each - 1, each + 0.01, each - 0.01]), 100, 1_000_000]);
};

const subsetsOf = (paths: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: 2 ** paths.length - 1 }, (_, bits) =>
    paths.filter((__, place) => ((bits + 1) >> place) & 1),
  ).sort((left, right) => left.length - right.length);

const combinations = (
  paths: readonly string[],
  of: (path: string) => readonly unknown[],
): readonly Readonly<Record<string, unknown>>[] =>
  paths.reduce<readonly Values[]>(
    (all, path) => all.flatMap((values) => of(path).map((value) => ({ ...values, [path]: value }))),
    [{}],
  );

const declared = factSchema({
  scenes: catalogueFacts,
  lists: starterLists,
  signals: Object.fromEntries(
    signalRules.map(({ code, form }): readonly [string, ScalarType] => [code, form === 'flag' ? 'truth' : 'number']),
  ),
});
if (!declared.ok) throw new Error(declared.code);
const schema = declared.value.policy;
const lists: Lists = starterLists.map(() => new Set(['listed']));

const casesOf = (policy: string, rule: RuleDocument) => {
  const read = parseExpression(rule.when);
  if (!read.ok) throw new Error(`${policy} ${rule.id}: ${read.code}`);
  const parts = partsOf(read.value);
  const paths = once(parts.flatMap((part) => (part.kind === 'field' || part.kind === 'has' ? [part.path] : [])));
  const fires = (values: Values): boolean => interpret(schema, read.value, factsFrom(schema, values), lists) === true;
  const of = (path: string): readonly unknown[] => candidatesOf(schema, path, parts);
  const found: Values[] = [];
  for (const subset of subsetsOf(paths)) {
    if (found.some((earlier) => Object.keys(earlier).every((path) => subset.includes(path)))) continue;
    const least = combinations(subset, of).find(fires);
    if (least !== undefined) found.push(least);
  }
  return found.map((facts) => ({
    rule: `${policy}.${rule.id}`,
    fires: facts,
    quiet: Object.keys(facts).flatMap((path) => {
      const other = of(path).find((value) => !fires({ ...facts, [path]: value }));
      return other === undefined ? [] : [{ [path]: other }];
    }),
  }));
};

const cases = starterPolicies.flatMap(({ id, rules }) => rules.flatMap((rule) => casesOf(id, rule)));
const path = new URL('starter-cases.json', import.meta.url);
writeFileSync(path, `${JSON.stringify({ specVersion: 1, listed: 'listed', cases }, null, 1)}\n`);
process.stdout.write(`${cases.length} cases\n`);
