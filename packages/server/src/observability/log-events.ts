/** Every event of the process's own log, with its level and its fields: from here come types, lines, and the table of docs/operations.md. */
import type { FieldKind, FieldValue } from './log-fields.ts';

/** Levels from chatty to grave. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What is said of every event. */
export interface EventShape {
  readonly level: LogLevel;
  readonly meaning: string;
  readonly fields: Readonly<Record<string, FieldKind>>;
}

/** The events by their names. */
const logEvents = {
  'gateway.started': {
    level: 'info',
    meaning: 'Requests are accepted.',
    fields: { workers: 'count' },
  },
  'gateway.stopping': {
    level: 'info',
    meaning: 'A signal asked for a stop; requests under way still end.',
    fields: { signal: ['SIGTERM', 'SIGINT'] },
  },
  'worker.listening': { level: 'debug', meaning: 'A worker thread accepts requests.', fields: { index: 'count' } },
  'worker.fault': {
    level: 'error',
    meaning: 'A fault ended a worker thread.',
    fields: { index: 'count', error: 'fault' },
  },
  'worker.died': {
    level: 'error',
    meaning: 'A worker thread is gone and will be replaced.',
    fields: { index: 'count', code: 'count', restartInMs: 'count' },
  },
  'worker.restart-failed': {
    level: 'error',
    meaning: 'The replacement did not start; another try follows.',
    fields: { index: 'count', error: 'fault' },
  },
  'worker.drain-failed': {
    level: 'error',
    meaning: 'A worker thread could not end in order.',
    fields: { error: 'fault' },
  },
  'listen.single': {
    level: 'warn',
    meaning: 'The platform cannot share a port between threads: one worker serves alone.',
    fields: { error: 'fault' },
  },
  'request.fault': {
    level: 'error',
    meaning: 'A fault of the gateway ended a request (`gateway.fault`).',
    fields: { request: 'request', error: 'fault' },
  },
  'authz.fault': {
    level: 'error',
    meaning: 'A fault of the gateway answered a proxy with no.',
    fields: { request: 'request', error: 'fault' },
  },
  'decision.fault': {
    level: 'error',
    meaning: 'A decision could not be made, or its record not be kept; fail modes decide where it matters.',
    fields: { error: 'fault' },
  },
  'decision.profiles-restored': {
    level: 'info',
    meaning: 'Profiles of entities are as the last run left them.',
    fields: { rows: 'count', changes: 'count', missing: 'count', torn: 'count' },
  },
  'decision.profiles-refused': {
    level: 'error',
    meaning: 'Files of profiles cannot be used; they were set aside, and profiles begin empty.',
    fields: {
      reason: [
        'profiles.foreign',
        'profiles.version',
        'profiles.layout',
        'profiles.damaged',
        'profiles.incomplete',
        'profiles.gap',
      ],
    },
  },
  'decision.profiles-fault': {
    level: 'error',
    meaning: 'Changes of profiles are not on the disk; a snapshot is tried every minute.',
    fields: { error: 'fault' },
  },
  'record.fault': {
    level: 'error',
    meaning: 'The record could not be asked; the route decided by its fail mode.',
    fields: { error: 'fault' },
  },
  'report.fault': { level: 'error', meaning: 'Sightings of clients were not kept.', fields: { error: 'fault' } },
  'access-log.fault': { level: 'error', meaning: 'Lines of the access log are lost.', fields: { error: 'fault' } },
  'admin.fault': { level: 'error', meaning: 'A fault ended a request of an operator.', fields: { error: 'fault' } },
  'admin.request': {
    level: 'info',
    meaning: 'An operation of the admin API was done.',
    fields: { request: 'request', operation: 'operation', token: 'token', status: 'count' },
  },
  'admin.refused': {
    level: 'warn',
    meaning: 'An operation of the admin API was refused.',
    fields: { request: 'request', operation: 'operation', token: 'token', code: 'problem', reason: 'token-reason' },
  },
  'directive.halted': {
    level: 'warn',
    meaning: 'The guard halted a rollout: sessions with the directive ended badly more often.',
    fields: { metric: ['crash', 'error'] },
  },
  'directive.watch-failed': {
    level: 'error',
    meaning: 'The health of rollouts could not be counted; another try follows.',
    fields: { error: 'fault' },
  },
  'keys.renewed': { level: 'debug', meaning: 'Keys, configs and status statements were made anew.', fields: {} },
  'keys.renewal-failed': {
    level: 'error',
    meaning: 'They could not be; the old ones go on until they expire.',
    fields: { error: 'fault' },
  },
  'config.reloaded': { level: 'info', meaning: 'A new configuration is in force.', fields: {} },
  'config.reload-refused': {
    level: 'warn',
    meaning: 'The running configuration stays; the issues say why.',
    fields: { issues: 'issues' },
  },
  'config.reload-failed': { level: 'error', meaning: 'A reload met a fault.', fields: { error: 'fault' } },
  'cluster.follow-failed': {
    level: 'warn',
    meaning: 'Revocations of another node could not be read; it is asked again until they are.',
    fields: { error: 'fault' },
  },
  'attestation.file-refused': {
    level: 'warn',
    meaning: 'A list that evidence is judged by could not be read; what was read before stays in force.',
    fields: { issues: 'issues' },
  },
  'attestation.chain-listed': {
    level: 'warn',
    meaning: 'Certificates behind so many devices came onto a list of revoked ones; they owe new evidence.',
    fields: { devices: 'count' },
  },
  'attestation.sweep-failed': {
    level: 'error',
    meaning: 'The devices could not be compared with a new list of revoked certificates; another try follows.',
    fields: { error: 'fault' },
  },
  'binding.feed-refused': {
    level: 'warn',
    meaning: 'A list of numbers cannot be read; what it last held stays in force.',
    fields: { list: ['revoked', 'risk'] },
  },
  'binding.code-not-sent': {
    level: 'warn',
    meaning: 'The bank did not take a one-time code; the attempt will expire.',
    fields: {},
  },
  'binding.alarm': {
    level: 'warn',
    meaning: 'The list of revoked numbers is missing or over seven days old (B17).',
    fields: { unchecked: 'count' },
  },
  'binding.vmn-silent': {
    level: 'warn',
    meaning: 'More VMNs than before get nothing while the others do; `hauberk binding vmn` names them.',
    fields: { silent: 'count' },
  },
  'binding.bank-failed': {
    level: 'error',
    meaning: 'The bank behind the binding did not answer in time.',
    fields: { error: 'fault' },
  },
  'binding.upkeep': {
    level: 'info',
    meaning: 'The daily round through the live bindings (B17, B21) is done.',
    fields: { seen: 'count', inactive: 'count', revoked: 'count', unchecked: 'count' },
  },
  'binding.anchor-failed': {
    level: 'error',
    meaning:
      'Where the audit records of binding in the database ended could not be written into the signed log; it is tried again every minute.',
    fields: { error: 'fault' },
  },
  'binding.upkeep-failed': { level: 'error', meaning: 'That round met a fault.', fields: { error: 'fault' } },
  'privacy.answered': {
    level: 'warn',
    meaning: 'A response rule stopped a chain.',
    fields: {
      kind: [
        'over-scope',
        'over-frequency',
        'background',
        'before-consent',
        'after-refusal',
        'undeclared-sdk',
        'undeclared-destination',
        'many-identifiers',
      ],
    },
  },
  'privacy.fault': {
    level: 'error',
    meaning: 'A step of the privacy stream or of retention met a fault; it is tried again.',
    fields: { error: 'fault' },
  },
  'decision.record-fault': {
    level: 'error',
    meaning: 'A step of the stream of decisions, or of what is kept for them, met a fault; it is tried again.',
    fields: { error: 'fault' },
  },
  'intelligence.fault': {
    level: 'error',
    meaning:
      'Intelligence of partners could not be taken or told; what was known stays in force, and sources are asked again.',
    fields: { error: 'fault' },
  },
  'signals.fault': {
    level: 'error',
    meaning: 'Reports of signals could not be read from the record; they are read again.',
    fields: { error: 'fault' },
  },
  'clusters.fault': {
    level: 'error',
    meaning:
      'A step of the stream of clusters met a fault, or its snapshot could not be read or written; it is tried again, from the record.',
    fields: { error: 'fault' },
  },
  'identity.fault': {
    level: 'error',
    meaning:
      'What a change of identities means for decisions could not be read; the change stands, and decisions learn of it with the next one.',
    fields: { error: 'fault' },
  },
  'clusters.farm': {
    level: 'warn',
    meaning: 'A cluster of devices has become grey or black: `hauberk cluster list`.',
    fields: { devices: 'count', kinds: 'count', grade: ['grey', 'black'] },
  },
  'tracing.on': { level: 'debug', meaning: 'Spans go to the collector that the `OTEL_*` variables name.', fields: {} },
  'tracing.refused': {
    level: 'warn',
    meaning: 'A variable asks for something that is not offered; no spans are made.',
    fields: { variable: ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_TRACES_SAMPLER'] },
  },
  'tracing.packages-missing': {
    level: 'warn',
    meaning: 'Spans are asked for and the packages of OpenTelemetry are not installed; see Tracing for the command.',
    fields: { error: 'fault' },
  },
  'tracing.failed': { level: 'error', meaning: 'OpenTelemetry could not be started.', fields: { error: 'fault' } },
  'tracing.export-failed': {
    level: 'warn',
    meaning: 'The collector did not take spans; told once a minute at most.',
    fields: { count: 'count' },
  },
  'sms.link-up': { level: 'info', meaning: 'A link to an SMSC is bound.', fields: {} },
  'sms.link-down': {
    level: 'warn',
    meaning: 'A link to an SMSC ended or could not be opened; it is tried again, ever more slowly.',
    fields: { why: ['closed', 'unbound', 'silent', 'malformed', 'fault', 'bind-refused'] },
  },
  'sms.fault': {
    level: 'error',
    meaning: 'A step with an SMS met a fault; it is tried again, and the message stays in the record.',
    fields: { error: 'fault' },
  },
  'storage.failed': {
    level: 'error',
    meaning: 'Writes can no longer be kept; the process ends.',
    fields: { error: 'fault' },
  },
} as const;

/** The name of an event. */
export type EventName = keyof typeof logEvents;

/** The same, for whoever looks an event up. */
export const eventShapes: Readonly<Record<EventName, EventShape>> = logEvents;

/** The names of one level. */
export type EventAt<Level extends LogLevel> = {
  readonly [Name in EventName]: (typeof logEvents)[Name]['level'] extends Level ? Name : never;
}[EventName];

type KindsOf<Name extends EventName> = (typeof logEvents)[Name]['fields'];

/** What an event must be told with. */
export type EventFields<Name extends EventName> = {
  readonly [Field in keyof KindsOf<Name>]: KindsOf<Name>[Field] extends FieldKind
    ? FieldValue<KindsOf<Name>[Field]>
    : never;
};

/** The fields as arguments: none for an event that has none. */
export type EventArguments<Name extends EventName> =
  Record<never, never> extends EventFields<Name> ? [] : [fields: EventFields<Name>];
