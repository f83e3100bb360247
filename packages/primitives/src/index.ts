/** Floor 0: the words that every other package speaks. */
export {
  type Bytes,
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts';
export { CanonicalJsonError, canonicalJson, type JsonValue } from './canonical-json.ts';
export {
  type AsyncCrypto,
  type CryptoInputCode,
  CryptoInputError,
  type DetachedSeal,
  type Group,
  type KeyPair,
  type PrivateKey,
  type SecretKey,
  type SyncCrypto,
} from './crypto.ts';
export type { EvidenceCrypto, SignatureAlgorithm } from './evidence-crypto.ts';
export {
  type AppId,
  type DeviceId,
  type DirectiveId,
  deviceIdOf,
  directiveIdOf,
  type KeyId,
  type LoginId,
  loginIdOf,
  type NodeId,
  type OrganisationId,
  parseAppId,
  parseDeviceId,
  parseDirectiveId,
  parseKeyId,
  parseLoginId,
  parseNodeId,
  parseOrganisationId,
  parseReportId,
  parseRouteId,
  parseServiceId,
  parseSessionId,
  type ReportId,
  type RouteId,
  randomIdBytes,
  reportIdOf,
  type ServiceId,
  type SessionId,
  sessionIdOf,
} from './ids.ts';
export { type JsonCode, type JsonLimits, parseJson } from './json.ts';
export { createKeyedHash, type HashValue, type KeyedHash } from './keyed-hash.ts';
export {
  type AmountMinor,
  addMoney,
  type Currency,
  compareMoney,
  type Money,
  type MoneyCode,
  parseAmountMinor,
  parseCurrency,
  subtractMoney,
} from './money.ts';
export { type Execution, type Problem, type ProblemCode, problemMediaType, readProblem } from './problem.ts';
export { accept, type Refusal, type Result, refuse } from './result.ts';
export {
  after,
  type DurationMs,
  days,
  durationMs,
  type EpochMs,
  type EpochSeconds,
  elapsed,
  epochMs,
  epochSeconds,
  fromEpochSeconds,
  hours,
  minutes,
  seconds,
  toEpochSeconds,
} from './time.ts';
