/** Reads and checks the document of a policy against the facts of an app: everything that is wrong is told at once, with where and what may have been meant. */
import { type Policy, type PolicyFault, readPolicy, type SceneFacts, sceneOf } from '@hauberk/decision';
import { canonicalJson, type JsonValue } from '@hauberk/primitives';
import { documentHash } from './policy-book.ts';
import { appFactSchema } from './policy-schema.ts';

/** A document that is a policy. */
export interface CheckedPolicy {
  readonly ok: true;
  readonly policy: string;
  readonly hash: string;
  /** Scenes that it decides; empty for all that no other one names. */
  readonly scenes: readonly string[];
  readonly rules: number;
  /** What is odd without being wrong. */
  readonly notes: readonly string[];
}

/** What is wrong with one. `path` is a JSON pointer into the document, `at` the character of the condition there. */
export interface PolicyFaultTold {
  readonly path: string;
  readonly rule: string;
  readonly code: string;
  readonly at: number;
  readonly message: string;
  readonly hint: string | null;
}

/** What a check comes to. */
export type PolicyCheck = CheckedPolicy | { readonly ok: false; readonly faults: readonly PolicyFaultTold[] };

/** Most faults that are told. */
const mostFaults = 100;
/** Longest canonical text of a document. */
const maxDocumentText = 1_048_576;

const memberOf = (value: JsonValue, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)[name]
    : undefined;

const rulesOf = (document: JsonValue): readonly JsonValue[] => {
  const rules = memberOf(document, 'rules');
  return Array.isArray(rules) ? rules : [];
};

const told = (document: JsonValue, fault: PolicyFault): PolicyFaultTold => {
  const index = fault.rule === '' ? -1 : rulesOf(document).findIndex((rule) => memberOf(rule, 'id') === fault.rule);
  const isCondition = fault.code !== 'policy.malformed';
  const path = `${fault.path ?? (index < 0 ? '' : `/rules/${index}`)}${isCondition ? '/when' : ''}`;
  const { rule, code, at, message, hint } = fault;
  return { path, rule, code, at, message, hint: hint ?? null };
};

const faultOf = (message: string): PolicyCheck => ({
  ok: false,
  faults: [{ path: '', rule: '', code: 'policy.malformed', at: 0, message, hint: null }],
});

/** The scenes of a policy: those that its rules name; none when a rule is for all. */
const scenesOf = ({ rules }: Policy): readonly string[] =>
  rules.some(({ scenes }) => scenes.length === 0) ? [] : [...new Set(rules.flatMap(({ scenes }) => scenes))].toSorted();

const notesOf = (policy: Policy, more: readonly SceneFacts[]): readonly string[] => {
  const named = new Set(policy.rules.flatMap(({ scenes }) => scenes));
  const unknown = [...named].filter((code) => sceneOf(code) === undefined && !more.some((each) => each.code === code));
  return unknown.map(
    (code) => `no scene ${code} in the catalogue: its rules count only where a route names that scene`,
  );
};

/** Checks a document against an app that has these lists; `more` are scenes of its configuration. */
export const checkPolicy = (
  document: JsonValue,
  lists: readonly string[],
  more: readonly SceneFacts[] = [],
): PolicyCheck => {
  const schema = appFactSchema(lists, more);
  if (!schema.ok) return faultOf(`the facts of the app do not fit together: ${schema.code}`);
  const text = canonicalJson(document);
  if (text.length > maxDocumentText) return faultOf(`longer than ${maxDocumentText} characters`);
  const read = readPolicy(document, schema.value.policy);
  if (!read.ok) return { ok: false, faults: read.faults.slice(0, mostFaults).map((fault) => told(document, fault)) };
  const policy = read.value;
  return {
    ok: true,
    policy: policy.id,
    hash: documentHash(text),
    scenes: scenesOf(policy),
    rules: policy.rules.length,
    notes: notesOf(policy, more),
  };
};
