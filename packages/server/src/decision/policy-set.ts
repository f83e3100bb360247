/** From the texts of a snapshot to what an engine decides by: read, checked and compiled once, between two requests. */
import { type FactSchema, type NamedLists, type PolicySet, readPolicySet } from '@hauberk/decision';
import { canonicalJson, parseJson } from '@hauberk/primitives';
import type { FileList, FilePolicies } from './file-policies.ts';
import { documentHash } from './policy-book.ts';
import type { DecisionSnapshot, ListText, PolicyText } from './policy-snapshot.ts';

/** A policy that could not be taken over. What it decides has no policy then, so its routes fail as they are told to. */
export class PolicyNotRead extends Error {
  override readonly name = 'PolicyNotRead';
}

const documentLimits = { maxDepth: 64, maxKeys: 262_144, maxLength: 8_388_608 };

/** One at a time: a policy that cannot be read takes no other with it. */
const entryOf = (
  { policy, hash, document, scenes }: PolicyText,
  part: Omit<Parameters<typeof readPolicySet>[0][number], 'document' | 'hash' | 'scenes'>,
  schema: FactSchema,
  onFault: (error: unknown) => void,
): PolicySet => {
  const parsed = parseJson(document, documentLimits);
  const read = parsed.ok ? readPolicySet([{ document: parsed.value, hash, scenes, ...part }], schema) : undefined;
  if (read?.ok === true) return read.value;
  onFault(new PolicyNotRead(`policy ${policy} (${hash.slice(0, 12)}) cannot be read by this program`));
  return [];
};

const scenesTaken = (policies: readonly PolicyText[]): ReadonlySet<string> =>
  new Set(policies.flatMap(({ scenes }) => scenes));

/** What the administration keeps decides; a file decides the scenes that are left. */
export const joinPolicies = (snapshot: DecisionSnapshot, files: FilePolicies): DecisionSnapshot => {
  const taken = scenesTaken(snapshot.policies);
  const hasRest = snapshot.policies.some(({ scenes }) => scenes.length === 0);
  const left = files.policies.flatMap((text): readonly PolicyText[] => {
    if (text.scenes.length === 0) return hasRest ? [] : [text];
    const scenes = text.scenes.filter((scene) => !taken.has(scene));
    return scenes.length === 0 ? [] : [{ ...text, scenes }];
  });
  return { ...snapshot, policies: [...snapshot.policies, ...left], shadow: [...snapshot.shadow, ...files.shadow] };
};

/** Names of all lists that there are. */
export const listNames = (lists: readonly ListText[], files: readonly FileList[]): readonly string[] =>
  [...new Set([...lists, ...files].map(({ name }) => name))].sort();

const fileMember = (entry: string, pseudonym: (kind: string, id: string) => string): string => {
  const named = /^([A-Za-z_][A-Za-z0-9_]{0,63}):(.+)$/.exec(entry);
  return named === null ? entry : pseudonym(named[1] ?? '', named[2] ?? '');
};

/** The lists of an engine. Entities of files get the pseudonyms that events carry. */
export const namedLists = (
  lists: readonly ListText[],
  files: readonly FileList[],
  pseudonym: (kind: string, id: string) => string,
): NamedLists => {
  const joined = new Map<string, Set<string>>();
  const into = (name: string): Set<string> => {
    const held = joined.get(name) ?? new Set();
    joined.set(name, held);
    return held;
  };
  for (const { name, members } of lists) for (const member of members) into(name).add(member);
  for (const { name, entries } of files) for (const entry of entries) into(name).add(fileMember(entry, pseudonym));
  const members = [...joined].sort(([left], [right]) => (left < right ? -1 : 1));
  const told = members.map(([name, set]) => [name, [...set].sort()]);
  return { hash: documentHash(canonicalJson(told)), sets: Object.fromEntries(members) };
};

/** The policies of a snapshot, compiled. */
export const compileSnapshot = (
  { policies, shadow, challengers }: DecisionSnapshot,
  schema: FactSchema,
  onFault: (error: unknown) => void,
): PolicySet => [
  ...policies.flatMap((text) => entryOf(text, { role: 'active' }, schema, onFault)),
  ...challengers.flatMap((text) =>
    entryOf(text, { role: 'challenger', perMille: text.perMille, salt: text.salt }, schema, onFault),
  ),
  ...shadow.flatMap((text) => entryOf(text, { role: 'shadow' }, schema, onFault)),
];
