/** Policies and lists in files: read whole, judged whole, and told with their place when something is wrong with them. */
import { readFileSync } from 'node:fs';
import { type FactSchema, joinStarterPolicies, type Policy, readPolicySet, type SetFault } from '@hauberk/decision';
import { accept, canonicalJson, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { ConfigPath, PathIssue } from '../config/config-issue.ts';
import type { DecisionConfig, PolicyFileConfig } from '../config/decision-config.ts';
import { decisionFacts } from './decision-facts.ts';
import { moneyScenes, type ShadowRuns, unwatched } from './money-rules.ts';
import { documentHash } from './policy-book.ts';
import type { PolicyText } from './policy-snapshot.ts';

/** A list as its file has it: `kind:id` for entities, anything else for values of attributes. */
export interface FileList {
  readonly name: string;
  readonly entries: readonly string[];
}

/** What the files say. */
export interface FilePolicies {
  readonly policies: readonly PolicyText[];
  readonly shadow: readonly PolicyText[];
  readonly lists: readonly FileList[];
}

/** Nothing in files. */
export const noFilePolicies: FilePolicies = { policies: [], shadow: [], lists: [] };

const documentLimits = { maxDepth: 64, maxKeys: 262_144, maxLength: 8_388_608 };
/** Most entries of a list in a file. */
const maxEntries = 1_000_000;

const issue = (path: ConfigPath, message: string, hint: string): PathIssue => ({ path, message, hint });

const readText = (file: string, path: ConfigPath): Result<string, 'file'> & { readonly issue?: PathIssue } => {
  try {
    return accept(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { ...refuse('file'), issue: issue(path, `cannot read ${file}: ${code}`, 'names are relative to this file') };
  }
};

const faultIssue =
  (path: ConfigPath) =>
  ({ rule, at, message, hint, code }: SetFault): PathIssue =>
    issue(path, `${rule === '' ? 'the policy' : `rule ${rule}`}, character ${at}: ${message}`, hint ?? code);

const scenesOfRules = ({ rules }: Policy): readonly string[] =>
  rules.every(({ scenes }) => scenes.length > 0) ? [...new Set(rules.flatMap(({ scenes }) => scenes))].sort() : [];

/** A policy that was read from its file. */
interface ReadPolicyFile {
  readonly config: PolicyFileConfig;
  readonly policy: Policy;
  readonly text: PolicyText;
}

/** The document of a policy, or what is wrong with its file. */
const documentOf = (
  { file, starter }: PolicyFileConfig,
  path: ConfigPath,
): JsonValue | readonly PathIssue[] | undefined => {
  if ((file === undefined) === (starter === undefined))
    return [issue(path, 'names a policy by either file or starter', 'for example file: policies/bank.json')];
  if (file === undefined) return joinStarterPolicies('starter', starter) as unknown as JsonValue;
  const text = readText(file, [...path, 'file']);
  if (!text.ok) return text.issue === undefined ? undefined : [text.issue];
  const parsed = parseJson(text.value, documentLimits);
  return parsed.ok
    ? parsed.value
    : [
        issue(
          [...path, 'file'],
          `is no JSON that is read (${parsed.code})`,
          'one policy as docs/policy-language.md has it',
        ),
      ];
};

const isIssues = (read: JsonValue | readonly PathIssue[] | undefined): read is readonly PathIssue[] =>
  Array.isArray(read);

const readPolicyFile = (
  config: PolicyFileConfig,
  schema: FactSchema,
  path: ConfigPath,
): ReadPolicyFile | readonly PathIssue[] => {
  const value = documentOf(config, path);
  if (value === undefined || isIssues(value)) return value ?? [];
  const document = canonicalJson(value);
  const hash = documentHash(document);
  const read = readPolicySet([{ document: value, hash }], schema);
  if (!read.ok) return read.faults.map(faultIssue([...path, 'file']));
  const policy = read.value[0]?.compiled.policy;
  if (policy === undefined) return [];
  const scenes = config.scenes ?? scenesOfRules(policy);
  return { config, policy, text: { policy: policy.id, version: 1, hash, document, scenes } };
};

/** No two policies in force decide one scene. */
const taken = (read: readonly ReadPolicyFile[]): readonly PathIssue[] => {
  const active = read.filter(({ config }) => config.mode === 'active');
  return active.flatMap(({ text }, index) => {
    const before = active.slice(0, index).map((other) => other.text);
    const twice = before.find((other) =>
      text.scenes.length === 0 ? other.scenes.length === 0 : text.scenes.some((scene) => other.scenes.includes(scene)),
    );
    return twice === undefined
      ? []
      : [
          issue(
            ['decision', 'policies'],
            `${text.policy} and ${twice.policy} decide the same scene`,
            'give each its own scenes, or one of them mode: shadow',
          ),
        ];
  });
};

const readLists = ({
  lists,
}: DecisionConfig): { readonly lists: readonly FileList[]; readonly issues: readonly PathIssue[] } => {
  const issues: PathIssue[] = [];
  const read = Object.entries(lists).flatMap(([name, file]) => {
    const path = ['decision', 'lists', name];
    const text = readText(file, path);
    if (!text.ok) {
      if (text.issue !== undefined) issues.push(text.issue);
      return [];
    }
    const entries = text.value
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (entries.length > maxEntries) issues.push(issue(path, `has over ${maxEntries} entries`, 'split it'));
    return [{ name, entries }];
  });
  return { lists: read, issues };
};

/** Reads what the configuration names. `runs` says which policies were watched in shadow. */
export const readFilePolicies = (
  config: Config,
  runs: ShadowRuns,
):
  | { readonly ok: true; readonly value: FilePolicies }
  | { readonly ok: false; readonly issues: readonly PathIssue[] } => {
  const { decision } = config;
  if (decision === undefined) return { ok: true, value: noFilePolicies };
  const facts = decisionFacts(decision, Object.keys(decision.lists));
  if (!facts.ok)
    return { ok: false, issues: [issue(['decision', 'scenes'], facts.detail ?? facts.code, 'rename what clashes')] };
  const { lists, issues } = readLists(decision);
  const results = decision.policies.map((policy, index) =>
    readPolicyFile(policy, facts.value, ['decision', 'policies', index]),
  );
  const read = results.filter((result): result is ReadPolicyFile => !Array.isArray(result));
  const money = moneyScenes(config);
  const rash = read.flatMap(({ config: each, policy, text }) => {
    const refusals = unwatched(each, policy, text.hash, money, runs, decision);
    return refusals.length === 0
      ? []
      : [
          issue(
            ['decision', 'policies', decision.policies.indexOf(each)],
            `may refuse on money routes (${refusals.slice(0, 4).join(', ')}) and was never watched`,
            `run it with mode: shadow for ${decision.watchedDecisions} decisions first, or say who answers for it: approvedBy`,
          ),
        ];
  });
  const faults = results.flatMap((result) => (Array.isArray(result) ? (result as readonly PathIssue[]) : []));
  const all = [...faults, ...issues, ...taken(read), ...rash];
  const texts = (mode: PolicyFileConfig['mode']): readonly PolicyText[] =>
    read.filter((each) => each.config.mode === mode).map(({ text }) => text);
  return all.length > 0
    ? { ok: false, issues: all }
    : { ok: true, value: { policies: texts('active'), shadow: texts('shadow'), lists } };
};
