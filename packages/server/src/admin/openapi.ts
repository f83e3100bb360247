/** The OpenAPI 3.1 document of the admin API, made of the values that serve it. Published as docs/openapi.json. */
import { z } from 'zod';
import { type AdminProblemCode, adminProblems } from './admin-problem.ts';
import { components, problemSchema } from './documents.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { apiPrefix } from './read-call.ts';

type Tree = { [name: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

const withoutMarks = ({ $schema: _schema, $id: _id, ...rest }: Tree): Tree => rest;

/** What a parameter means: a number, although it travels as text. */
const schemaOf = (schema: z.ZodType): Tree => withoutMarks(z.toJSONSchema(schema, { io: 'output' }) as Tree);

const reference = (schema: z.ZodType): Tree => {
  const id = components.get(schema)?.id;
  if (id === undefined) throw new TypeError('a document of the API has no name');
  return { $ref: `#/components/schemas/${id}` };
};

const componentSchemas = (): Tree => {
  const { schemas } = z.toJSONSchema(components, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas)
      .map(([name, schema]) => [name, withoutMarks(schema as Tree)] as const)
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
};

/** Codes that an operation may always answer with. */
const commonProblems = (operation: Operation): readonly AdminProblemCode[] => [
  'malformed',
  'cross-site',
  'not-found',
  'limited',
  'internal',
  'overloaded',
  ...(operation.access.kind === 'open' ? [] : (['login-required'] as const)),
  ...(operation.access.kind === 'app' || operation.access.kind === 'organisation' ? (['right-missing'] as const) : []),
  ...(operation.body === undefined ? [] : (['too-large', 'unsupported'] as const)),
];

/** Every code that an operation may answer with. */
export const problemsOf = (operation: Operation): readonly AdminProblemCode[] => [
  ...new Set([...commonProblems(operation), ...operation.problems]),
];

const problemReplies = (operation: Operation): Tree => {
  const byStatus = new Map<number, AdminProblemCode[]>();
  for (const code of problemsOf(operation)) {
    const { status } = adminProblems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${adminProblems[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: reference(problemSchema) } },
      },
    ]),
  );
};

const replies = (operation: Operation): Tree =>
  Object.fromEntries(
    Object.entries(operation.replies).map(([status, { description, schema }]) => [
      status,
      { description, content: { 'application/json': { schema: reference(schema) } } },
    ]),
  );

const parametersOf = (operation: Operation): readonly Tree[] => {
  const one = (place: 'path' | 'query', name: string, schema: unknown): Tree => {
    const { description, ...rest } = schemaOf(schema as z.ZodType);
    const told = description === undefined ? {} : { description };
    return { name, in: place, required: place === 'path', ...told, schema: rest };
  };
  const tag = {
    name: 'If-Match',
    in: 'header',
    required: operation.ifMatch === 'required',
    description: 'The entity tag of what was read; with any other nothing happens.',
    schema: { type: 'string', pattern: '^"\\d{1,15}"$' },
  };
  return [
    ...Object.entries(operation.parameters.shape).map(([name, schema]) => one('path', name, schema)),
    ...Object.entries(operation.query.shape).map(([name, schema]) => one('query', name, schema)),
    ...(operation.ifMatch === 'none' ? [] : [tag]),
  ];
};

const accessText = ({ access }: Operation): string => {
  if (access.kind === 'open') return 'Needs no token.';
  if (access.kind === 'token') return 'Needs a token.';
  return `Needs \`${access.area}:${access.verb}\` on ${access.kind === 'app' ? 'the app' : 'the whole organisation'}.`;
};

const operationDocument = (operation: Operation): Tree => ({
  operationId: operation.id,
  tags: [operation.tag],
  summary: operation.summary,
  description: accessText(operation),
  ...(operation.access.kind === 'open' ? { security: [] } : {}),
  parameters: parametersOf(operation),
  ...(operation.body === undefined
    ? {}
    : { requestBody: { required: true, content: { 'application/json': { schema: reference(operation.body) } } } }),
  responses: { ...replies(operation), ...problemReplies(operation) },
});

/** The document. */
export const openApiDocument = (): Tree => {
  const paths: Tree = {};
  for (const operation of operations) {
    const held = paths[operation.path];
    paths[operation.path] = {
      ...(isTree(held) ? held : {}),
      [operation.method.toLowerCase()]: operationDocument(operation),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Hauberk administration',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Members may be added to answers within version 1; requests with members that are not known are refused.',
    },
    servers: [{ url: apiPrefix }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An API token, `hbk_…`.' } },
      schemas: componentSchemas(),
    },
  };
};

/** The text that is published. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`;
