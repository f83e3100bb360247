/** The published JSON Schema of the configuration: for editors, and for hints in refusals. */
import { z } from 'zod';
import { configSchema } from './schema.ts';
import { fileSuffix, isTree, secretNames, type Tree } from './secrets.ts';

/** Lets each secret be given as a file instead. */
const admitSecretFiles = (schema: Tree): void => {
  const properties = schema['properties'];
  if (!isTree(properties)) return;
  for (const name of secretNames) {
    if (properties[name] === undefined) continue;
    properties[`${name}${fileSuffix}`] = {
      type: 'string',
      minLength: 1,
      description: `Name of the file that holds \`${name}\`.`,
    };
    const required = schema['required'];
    if (Array.isArray(required)) schema['required'] = required.filter((member) => member !== name);
  }
};

const walk = (schema: unknown): void => {
  if (Array.isArray(schema)) for (const entry of schema) walk(entry);
  if (!isTree(schema)) return;
  for (const member of Object.values(schema)) walk(member);
  admitSecretFiles(schema);
};

/** The JSON Schema (2020-12) of a configuration file. */
export const configJsonSchema = (): Tree => {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as Tree;
  walk(schema);
  return { ...schema, title: 'Hauberk configuration' };
};

/** The text that is published as docs/hauberk.schema.json. */
export const configJsonSchemaText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

const step = (schema: unknown, part: string | number): unknown => {
  if (!isTree(schema)) return undefined;
  const choices = [schema, ...[schema['anyOf'], schema['oneOf']].flatMap((list) => (Array.isArray(list) ? list : []))];
  for (const choice of choices.filter(isTree)) {
    const properties = choice['properties'];
    const found =
      typeof part === 'number'
        ? choice['items']
        : isTree(properties) && Object.hasOwn(properties, part)
          ? properties[part]
          : choice['additionalProperties'];
    if (isTree(found)) return found;
  }
  return undefined;
};

/** The schema at a path, or undefined. */
export const schemaAt = (root: Tree, path: readonly (string | number)[]): Tree | undefined => {
  const found = path.reduce<unknown>(step, root);
  return isTree(found) ? found : undefined;
};

/** The member names that a mapping at a path may have. */
export const namesAt = (root: Tree, path: readonly (string | number)[]): readonly string[] => {
  const schema = schemaAt(root, path);
  const choices = [
    schema,
    ...[schema?.['anyOf'], schema?.['oneOf']].flatMap((list) => (Array.isArray(list) ? list : [])),
  ];
  return choices
    .filter(isTree)
    .flatMap((choice) => (isTree(choice['properties']) ? Object.keys(choice['properties']) : []));
};
