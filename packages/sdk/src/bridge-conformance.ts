/** The conformance suite for authors of native bridges: every rule of the contract that can be tried from outside. */
import { type ConformanceCase, formCases } from './conformance/form-cases.ts';
import { workCases } from './conformance/key-cases.ts';
import { ConformanceFailure, type ConformanceHelp, ConformanceLab, ConformanceSkip } from './conformance/lab.ts';
import { signalCases } from './conformance/signal-cases.ts';
import { simCases } from './conformance/sim-cases.ts';
import type { TrustedBridge } from './trusted/bridge-contract.ts';

export type { ConformanceCase } from './conformance/form-cases.ts';
export type { ConformanceHelp, ConformanceSim, ConformanceUser } from './conformance/lab.ts';

/** Every case. */
export const bridgeConformance: readonly ConformanceCase[] = [...formCases, ...workCases, ...simCases, ...signalCases];

/** How a case ended. */
export interface ConformanceResult {
  readonly name: string;
  readonly rule: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped; empty when it passed. */
  readonly detail: string;
}

/** Runs the cases one after the other, or those of the names. They make keys under aliases of their own, and delete them. */
export const runBridgeConformance = async (
  bridge: TrustedBridge,
  help: ConformanceHelp,
  only?: readonly string[],
): Promise<readonly ConformanceResult[]> => {
  const results: ConformanceResult[] = [];
  const lab = new ConformanceLab(bridge, help);
  for (const { name, rule, run } of bridgeConformance.filter((each) => only?.includes(each.name) ?? true)) {
    try {
      await run(lab);
      results.push({ name, rule, outcome: 'passed', detail: '' });
    } catch (error) {
      const isSkip = error instanceof ConformanceSkip;
      const detail = isSkip || error instanceof ConformanceFailure ? error.message : `a fault: ${String(error)}`;
      results.push({ name, rule, outcome: isSkip ? 'skipped' : 'failed', detail });
    }
    await lab.cleanUp();
  }
  return results;
};
