/** Every kind of bad device, each with the reason that it must be refused for; no two of a platform share one. */
import { androidChainCases, androidKeyCases } from './android-cases.ts';
import { appleCases } from './apple-cases.ts';
import { harmonyCases } from './harmony-cases.ts';
import type { NegativeCase } from './judge.ts';
import { playCases } from './play-cases.ts';
import { webauthnPageCases, webauthnStatementCases } from './webauthn-cases.ts';

export { caseTime, caseWorld, checkCase, judge, type Minted, type NegativeCase } from './judge.ts';

/** All of them. */
export const negativeCases: readonly NegativeCase[] = [
  ...androidChainCases,
  ...androidKeyCases,
  ...appleCases,
  ...harmonyCases,
  ...playCases,
  ...webauthnPageCases,
  ...webauthnStatementCases,
];
