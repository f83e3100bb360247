/** The published document, the page and the program say the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { adminProblemCodes, adminProblems } from '../../src/admin/admin-problem.ts';
import { adminTokenReasons } from '../../src/admin/admin-token-reason.ts';
import { openApiDocument, openApiText } from '../../src/admin/openapi.ts';
import { operationNames } from '../../src/admin/operation-names.ts';
import { operations } from '../../src/admin/operations.ts';
import { builtInRoles } from '../../src/admin/right.ts';

const read = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

type Tree = { readonly [name: string]: unknown };

const nodes = function* (value: unknown): Generator<Tree> {
  if (Array.isArray(value)) for (const entry of value) yield* nodes(entry);
  if (typeof value !== 'object' || value === null) return;
  yield value as Tree;
  for (const member of Object.values(value)) yield* nodes(member);
};

test('docs/openapi.json is what the program makes: node packages/server/src/main.ts admin openapi > docs/openapi.json', () => {
  assert.equal(read('openapi.json'), openApiText());
});

test('the document is one of OpenAPI 3.1 by the schema of that standard', async () => {
  const judge = async (document: object) => new Validator().validate(document as Record<string, unknown>);
  const told = await judge(structuredClone(openApiDocument()));
  assert.deepEqual([told.valid, told.errors], [true, undefined]);
  // The schema tells: a document that is none is refused.
  const { paths: _paths, ...rest } = openApiDocument();
  const wrong = [
    { ...openApiDocument(), openapi: '3.0' },
    { ...openApiDocument(), info: {} },
    { ...rest, paths: { '/x': { get: { responses: [] } } } },
    { ...rest, paths: { '/x': { get: { parameters: [{ name: 'x', in: 'nowhere' }], responses: {} } } } },
  ];
  for (const document of wrong)
    assert.equal((await judge(document)).valid, false, JSON.stringify(document).slice(0, 80));
});

test('every operation is in the document once, with its right, its problems and a name of its own', () => {
  const document = openApiDocument();
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Tree>>>>;
  const found = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => String(operationId)),
  );
  assert.deepEqual(found.toSorted(), [...operationNames].toSorted());
  assert.deepEqual(found.toSorted(), operations.map(({ id }) => id).toSorted());
  for (const { path, method, access } of operations) {
    const described = paths[path]?.[method.toLowerCase()];
    const text = String(described?.['description']);
    if (access.kind === 'app' || access.kind === 'organisation')
      assert.ok(text.includes(`${access.area}:${access.verb}`));
    assert.equal(described?.['security'] !== undefined, access.kind === 'open');
  }
});

test('every reference of the document leads to a schema, and every schema is used', () => {
  const document = openApiDocument();
  const { schemas } = document['components'] as { readonly schemas: Tree };
  const named = new Set(
    [...nodes(document)].flatMap(({ $ref }) =>
      typeof $ref === 'string' ? [$ref.replace('#/components/schemas/', '')] : [],
    ),
  );
  assert.deepEqual([...named].toSorted(), Object.keys(schemas).toSorted());
});

test('docs/administration.md names every problem with status and title, and no other', () => {
  const rows = [...read('administration.md').matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\| (.+?) +\|$/gm)];
  assert.deepEqual(
    rows.map(([, code, status, title]) => `${code} ${status} ${title}`).toSorted(),
    adminProblemCodes.map((code) => `${code} ${adminProblems[code].status} ${adminProblems[code].title}`).toSorted(),
  );
});

test('docs/administration.md names every role with its rights', () => {
  for (const [role, rights] of Object.entries(builtInRoles))
    assert.ok(
      read('administration.md').includes(`| \`${role}\` | ${rights.map((right) => `\`${right}\``).join(', ')} |`),
      role,
    );
});

test('docs/administration.md names every reason of a refused token', () => {
  const rows = [...read('administration.md').matchAll(/^\| `(admin\.[a-z-]+)` +\| .+? +\|$/gm)].map(
    ([, reason]) => reason ?? '',
  );
  assert.deepEqual(rows.toSorted(), [...adminTokenReasons].toSorted());
});
