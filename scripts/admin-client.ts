/** Generates packages/admin-client/src/generated.ts from docs/openapi.json: `node scripts/admin-client.ts`; with `--check` it only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

type Tree = { readonly [name: string]: unknown };

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly required: boolean;
    readonly schema: Tree;
  }[];
  readonly requestBody?: Tree;
  readonly responses: Readonly<Record<string, { readonly content?: Tree }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Tree>> };
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const quoted = (value: unknown): string => `'${String(value).replaceAll("'", "\\'")}'`;
const nameOf = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : quoted(name));

const literal = (value: unknown): string => (typeof value === 'string' ? quoted(value) : String(value));

const union = (schemas: readonly unknown[]): string => [...new Set(schemas.map((each) => typeOf(each)))].join(' | ');

const objectType = (schema: Tree): string => {
  const { properties, additionalProperties } = schema;
  if (!isTree(properties))
    return `Readonly<Record<string, ${isTree(additionalProperties) ? typeOf(additionalProperties) : 'unknown'}>>`;
  const required = listOf(schema['required']);
  const members = Object.entries(properties).map(([name, member]) => {
    const isNeeded = required.includes(name);
    return `readonly ${nameOf(name)}${isNeeded ? '' : '?'}: ${typeOf(member)}${isNeeded ? '' : ' | undefined'}`;
  });
  return `{ ${members.join('; ')} }`;
};

const plainType = (schema: Tree, type: unknown): string => {
  if (type === 'array') return `readonly (${typeOf(schema['items'])})[]`;
  if (type === 'object') return objectType(schema);
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' || type === 'boolean' || type === 'null' ? type : 'unknown';
};

/** The TypeScript type of a schema. */
const typeOf = (schema: unknown): string => {
  if (!isTree(schema)) return 'unknown';
  const { $ref, type } = schema;
  if (typeof $ref === 'string') return $ref.replace('#/components/schemas/', '');
  if (schema['const'] !== undefined) return literal(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map(literal).join(' | ');
  const choices = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (choices.length > 0) return union(choices);
  return (Array.isArray(type) ? type : [type]).map((each) => plainType(schema, each)).join(' | ');
};

const comment = (text: string): string => `/** ${text.replaceAll('*/', '* /')} */`;

const declaration = ([name, schema]: readonly [string, Tree]): string => {
  const told = comment(
    typeof schema['description'] === 'string' ? schema['description'] : `See docs/openapi.json, ${name}.`,
  );
  const body = typeOf(schema);
  const pretty = body.startsWith('{ ') ? body.replace('{ ', '{\n  ').replace(/ \}$/, ';\n}') : body;
  return `${told}\nexport type ${name} = ${pretty};\n`;
};

const bodyOf = (holder: unknown): string | undefined => {
  const content = isTree(holder) ? holder['content'] : undefined;
  const media = isTree(content) ? content['application/json'] : undefined;
  return isTree(media) ? typeOf(media['schema']) : undefined;
};

const inputOf = ({ parameters, requestBody }: Operation): readonly string[] => [
  ...parameters
    .filter((each) => each.in !== 'header')
    .map(
      ({ name, required, schema }) =>
        `readonly ${name}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'}`,
    ),
  ...(requestBody === undefined ? [] : [`readonly body: ${bodyOf(requestBody)}`]),
  ...parameters
    .filter((each) => each.in === 'header')
    .map(({ required }) => `readonly ifMatch${required ? '' : '?'}: string${required ? '' : ' | undefined'}`),
];

const method = (operation: Operation): string => {
  const { operationId, summary, responses } = operation;
  const input = inputOf(operation);
  const isNeeded = input.some((member) => !member.includes('?:'));
  const argument = input.length === 0 ? '' : `input${isNeeded ? '' : '?'}: { ${input.join('; ')} }`;
  const answers = Object.values(responses).flatMap((each) => bodyOf(each) ?? []);
  return `  ${comment(summary)}\n  ${operationId}(${argument}): Promise<Answered<${[...new Set(answers)].join(' | ')}>>;\n`;
};

const callShape = (path: string, verb: string, { operationId, parameters, requestBody }: Operation): string => {
  const query = parameters.filter((each) => each.in === 'query').map(({ name }) => quoted(name));
  const hasVersion = parameters.some((each) => each.in === 'header');
  const members = [
    `method: ${quoted(verb.toUpperCase())}`,
    `path: ${quoted(path)}`,
    `query: [${query.join(', ')}]`,
    `hasBody: ${requestBody !== undefined}`,
    `hasVersion: ${hasVersion}`,
  ];
  return `  ${operationId}: { ${members.join(', ')} },\n`;
};

const preamble = `/** Generated from docs/openapi.json by scripts/admin-client.ts. Do not edit. */

/** An answer that refuses nothing. */
export interface Answered<Value> {
  readonly status: number;
  /** Entity tag, for \`ifMatch\`. */
  readonly version: string | undefined;
  readonly value: Value;
}

/** What is needed to send a call. */
export interface CallShape {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly hasBody: boolean;
  readonly hasVersion: boolean;
}
`;

/** The generated text. */
export const adminClientText = (document: Document): string => {
  const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );
  return [
    preamble,
    ...Object.entries(document.components.schemas).map(declaration),
    `/** Every operation. */\nexport interface AdminApi {\n${operations.map(({ operation }) => method(operation)).join('')}}\n`,
    `/** How each is sent. */\nexport const calls: Readonly<Record<keyof AdminApi, CallShape>> = {\n${operations
      .map(({ path, verb, operation }) => callShape(path, verb, operation))
      .join('')}};\n`,
  ].join('\n');
};

const root = new URL('..', import.meta.url);
const target = new URL('packages/admin-client/src/generated.ts', root);

/** What lies in the repository, and what should. */
export const adminClientTexts = (): { readonly present: string; readonly wanted: string } => {
  const document = JSON.parse(readFileSync(new URL('docs/openapi.json', root), 'utf8')) as Document;
  let present = '';
  try {
    present = readFileSync(target, 'utf8');
  } catch {
    // Not there yet: it is not what it should be either.
  }
  return { present, wanted: adminClientText(document) };
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { present, wanted } = adminClientTexts();
  if (process.argv.includes('--check')) process.exitCode = present === wanted ? 0 : 1;
  else writeFileSync(target, wanted);
}
