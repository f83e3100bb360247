/** HB/1 for the gateway: synchronous verification, tables in shared memory, bound replies. */
export {
  type AnswerCore,
  type AnswerTickets,
  answerMacInput,
  type EarlyOutcome,
  encodeAnswerCore,
  encodeAnswerTickets,
  readAnswer,
  type UnverifiedAnswer,
} from './answer.ts';
export {
  type ChunkHeader,
  chunkNonce,
  chunkOverhead,
  encodeChunkHeader,
  maxChunkLength,
  readChunkHeader,
} from './chunk.ts';
export {
  type ChunkedRequest,
  type ChunkOpener,
  type ChunkSealer,
  createChunkSealer,
  openChunkedRequest,
  sealChunkZero,
  streamDeadline,
} from './chunked-gateway.ts';
export { isRawPoint, type KeyPurpose, thumbprintInput } from './device-key.ts';
export {
  challengesPerDevice,
  consumeChallenge,
  type DeviceTable,
  deviceTableBytes,
  deviceTableKey,
  enterSession,
  findDeviceRow,
  generationOf,
  keepDeviceRow,
  openChallenge,
  openDeviceRow,
  openDeviceTable,
  raiseGeneration,
  revokeDeviceRow,
  sessionsPerDevice,
} from './device-table.ts';
export {
  type Directive,
  type DirectiveScope,
  directivePayload,
  judgeDirective,
  readDirective,
  type UnverifiedDirective,
} from './directive.ts';
export { isEarlySafe, readEarlyHead } from './early-request.ts';
export {
  type EnrolmentRequest,
  type Evidence,
  enrolmentPayload,
  evidenceInput,
  verifyEnrolment,
} from './enrolment.ts';
export {
  type AgreementKey,
  type ConfigRoute,
  type ConfigStatus,
  chooseAgreementKey,
  configStatusPayload,
  findConfigRoute,
  type GatewayConfig,
  gatewayConfigPayload,
  type NamedKey,
  type ProtectionMode,
  readConfigStatus,
  readGatewayConfig,
} from './gateway-config.ts';
export {
  type AcceptedHello,
  acceptHello,
  answerHello,
  earlyKeyId,
  earlySecrets,
  type HandshakePorts,
  type HonouredConfig,
  type KnownDevice,
  type OpenedSession,
} from './gateway-handshake.ts';
export { type Hello, helloPayload, readHello, type UnverifiedHello } from './hello.ts';
export { isHelloNonce, issueHelloNonce } from './hello-nonce.ts';
export {
  deriveSecrets,
  deriveSecretsAsync,
  replyChunkLabel,
  requestChunkLabel,
  requestNonce,
  type SessionSecrets,
  sequenceBytes,
  transcriptOf,
} from './key-schedule.ts';
export {
  type LinkSignature,
  type LinkStatement,
  linkBytes,
  readLinkBytes,
  type SharedIdentity,
  type SharedRoute,
  sharedRoutes,
  signLink,
} from './link-statement.ts';
export {
  context,
  endpoint,
  guaranteedWidth,
  header,
  helloSkewSeconds,
  maxAheadSeconds,
  maxSequence,
  maxStatusLifeMs,
  protocolVersion,
  tag,
} from './names.ts';
export { type OpenedTicket, OpenedTickets } from './opened-tickets.ts';
export {
  type ChannelReason,
  type DocumentReason,
  type HandshakeReason,
  type ProofReason,
  type ReplyReason,
  type RequestReason,
} from './reasons.ts';
export { claimSequence, isSequence, peekSequence, type WindowVerdict, windowWords } from './replay-window.ts';
export { type PlainReply, type ProtectedReply, protectChunkedReply, protectReply } from './reply.ts';
export { type LossClass, maxReportsPerBatch, type Report, readReportBatch, reportBatch } from './report.ts';
export { openResumeTicket, type ResumeState, sealResumeTicket } from './resume-ticket.ts';
export { compilePattern, matchPattern, type PathPattern } from './route-pattern.ts';
export { SessionKeys } from './session-keys.ts';
export {
  allocateSlot,
  claimInSlot,
  isSlot,
  openSessionTable,
  peekSlot,
  releaseSlot,
  type SessionTable,
  type SlotReference,
  sessionTableBytes,
  type TierRange,
} from './session-table.ts';
export {
  coveredReplyHeaders,
  coveredRequestHeaders,
  type HeaderValues,
  type ReadSignatureInput,
  type ReplyParameters,
  type ReplyTag,
  type ReplyTarget,
  type RequestParameters,
  type RequestTag,
  type RequestTarget,
  readReplyParameters,
  readSignatureInput,
  readSignatureValue,
  replyBase,
  replySignatureParams,
  requestBase,
  requestComponents,
  requestSignatureParams,
  sequenceOf,
  targetOf,
} from './signature-base.ts';
export {
  bytesUnderContext,
  readDocument,
  signDocument,
  signDocumentAsync,
  type UnverifiedDocument,
} from './signed-document.ts';
export {
  encodeStepUpAnswer,
  readStepUpAnswer,
  type StepUpAnswer,
  stepUpBytes,
  type Transaction,
  transactionBytes,
  verifyStepUp,
} from './step-up.ts';
export {
  helloMemorySeconds,
  openStrikeRegister,
  type Strike,
  type StrikeRegister,
  strike,
  strikeRegisterBytes,
} from './strike-register.ts';
export { findSuite, type Suite, type SuiteId, suiteIds } from './suites.ts';
export {
  openTicket,
  readTicketPrefix,
  sealTicket,
  type TicketKey,
  type TicketKeyRing,
  type TicketOwner,
  type TicketPrefix,
  type TicketState,
  ticketPrefixLength,
} from './ticket.ts';
export {
  type CaptureDigests,
  type CapturedMedia,
  captureBytes,
  openSealed,
  openTrustedSeal,
  promptBytes,
  sealedAssociated,
  sealForRecipient,
  type TrustedClaims,
  type TrustedData,
  type TrustedExpectations,
  type TrustedKind,
  type TrustedReason,
  trustedBytes,
  trustedKeyInput,
  trustedPayload,
  trustedText,
  userProofChallenge,
  type VerifiedCapture,
  type VerifiedStatement,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from './trusted-statement.ts';
export {
  type ArrivedHead,
  type ChannelGateway,
  contentDigestOf,
  mintChunked,
  type PendingRequest,
  type ReadProtection,
  type ReplyBinding,
  type ReplyBindingParts,
  type RequestRefusal,
  type RouteDemand,
  readProtectedHead,
  readProtection,
  type SessionFacts,
  type VerifiedRequest,
  verifyRequest,
  verifyUnseenBody,
} from './verified-request.ts';
