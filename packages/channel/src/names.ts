/** Every name that appears on the wire, in one place: headers, paths, tags, signing contexts, key labels. */

/** Header names, lower case as node and fetch give them. */
export const header = {
  ticket: 'hauberk-ticket',
  service: 'hauberk-service',
  hello: 'hauberk-hello',
  answer: 'hauberk-answer',
  stepUp: 'hauberk-step-up',
  timeLeft: 'hauberk-time-left',
  directives: 'hauberk-directives',
  signature: 'signature',
  signatureInput: 'signature-input',
  contentDigest: 'content-digest',
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  authorization: 'authorization',
  idempotencyKey: 'idempotency-key',
} as const;

/** Paths that the gateway answers itself, below any origin. */
export const endpoint = {
  config: '/.well-known/hauberk/config',
  hello: '/.well-known/hauberk/hello',
  enrolChallenge: '/.well-known/hauberk/enrol/challenge',
  enrol: '/.well-known/hauberk/enrol',
  link: '/.well-known/hauberk/link',
  keys: '/.well-known/hauberk/keys',
  bind: '/.well-known/hauberk/bind',
  bindApprove: '/.well-known/hauberk/bind/approve',
  reports: '/.well-known/hauberk/reports',
  directives: '/.well-known/hauberk/directives',
  directiveStream: '/.well-known/hauberk/directives/stream',
  consent: '/.well-known/hauberk/consent',
} as const;

/** RFC 9421 `tag` values: which protection a message claims. */
export const tag = {
  signed: 'hb1',
  sealed: 'hb1s',
  chunked: 'hb1c',
  signedReply: 'hb1r',
  sealedReply: 'hb1rs',
  chunkedReply: 'hb1rc',
} as const;

/** Context strings: every signature is made under exactly one, so that none can stand in for another. */
export const context = {
  config: 'hb1/config',
  status: 'hb1/status',
  hello: 'hb1/hello',
  answer: 'hb1/answer',
  enrol: 'hb1/enrol',
  stepUp: 'hb1/step-up',
  directive: 'hb1/directive',
  report: 'hb1/report',
  trusted: 'hb1/trusted',
  capture: 'hb1/capture',
  trustedKey: 'hb1/trusted-key',
} as const;

/** The protocol version that every document carries. */
export const protocolVersion = 1;
/** Highest sequence number of a session; the client shakes hands anew before it gets there. */
export const maxSequence: number = 2 ** 20;
/** How far behind the newest sequence number a first delivery is still accepted, whatever the order. */
export const guaranteedWidth = 113;
/** How far ahead of the gateway's clock `created` may be, in seconds. */
export const maxAheadSeconds = 30;
/** How far `created` of a hello may be from the gateway's clock before a gateway nonce is asked for, in seconds. */
export const helloSkewSeconds = 120;
/** Longest life of a status statement, in milliseconds. */
export const maxStatusLifeMs = 86_400_000;
