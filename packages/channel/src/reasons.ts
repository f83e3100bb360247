/** Inner reason codes of the channel: precise, for log, metrics and audit. docs/reasons.md explains each; clients see the coarse outer code. */

/** Why a signed document (config, status, hello, enrolment, directive, report) is refused. */
export type DocumentReason =
  | 'document.malformed'
  | 'document.signature'
  | 'document.unknown-key'
  | 'document.version'
  | 'document.scope'
  | 'document.not-yet-valid'
  | 'document.expired'
  | 'document.rollback'
  | 'document.life-too-long'
  | 'document.hash';

/** Why a handshake is refused, by either side. */
export type HandshakeReason =
  | 'hello.malformed'
  | 'hello.suite'
  | 'hello.config-unknown'
  | 'hello.config-key-revoked'
  | 'hello.scope'
  | 'hello.share'
  | 'hello.signature'
  | 'hello.clock'
  | 'hello.nonce-required'
  | 'hello.nonce-invalid'
  | 'hello.replayed'
  | 'hello.register-full'
  | 'hello.device-unknown'
  | 'hello.device-revoked'
  | 'hello.evidence-due'
  | 'hello.table-full'
  | 'resume.malformed'
  | 'resume.expired'
  | 'resume.device-mismatch'
  | 'answer.malformed'
  | 'answer.finished'
  | 'answer.suite'
  | 'answer.share'
  | 'answer.status';

/** Why a request is refused. */
export type RequestReason =
  | 'request.unsigned'
  | 'request.malformed'
  | 'request.mode'
  | 'request.components'
  | 'request.service'
  | 'request.query-not-public'
  | 'request.ticket-malformed'
  | 'request.ticket-key'
  | 'request.ticket-boot'
  | 'request.ticket-node'
  | 'request.ticket-seal'
  | 'request.ticket-expired'
  | 'request.keyid'
  | 'request.session-gone'
  | 'request.revoked'
  | 'request.digest'
  | 'request.signature'
  | 'request.seal'
  | 'request.replayed'
  | 'request.too-old-sequence'
  | 'request.sequence-exhausted'
  | 'request.clock-late'
  | 'request.clock-ahead'
  | 'request.chunk';

/** Why the client refuses a reply. */
export type ReplyReason =
  | 'reply.unbound'
  | 'reply.malformed'
  | 'reply.signature'
  | 'reply.digest'
  | 'reply.seal'
  | 'reply.chunk';

/** Why an enrolment or a step-up is refused. */
export type ProofReason =
  | 'enrol.malformed'
  | 'enrol.challenge'
  | 'enrol.signature'
  | 'enrol.scope'
  | 'enrol.evidence'
  | 'enrol.appraisal'
  | 'enrol.software'
  | 'enrol.chain'
  | 'step-up.malformed'
  | 'step-up.challenge'
  | 'step-up.signature';

/** All of them; one total table in the server maps each to an outer problem. */
export type ChannelReason = DocumentReason | HandshakeReason | RequestReason | ReplyReason | ProofReason;
