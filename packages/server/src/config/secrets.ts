/** Members of the configuration that hold secrets: given in the file, by environment or, better, as `<name>_FILE`. */
import type { ConfigPath, PathIssue } from './config-issue.ts';

/** Names of secret members, wherever they stand. */
export const secretNames: readonly string[] = [
  'token',
  'factsKey',
  'secret',
  'jwks',
  'password',
  'decryptionKey',
  'verificationKey',
];

/** Ending of a member that names the file of a secret. */
export const fileSuffix = '_FILE';

/** A tree of plain values as YAML gives it. */
export type Tree = { [name: string]: unknown };

/** Whether a value is a mapping. */
export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readSecret = (
  tree: Tree,
  name: string,
  path: ConfigPath,
  read: (file: string) => string,
): PathIssue | undefined => {
  const secret = name.slice(0, -fileSuffix.length);
  const file = tree[name];
  if (typeof file !== 'string' || file.length === 0)
    return { path, message: 'must be the name of a file', hint: `for example /run/secrets/${secret}` };
  if (tree[secret] !== undefined)
    return { path, message: `${secret} is given twice`, hint: `keep either ${secret} or ${name}` };
  delete tree[name];
  try {
    // Editors and `echo` end a file with a newline, which is never part of a secret.
    tree[secret] = read(file).replace(/\r?\n$/, '');
    return undefined;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { path, message: `cannot read ${file}: ${reason}`, hint: 'check the path and that this user may read it' };
  }
};

const children = (value: unknown): readonly (readonly [string | number, unknown])[] => {
  if (Array.isArray(value)) return value.map((entry: unknown, index) => [index, entry] as const);
  return isTree(value) ? Object.entries(value) : [];
};

/** Replaces every `<secret>_FILE` member by the content of the file that it names; answers what went wrong. */
export const resolveSecretFiles = (
  root: unknown,
  read: (file: string) => string,
  path: ConfigPath = [],
): readonly PathIssue[] => {
  const issues: PathIssue[] = [];
  for (const [name, value] of children(root)) {
    const here = [...path, name];
    const isSecretFile =
      typeof name === 'string' && name.endsWith(fileSuffix) && secretNames.includes(name.slice(0, -fileSuffix.length));
    const issue = isSecretFile && isTree(root) ? readSecret(root, name, here, read) : undefined;
    if (issue !== undefined) issues.push(issue);
    else issues.push(...resolveSecretFiles(value, read, here));
  }
  return issues;
};

/** A copy in which every secret reads `[redacted]`. */
export const redact = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(redact);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secretNames.includes(name) && member !== undefined ? '[redacted]' : redact(member),
    ]),
  );
};
