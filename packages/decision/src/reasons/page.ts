/** docs/decision-reasons.md, written from the reasons. */
import { reasons } from './reasons.ts';

/** The page. */
export const reasonsPage = (): string => `# Reasons of decisions

What a decision records as the reason of a rule, and what \`hauberk why\` prints of it. Codes are never used again for something else. This page is written by
\`node scripts/decision-pages.ts\` from \`packages/decision/src/reasons/\`. What the techniques are: [scenes.md](scenes.md#techniques).

A model has reasons, too: those of the features that moved its score most, whatever model is in force ([models.md](models.md)).

| code | reason | 原因 | techniques |
| --- | --- | --- | --- |
${reasons.map(({ code, en, zh, techniques }) => `| \`${code}\` | ${en} | ${zh} | ${techniques.join(' ')} |`).join('\n')}
`;
