/** Ours against rule libraries: the same policy, the same events, the same scores; everything is prepared once, and only evaluation is timed. */
import { ZenEngine } from '@gorules/zen-engine';
import { compilePolicy, factReader, factsAsked, PolicyEvaluator, policySchema, readPolicy } from '@hauberk/decision';
import { Environment } from '@marcbachmann/cel-js';
import { Engine } from 'json-rules-engine';
import { conditionText, events, type FlatEvent, fields, ourDocument, rules } from './one-policy.ts';

/** Asks for the score of an event: the points of the rules that hold. */
export type Scorer = (event: FlatEvent) => number | Promise<number>;

const ours = (): Scorer => {
  const schema = policySchema(Object.fromEntries(fields.map(({ name, type }) => [`event.${name}`, type])));
  const read = readPolicy(ourDocument, schema);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const evaluator = new PolicyEvaluator(compilePolicy(read.value, schema));
  const nameOf = (path: string): string => path.slice('event.'.length);
  const facts = factReader(schema, { nameOf, asked: factsAsked(read.value) });
  const atMs = Date.UTC(2026, 0, 1);
  return (event) => evaluator.evaluate('bench', facts(event), [], atMs).points;
};

const jsonRulesEngine = (): Scorer => {
  const operators = { '<': 'lessThan', '>=': 'greaterThanInclusive', '==': 'equal', in: 'in' };
  const engine = new Engine(
    rules.map(({ id, points, conditions }) => ({
      event: { type: id, params: { points } },
      conditions: {
        all: conditions.map(({ field, operator, value }) => ({
          fact: field.name,
          operator: operators[operator],
          value,
        })),
      },
    })),
  );
  return async (event) => {
    const { events: fired } = await engine.run({ ...event });
    let score = 0;
    for (const { params } of fired) score += Number(params?.['points']);
    return score;
  };
};

const zen = (): Scorer => {
  const expressions = rules.map(({ id, points, conditions }) => ({
    id,
    key: id.replace('-', '_'),
    value: `${conditions
      .map((each) => {
        const { field, operator, value } = each;
        if (typeof value === 'boolean') return `${field.name} == ${value}`;
        return `${field.name} ${operator} ${JSON.stringify(value)}`;
      })
      .join(' and ')} ? ${points} : 0`,
  }));
  const decision = new ZenEngine().createDecision({
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode', position: { x: 0, y: 0 } },
      { id: 'all', name: 'all', type: 'expressionNode', position: { x: 1, y: 0 }, content: { expressions } },
      { id: 'out', name: 'out', type: 'outputNode', position: { x: 2, y: 0 } },
    ],
    edges: [
      { id: 'a', type: 'edge', sourceId: 'in', targetId: 'all' },
      { id: 'b', type: 'edge', sourceId: 'all', targetId: 'out' },
    ],
  });
  return async (event) => {
    const { result } = await decision.evaluate(event);
    let score = 0;
    for (const points of Object.values(result as Record<string, number>)) score += points;
    return score;
  };
};

const celJs = (): Scorer => {
  const types = { number: 'double', text: 'string', truth: 'bool' };
  const environment = new Environment();
  for (const { name, type } of fields) environment.registerVariable(name, types[type]);
  const programs = rules.map(({ points, conditions }) => ({
    points,
    holds: environment.parse(conditions.map((each) => conditionText(each, '', true)).join(' && ')),
  }));
  return (event) => {
    let score = 0;
    for (const { points, holds } of programs) if (holds(event) === true) score += points;
    return score;
  };
};

const scorers: Readonly<Record<string, () => Scorer>> = { ours, jsonRulesEngine, zen, celJs };
/** Evaluations of a round: each takes about a tenth of a second of processor time. */
const perRound: Readonly<Record<string, number>> = { ours: 150_000, jsonRulesEngine: 500, zen: 1000, celJs: 25_000 };
const rounds = 7;

const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const measure = async (score: Scorer, sample: readonly FlatEvent[], count: number): Promise<number> => {
  const began = cpuMicroseconds();
  for (let at = 0; at < count; at += 1) {
    const answer = score(sample[at % sample.length] as FlatEvent);
    if (typeof answer !== 'number') await answer;
  }
  return (cpuMicroseconds() - began) / count;
};

/** Microseconds of processor time for one evaluation, by engine; the best round of each, taking turns. Throws when scores differ. */
export const measurePeers = async (): Promise<Readonly<Record<string, number>>> => {
  const sample = events(1000);
  const made = Object.entries(scorers).map(([name, make]) => ({ name, score: make(), best: Number.POSITIVE_INFINITY }));
  const scores = new Set<number>();
  for (const event of sample) {
    const answers = await Promise.all(made.map(async ({ score }) => score(event)));
    if (new Set(answers).size !== 1)
      throw new Error(`scores differ: ${answers.join(', ')} on ${JSON.stringify(event)}`);
    scores.add(answers[0] as number);
  }
  if (scores.size < 20) throw new Error('the events tell the engines too little');
  for (let round = 0; round < rounds; round += 1)
    for (const each of made)
      each.best = Math.min(each.best, await measure(each.score, sample, perRound[each.name] as number));
  return Object.fromEntries(made.map(({ name, best }) => [name, best]));
};
