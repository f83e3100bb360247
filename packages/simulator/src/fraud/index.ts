/** People and the ones who live off them: a seeded world that writes what a bank's server would see of it. */
export type { FraudLabel } from './labels.ts';
export {
  type AttackKind,
  attackKinds,
  type DeviceRole,
  type DeviceTruth,
  type Difficulty,
  difficulties,
  type EvidenceKind,
  type FraudEvent,
  type FraudReport,
  type FraudWorld,
  type GroupTruth,
  type Guilt,
  type ReportChecks,
} from './lines.ts';
export { type FraudBatch, type FraudPlay, type FraudTruth, fraudWorldVersion, playFraud } from './timeline.ts';
