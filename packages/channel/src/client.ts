/** HB/1 for clients: asynchronous, without the schema library, small enough for a phone's first page. */
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
  type ClientKeys,
  type ClientSession,
  createHello,
  earlyClientKeys,
  finishHandshake,
  type HelloInput,
  type PendingHello,
} from './client-handshake.ts';
export {
  isBoundReply,
  isChunkedReply,
  openChunkedReply,
  openReply,
  type ReceivedReply,
  type ReplyChunkOpener,
} from './client-reply.ts';
export {
  type ChunkedOutgoing,
  type OutgoingRequest,
  type ProtectedRequest,
  type RequestSlot,
  type SentRequest,
  sealChunkedRequest,
  sealRequest,
  signRequest,
} from './client-request.ts';
export { type ClientTrust, type TrustedConfig, trustConfig, trustStatus } from './client-trust.ts';
export { isRawPoint, type KeyPurpose, thumbprintInput } from './device-key.ts';
export {
  type Directive,
  type DirectiveScope,
  directivePayload,
  judgeDirective,
  readDirective,
  type UnverifiedDirective,
} from './directive.ts';
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
export {
  type ChannelReason,
  type DocumentReason,
  type HandshakeReason,
  type ProofReason,
  type ReplyReason,
  type RequestReason,
} from './reasons.ts';
export { type LossClass, maxReportsPerBatch, type Report, readReportBatch, reportBatch } from './report.ts';
export { compilePattern, matchPattern, type PathPattern } from './route-pattern.ts';
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
export { findSuite, type Suite, type SuiteId, suiteIds } from './suites.ts';
export {
  captureBytes,
  promptBytes,
  sealedAssociated,
  sealForRecipient,
  type TrustedClaims,
  type TrustedKind,
  trustedBytes,
  trustedText,
} from './trusted-statement.ts';
