/** The door for clients: what an SDK needs at run time, without the life of a rollout. */
export {
  type DirectiveBodies,
  type DirectiveBodyCode,
  type DirectiveKind,
  isDirectiveKind,
  readDirectiveBody,
} from './directive-kinds.ts';
export { isKilled, type KillBody } from './kill.ts';
export { type PrivacyStop, type PrivacyStopBody, type StopAction } from './privacy-stop.ts';
export { type SessionHealth, sessionHealthKind } from './session-health.ts';
export { bucketInput, bucketOf, isTargeted, readTarget, type TargetSubject, wholeShare } from './target.ts';
