/** The schema of facts: what exists for whatever scenes declare, and what is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { factSchema, readPolicy, type SchemaDeclaration, schemaDocument } from '@hauberk/decision';

const declaration: SchemaDeclaration = {
  scenes: [
    { code: 'login', attributes: { country: 'text' }, entities: ['device', 'account'] },
    {
      code: 'transfer',
      attributes: { isFirstUse: 'truth', country: 'text' },
      entities: ['device', 'account', 'payee'],
    },
  ],
  signals: { 'root-su': 'truth' },
  lists: ['mules'],
};

const schemaOf = (given: SchemaDeclaration) => {
  const made = factSchema(given);
  assert.ok(made.ok, JSON.stringify(made));
  return made.value;
};

test('facts: every kind that a scene declares has windows, habits and label-delayed risk, and every attribute its type', () => {
  const { policy, kinds } = schemaOf(declaration);
  assert.deepEqual(kinds, ['account', 'device', 'payee']);
  for (const kind of kinds)
    for (const name of ['count1m', 'sum30d', 'surprise', 'hourShare', 'fraudRate7d', 'fraudShare', 'ageHours'])
      assert.equal(policy.fields.get(`${kind}.${name}`)?.type, 'number', `${kind}.${name}`);
  assert.equal(policy.fields.get('device.distinct.account24h')?.type, 'number');
  assert.equal(policy.fields.get('attr.isFirstUse')?.type, 'truth');
  assert.equal(policy.fields.get('signal.root_su')?.type, 'truth');
  const read = readPolicy(
    {
      id: 'p',
      rules: [
        {
          id: 'r',
          when: 'payee.id in list("mules") && device.distinct.account24h > 3 && !channel.isVerified && signal.root_su',
          outcome: 'deny',
          reason: 'mule',
        },
      ],
    },
    policy,
  );
  assert.ok(read.ok, JSON.stringify(read));
});

test('facts: the schema does not hang on the order of scenes', () => {
  const turned = schemaOf({ ...declaration, scenes: [...declaration.scenes].reverse() });
  assert.deepEqual(schemaDocument(turned), schemaDocument(schemaOf(declaration)));
});

test('facts: names that no policy could write, two types for one name and too much are refused by code', () => {
  const codeOf = (given: SchemaDeclaration) => {
    const made = factSchema(given);
    return made.ok ? undefined : made.code;
  };
  const scene = (attributes: Record<string, 'text' | 'number'>, entities: readonly string[] = []) => ({
    code: 's',
    attributes,
    entities,
  });
  assert.equal(codeOf({ scenes: [scene({ 'a b': 'text' })] }), 'schema.name');
  assert.equal(codeOf({ scenes: [scene({}, ['event'])] }), 'schema.name');
  assert.equal(codeOf({ scenes: [scene({ a: 'text' }), scene({ a: 'number' })] }), 'schema.conflict');
  assert.equal(codeOf({ scenes: [], signals: { 'a-b': 'truth', a_b: 'truth' } }), 'schema.conflict');
  assert.equal(
    codeOf({
      scenes: [
        scene(
          {},
          Array.from({ length: 25 }, (_, at) => `k${at}`),
        ),
      ],
    }),
    'schema.too-large',
  );
  assert.equal(codeOf({ scenes: [], zoneMinutes: 900 }), 'schema.zone');
});

test('facts: the page lists every name', () => {
  const page = readFileSync(new URL('../../../docs/decision-engine.md', import.meta.url), 'utf8');
  const { policy } = schemaOf({ scenes: [{ code: 's', attributes: {}, entities: ['device', 'account'] }] });
  const isTold = (path: string): boolean => {
    const name = path.replace(/^(?:account|device)\./, 'KIND.');
    const [, stem] = /^(KIND\..*?)(?:account|device)?(?:1m|10m|1h|24h|2d|7d|14d|30d)$/.exec(name) ?? [];
    const last = name.split('.').at(-1) ?? '';
    return [path, name, `\`${last}\``, stem].some((each) => each !== undefined && page.includes(each));
  };
  const untold = [...policy.fields.keys()].filter((path) => !isTold(path));
  assert.deepEqual(untold, []);
});
