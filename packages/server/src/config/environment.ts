/** `HAUBERK__listen__port=8443` overrides `listen.port`; indexes name list entries: `HAUBERK__services__0__upstream=core`. */
import { parse } from 'yaml';
import type { PathIssue } from './config-issue.ts';
import { fileSuffix, isTree, secretNames, type Tree } from './secrets.ts';

const prefix = 'HAUBERK__';

const isIndex = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text);

/** Secrets and file names are text whatever they look like; everything else reads as YAML would read it. */
const valueOf = (name: string, text: string): unknown => {
  if (secretNames.includes(name) || name.endsWith(fileSuffix)) return text;
  try {
    return parse(text);
  } catch {
    return text;
  }
};

/** The next place on the way down; made as a mapping where nothing stands yet. */
const descend = (place: unknown, part: string): unknown => {
  if (Array.isArray(place)) return isIndex(part) ? place[Number(part)] : undefined;
  if (!isTree(place) || part === '__proto__') return undefined;
  place[part] ??= {};
  return place[part];
};

const assign = (place: unknown, part: string, value: unknown): boolean => {
  if (Array.isArray(place) && isIndex(part) && Number(part) < place.length) {
    place[Number(part)] = value;
    return true;
  }
  if (!isTree(place) || part === '__proto__') return false;
  place[part] = value;
  return true;
};

/** Lays the environment over the file's tree; answers the variables that lead nowhere. */
export const applyEnvironment = (
  root: Tree,
  environment: Readonly<Record<string, string | undefined>>,
): readonly PathIssue[] => {
  const issues: PathIssue[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined) continue;
    const parts = variable.slice(prefix.length).split('__');
    const last = parts.pop() ?? '';
    const place = parts.reduce<unknown>(descend, root);
    if (last === '' || !assign(place, last, valueOf(last, text)))
      issues.push({
        path: [variable],
        message: 'names no member of the configuration',
        hint: 'write HAUBERK__listen__port for listen.port; a list entry must exist in the file',
      });
  }
  return issues;
};
