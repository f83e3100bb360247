/** Simulated devices under fake makers: honest ones, and every known liar. For tests, the demo and attacks; never for production. */
export {
  type AndroidMaker,
  type AttestationBatch,
  type AttestedKey,
  androidLeaf,
  androidMaker,
  factoryBatch,
  remoteBatch,
} from './android.ts';
export type { AndroidApp, DescriptionClaims } from './android-description.ts';
export { type AppleMaker, appAssertion, appAttestation, appAttestKeyId, appleMaker, appReceipt } from './apple.ts';
export { type BindingPart, type BindingRole, bindingCast, partOptions } from './binding-cast.ts';
export { caseTime, caseWorld, checkCase, judge, type Minted, type NegativeCase, negativeCases } from './cases/index.ts';
export { withBrokenSignature } from './certificate.ts';
export {
  type AttackKind,
  attackKinds,
  type DeviceRole,
  type DeviceTruth,
  type Difficulty,
  difficulties,
  type EvidenceKind,
  type FraudBatch,
  type FraudEvent,
  type FraudLabel,
  type FraudPlay,
  type FraudReport,
  type FraudTruth,
  type FraudWorld,
  fraudWorldVersion,
  type GroupTruth,
  type Guilt,
  playFraud,
  type ReportChecks,
} from './fraud/index.ts';
export { type HarmonyApp, type HarmonyMaker, harmonyKey, harmonyMaker } from './harmony.ts';
export {
  type PhoneKind,
  type PhoneOptions,
  phoneKinds,
  type SimulatedPhone,
  simulatedPhone,
  type UserAnswer,
} from './phone.ts';
export { type PlayClaims, type PlayMaker, playMaker, playToken } from './play-integrity.ts';
export { type SharedKeychain, sharedKeychain } from './shared-keychain.ts';
export {
  newSignalReports,
  type PhoneReportOptions,
  type ShownSignal,
  type SignalControls,
  type SignalLie,
  signalHalf,
  signalLies,
  signalLieWords,
} from './signal-half.ts';
export { importedKey, type SigningKey, signingKey, signRaw } from './signing-key.ts';
export { type SimControls, type SimHalf, type SimHalfOptions, type SimPermission, simHalf } from './sim-half.ts';
export { type OutgoingSms, type SimCard, type SimulatedNetwork, simulatedNetwork } from './sim-network.ts';
export { type SimTrick, simTrickWords } from './sim-tricks.ts';
export { type PhoneTrick, trickWords } from './tricks.ts';
export { type AuthenticatorMaker, assert, authenticatorMaker, register } from './webauthn.ts';
export {
  type RevocationEntries,
  type SimulatedApp,
  type SimulatedWorld,
  simulatedApp,
  simulatedWorld,
  type WorldOptions,
  type WorldTrust,
  worldTrust,
} from './world.ts';
