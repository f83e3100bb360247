/** docs/starter-policies.md, written from the policies. */
import type { JsonValue } from '@hauberk/primitives';
import { type PolicyDocument, type RuleDocument, starterLists, starterPolicies } from './starter.ts';
import { starterTargets } from './targets.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const texts = (value: JsonValue | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const sceneCell = (value: JsonValue | undefined): string => {
  const names = texts(value);
  if (names.length === 0) return 'all';
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
};

const effect = (rule: RuleDocument): string => {
  const points = typeof rule['points'] === 'number' ? `, ${rule['points']} points` : '';
  const final = rule['final'] === true ? ', final' : '';
  const night = rule['schedule'] === undefined ? '' : ', scheduled';
  return `${rule.outcome}${points}${final}${night}`;
};

const section = (policy: PolicyDocument): string => `## ${policy.title}

\`packages/decision/src/starter/policies/${policy.id}.json\`${
  starterTargets[policy.id] === undefined
    ? ''
    : `. Against: ${starterTargets[policy.id]?.join(', ')} of the fraud simulator`
}

| rule | when | then | reason | scenes |
| --- | --- | --- | --- | --- |
${policy.rules
  .map(
    (rule) =>
      `| \`${rule.id}\` | \`${cell(rule.when)}\` | ${effect(rule)} | \`${rule.reason}\` | ${sceneCell(rule['scenes'])} |`,
  )
  .join('\n')}`;

/** The page. */
export const starterPage = (): string => `# Starter policies

${starterPolicies.length} policies with ${starterPolicies.reduce((sum, { rules }) => sum + rules.length, 0)} rules in the [policy language](policy-language.md), to begin with and to change. One policy decides for a scene, so
\`joinStarterPolicies\` joins what a deployment wants of them into one; \`base\` is always part of it. Run them beside the policy in force first: amounts are in minor
units of one currency, and every threshold is a guess about other people's customers until it was measured on your own.

This page is written by \`node scripts/decision-pages.ts\`; a test compares the two, and \`packages/decision/vectors/starter-cases.json\` has for every rule the least facts that
make it fire and what next to them does not.

* Points add up: from 60 on a request is challenged, from 120 on it is denied.
* Lists that must be declared, and may be empty: ${starterLists.map((name) => `\`${name}\``).join(', ')}. They hold pseudonyms.
* No rule hangs on a country. Reasons and their techniques: [decision-reasons.md](decision-reasons.md). Scenes and attributes: [scenes.md](scenes.md).
* A fact that is missing makes no rule fire: an app that sends nothing is stopped by \`request-without-app\` and \`client-silenced\`, not by a rule about what it did not send.

${starterPolicies.map(section).join('\n\n')}
`;
