/** All reasons by code: of the starter policies and of models. A deployment's own policies may name codes that are not here. */
import { customerReasons } from './customer-reasons.ts';
import { deviceReasons } from './device-reasons.ts';
import { modelReasons } from './model-reasons.ts';
import type { Reason } from './reason.ts';

/** Every reason that comes with the engine. */
export const reasons: readonly Reason[] = [...deviceReasons, ...customerReasons, ...modelReasons];

const byCode: ReadonlyMap<string, Reason> = new Map(reasons.map((each) => [each.code, each]));

/** The reason of a code; undefined for a code of a deployment's own. */
export const reasonOf = (code: string): Reason | undefined => byCode.get(code);
