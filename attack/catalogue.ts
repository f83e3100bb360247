/** All attacks; those that restart the gateway come last. */

import { attack as activeProxyOwnConfig } from './active-proxy-own-config.ts';
import { attack as adminApprovalMoved } from './admin-approval-moved.ts';
import { attack as adminEditedChange } from './admin-edited-change.ts';
import { attack as adminForeignToken } from './admin-foreign-token.ts';
import { attack as adminSecondSelf } from './admin-second-self.ts';
import type { Attack } from './attack.ts';
import { attack as authzSpoofed } from './authz-spoofed.ts';
import { attack as bindAfterFailover } from './bind-after-failover.ts';
import { attack as bindClonedSim } from './bind-cloned-sim.ts';
import { attack as bindDisconnectedNumber } from './bind-disconnected-number.ts';
import { attack as bindFirstDaySplit } from './bind-first-day-split.ts';
import { attack as bindForwardedToken } from './bind-forwarded-token.ts';
import { attack as bindFourthToken } from './bind-fourth-token.ts';
import { attack as bindHookedSentItems } from './bind-hooked-sent-items.ts';
import { attack as bindOldApp } from './bind-old-app.ts';
import { attack as bindParallelSessions } from './bind-parallel-sessions.ts';
import { attack as bindPasskeyOutlives } from './bind-passkey-outlives.ts';
import { attack as bindPasskeyReplayed } from './bind-passkey-replayed.ts';
import { attack as bindReliefElsewhere } from './bind-relief-elsewhere.ts';
import { attack as bindReliefOtherSim } from './bind-relief-other-sim.ts';
import { attack as bindReplyManipulated } from './bind-reply-manipulated.ts';
import { attack as bindSelfApproved } from './bind-self-approved.ts';
import { attack as bindSparedStep } from './bind-spared-step.ts';
import { attack as bindSpoofedSender } from './bind-spoofed-sender.ts';
import { attack as bindTwoNumbers } from './bind-two-numbers.ts';
import { attack as bindWithoutSms } from './bind-without-sms.ts';
import { attack as bindWrongNumber } from './bind-wrong-number.ts';
import { attack as bindWrongVmn } from './bind-wrong-vmn.ts';
import { attack as captureReadsNothing } from './capture-reads-nothing.ts';
import { attack as clockAhead } from './clock-ahead.ts';
import { attack as clockBack } from './clock-back.ts';
import { attack as clonedPhone } from './cloned-phone.ts';
import { attack as clonedStorage } from './cloned-storage.ts';
import { attack as configRollback } from './config-rollback.ts';
import { attack as consentForged } from './consent-forged.ts';
import { attack as counterRollback } from './counter-rollback.ts';
import { attack as couponGrab } from './coupon-grab.ts';
import { attack as decisionBodyTwins } from './decision-body-twins.ts';
import { attack as decisionCanary } from './decision-canary.ts';
import { attack as decisionStepUpSkipped } from './decision-step-up-skipped.ts';
import { attack as decisionTrapOracle } from './decision-trap-oracle.ts';
import { attack as decisionWindowReset } from './decision-window-reset.ts';
import { attack as decompressionBomb } from './decompression-bomb.ts';
import { attack as developmentAttest } from './development-attest.ts';
import { attack as directiveExpired } from './directive-expired.ts';
import { attack as directiveFlood } from './directive-flood.ts';
import { attack as directiveForeign } from './directive-foreign.ts';
import { attack as directiveForged } from './directive-forged.ts';
import { attack as directiveRollback } from './directive-rollback.ts';
import { attack as directiveStreamFlood } from './directive-stream-flood.ts';
import { attack as downgradeMode } from './downgrade-mode.ts';
import { attack as downgradeSuite } from './downgrade-suite.ts';
import { attack as duplicateHeaders } from './duplicate-headers.ts';
import { attack as earlyReplay } from './early-replay.ts';
import { attack as emulator } from './emulator.ts';
import { attack as expiredProvisioning } from './expired-provisioning.ts';
import { attack as foreignAccount } from './foreign-account.ts';
import { attack as forgedAttestation } from './forged-attestation.ts';
import { attack as forgedFacts } from './forged-facts.ts';
import { attack as heldBack } from './held-back.ts';
import { attack as helloNextMonth } from './hello-next-month.ts';
import { attack as helloReplayed } from './hello-replayed.ts';
import { attack as helloResigned } from './hello-resigned.ts';
import { attack as leakedKeybox } from './leaked-keybox.ts';
import { attack as loginGuess } from './login-guess.ts';
import { attack as lostReplyRetry } from './lost-reply-retry.ts';
import { attack as lostReplySameBytes } from './lost-reply-same-bytes.ts';
import { attack as migrationAlgorithm } from './migration-algorithm.ts';
import { attack as migrationAttestationStolen } from './migration-attestation-stolen.ts';
import { attack as migrationChunks } from './migration-chunks.ts';
import { attack as migrationDowngrade } from './migration-downgrade.ts';
import { attack as migrationDpopAhead } from './migration-dpop-ahead.ts';
import { attack as migrationDpopMoved } from './migration-dpop-moved.ts';
import { attack as migrationPresigned } from './migration-presigned.ts';
import { attack as migrationReplay } from './migration-replay.ts';
import { attack as migrationSkew } from './migration-skew.ts';
import { attack as migrationTamper } from './migration-tamper.ts';
import { attack as namedTrace } from './named-trace.ts';
import { attack as nextCustomerOutcome } from './next-customer-outcome.ts';
import { attack as nonceReuse } from './nonce-reuse.ts';
import { attack as otherAppsAttestation } from './other-apps-attestation.ts';
import { attack as oversize } from './oversize.ts';
import { attack as passwordOnForeignDevice } from './password-on-foreign-device.ts';
import { attack as pathConfusion } from './path-confusion.ts';
import { attack as repackagedApp } from './repackaged-app.ts';
import { attack as replayAcrossWorkers } from './replay-across-workers.ts';
import { attack as replayAfterRestart } from './replay-after-restart.ts';
import { attack as replayAfterWorkerKill } from './replay-after-worker-kill.ts';
import { attack as replayAtOnce } from './replay-at-once.ts';
import { attack as replayLater } from './replay-later.ts';
import { attack as replayedChallenge } from './replayed-challenge.ts';
import { attack as replySwapped } from './reply-swapped.ts';
import { attack as replyTampered } from './reply-tampered.ts';
import { attack as reportFlood } from './report-flood.ts';
import { attack as reportForAnother } from './report-for-another.ts';
import { attack as reportOutOfTime } from './report-out-of-time.ts';
import { attack as reportPoisonedChain } from './report-poisoned-chain.ts';
import { attack as reportRepeated } from './report-repeated.ts';
import { attack as revokedDevice } from './revoked-device.ts';
import { attack as ruleTriggered } from './rule-triggered.ts';
import { attack as signalCanaryForged } from './signal-canary-forged.ts';
import { attack as signalReplayed } from './signal-replayed.ts';
import { attack as signalSilenced } from './signal-silenced.ts';
import { attack as signalUnregistered } from './signal-unregistered.ts';
import { attack as skippedStep } from './skipped-step.ts';
import { attack as slowBody } from './slow-body.ts';
import { attack as slowHead } from './slow-head.ts';
import { attack as smsPduFlood } from './sms-pdu-flood.ts';
import { attack as smsReplayedWebhook } from './sms-replayed-webhook.ts';
import { attack as smsSpoofedWebhook } from './sms-spoofed-webhook.ts';
import { attack as smuggling } from './smuggling.ts';
import { attack as softwareAsStrongbox } from './software-as-strongbox.ts';
import { attack as spliceSessions } from './splice-sessions.ts';
import { attack as statementForeignPurpose } from './statement-foreign-purpose.ts';
import { attack as statementForged } from './statement-forged.ts';
import { attack as statementOtherDevice } from './statement-other-device.ts';
import { attack as statementReplayed } from './statement-replayed.ts';
import { attack as stepUpMoved } from './step-up-moved.ts';
import { attack as stepUpReused } from './step-up-reused.ts';
import { attack as stolenTicket } from './stolen-ticket.ts';
import { attack as struckHeader } from './struck-header.ts';
import { attack as swallowAndRefuse } from './swallow-and-refuse.ts';
import { attack as swappedKey } from './swapped-key.ts';
import { attack as tableFlood } from './table-flood.ts';
import { attack as tamperBody } from './tamper-body.ts';
import { attack as tamperHeader } from './tamper-header.ts';
import { attack as tamperMethod } from './tamper-method.ts';
import { attack as tamperPath } from './tamper-path.ts';
import { attack as tamperQuery } from './tamper-query.ts';
import { attack as truncated } from './truncated.ts';
import { attack as trustRollback } from './trust-rollback.ts';
import { attack as twoTabs } from './two-tabs.ts';
import { attack as unlockedBootloader } from './unlocked-bootloader.ts';
import { attack as unsignedDirect } from './unsigned-direct.ts';

