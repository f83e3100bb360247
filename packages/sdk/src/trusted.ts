/** Trusted services: what a phone's secure hardware does for an app, behind one interface. */
export {
  type BridgeWaits,
  bridgeBackend,
  bridgeOver,
  type MethodParams,
  type MethodResult,
  type SimBackend,
  type TrustedBackend,
} from './trusted/backend.ts';
export {
  type BridgeAbout,
  type BridgeAnswer,
  type BridgeErrorCode,
  type BridgeEvidence,
  type BridgeKey,
  type BridgeMethod,
  type BridgeMethods,
  type BridgeRequest,
  type BridgeVersion,
  bridgeErrorCodes,
  bridgeLimits,
  bridgeMethods,
  bridgeVersion,
  bridgeVersions,
  type CreateKeyParams,
  type KeyLevel,
  type KeyUse,
  keyLevels,
  keyMethods,
  type Prompt,
  type TrustedBridge,
  type UserVerification,
} from './trusted/bridge-contract.ts';
export type { Decoded } from './trusted/bridge-forms.ts';
export { type NativeSignals, nativeSignals } from './trusted/native-signals.ts';
export { KeyRefusedError, type RegisterKeyOptions, registerTrustedKey } from './trusted/register-key.ts';
export {
  type Approval,
  type Challenged,
  type TrustedCapture,
  type TrustedKey,
  type TrustedOptions,
  type TrustedPurpose,
  type TrustedServices,
  trustedServices,
} from './trusted/services.ts';
export { type NativeAnswer, type SignalMethods, signalMethods } from './trusted/signal-contract.ts';
export {
  type SentState,
  type SharedKeyRoute,
  type SimEvent,
  type SimEventKind,
  type SimMethods,
  type SimSlot,
  type SimState,
  sentStates,
  sharedKeyRoutes,
  simEventKinds,
  simMethods,
} from './trusted/sim-contract.ts';
export {
  type KeptKey,
  memoryTrustedStore,
  type SoftwareHost,
  softwareBackend,
  type TrustedStore,
} from './trusted/software-backend.ts';
export { type TrustedDeviceOptions, trustedDevice } from './trusted/trusted-device.ts';
export { type TrustedCode, TrustedError } from './trusted/trusted-error.ts';
