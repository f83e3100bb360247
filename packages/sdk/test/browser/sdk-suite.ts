/** The SDK suite: every case runs in Node and in Chromium. */
import { attackCases } from './attack-cases.ts';
import { coreCases, type SuiteCase } from './core-cases.ts';
import { journalCases } from './journal-cases.ts';
import { openLab, type Platform } from './lab.ts';
import { sessionCases } from './session-cases.ts';
import { stepUpCases } from './step-up-cases.ts';
import { weakNetworkCases } from './weak-network-cases.ts';

export type { SuiteCase } from './core-cases.ts';

/** Every case. */
export const sdkSuite: readonly SuiteCase[] = [
  ...coreCases,
  ...attackCases,
  ...sessionCases,
  ...stepUpCases,
  ...journalCases,
  ...weakNetworkCases,
];

/** Runs one case on a platform, on storage of its own. */
export const runCase = async (platform: Platform, name: string): Promise<void> => {
  const found = sdkSuite.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no case is called ${name}`);
  await found.run(await openLab(platform, `case-${sdkSuite.indexOf(found)}-${Math.random()}`));
};