/** Every known attack. */
export const attacks: readonly Attack[] = [
  forgedAttestation,
  softwareAsStrongbox,
  leakedKeybox,
  trustRollback,
  replayedChallenge,
  otherAppsAttestation,
  repackagedApp,
  developmentAttest,
  unlockedBootloader,
  emulator,
  expiredProvisioning,
  swappedKey,
  counterRollback,
  clonedPhone,
  passwordOnForeignDevice,
  activeProxyOwnConfig,
  captureReadsNothing,
  clockAhead,
  clockBack,
  clonedStorage,
  configRollback,
  couponGrab,
  decompressionBomb,
  downgradeMode,
  downgradeSuite,
  duplicateHeaders,
  foreignAccount,
  forgedFacts,
  heldBack,
  helloNextMonth,
  helloReplayed,
  helloResigned,
  loginGuess,
  lostReplyRetry,
  lostReplySameBytes,
  namedTrace,
  nextCustomerOutcome,
  nonceReuse,
  oversize,
  pathConfusion,
  replayAcrossWorkers,
  replayAtOnce,
  replayLater,
  replySwapped,
  replyTampered,
  revokedDevice,
  signalCanaryForged,
  signalReplayed,
  signalSilenced,
  signalUnregistered,
  skippedStep,
  slowBody,
  slowHead,
  smuggling,
  spliceSessions,
  stepUpMoved,
  stepUpReused,
  stolenTicket,
  swallowAndRefuse,
  struckHeader,
  tableFlood,
  tamperBody,
  tamperHeader,
  tamperMethod,
  tamperPath,
  tamperQuery,
  truncated,
  twoTabs,
  unsignedDirect,
  adminApprovalMoved,
  adminEditedChange,
  adminForeignToken,
  adminSecondSelf,
  statementForged,
  statementOtherDevice,
  statementReplayed,
  statementForeignPurpose,
  reportFlood,
  reportForAnother,
  reportPoisonedChain,
  reportRepeated,
  reportOutOfTime,
  ruleTriggered,
  consentForged,
  directiveExpired,
  directiveFlood,
  directiveForeign,
  directiveForged,
  directiveRollback,
  directiveStreamFlood,
  authzSpoofed,
  decisionBodyTwins,
  decisionCanary,
  decisionStepUpSkipped,
  decisionTrapOracle,
  decisionWindowReset,
  bindForwardedToken,
  bindHookedSentItems,
  bindWithoutSms,
  bindTwoNumbers,
  bindWrongNumber,
  bindParallelSessions,
  bindWrongVmn,
  bindSpoofedSender,
  bindAfterFailover,
  bindOldApp,
  bindDisconnectedNumber,
  bindClonedSim,
  bindFourthToken,
  bindReplyManipulated,
  bindReliefElsewhere,
  bindReliefOtherSim,
  bindPasskeyReplayed,
  bindPasskeyOutlives,
  bindSelfApproved,
  bindFirstDaySplit,
  bindSparedStep,
  smsSpoofedWebhook,
  smsReplayedWebhook,
  smsPduFlood,
  migrationAlgorithm,
  migrationAttestationStolen,
  migrationChunks,
  migrationDowngrade,
  migrationDpopAhead,
  migrationDpopMoved,
  migrationPresigned,
  migrationReplay,
  migrationSkew,
  migrationTamper,
  replayAfterRestart,
  replayAfterWorkerKill,
  earlyReplay,
];
