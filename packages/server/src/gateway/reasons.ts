/** The inner reason codes of the gateway: precise, for log, metrics and audit. Clients see the coarse outer code (problems.ts). */
import type { BindingCode } from '@hauberk/binding';
import type { ChannelReason } from '@hauberk/channel';
import type { MigrationReason } from '../migration/migration-request.ts';
import type { OverloadReason } from '../overload/reasons.ts';
import type { BodyReason } from './body.ts';
import type { CodingReason } from './body-coding.ts';
import type { UpstreamReason } from './forward.ts';
import type { HeadReason } from './request-head.ts';

/** Why routing ends here. */
export type RouteReason = 'route.none' | 'route.method' | 'route.service' | 'route.tier';

/** Why a request is over a limit. */
export type LimitReason = 'limit.device' | 'limit.address' | 'limit.route' | 'limit.connections';

/** What a route's static outcome did. */
export type OutcomeReason = 'outcome.deny' | 'outcome.challenge' | 'outcome.slow-full' | 'outcome.trap';

/** Why a decision ends a request. */
export type DecisionReason = 'decision.denied' | 'decision.unavailable' | 'decision.unreadable';

/** Why a login does not carry a request. */
export type LoginReason = 'login.missing' | 'login.ended' | 'login.step-missing' | 'login.limited';

/** Why a grant does not cover a request. */
export type GrantReason = 'grant.object-foreign' | 'grant.object-missing';

/** Why an idempotency key does not lead to an outcome. */
export type IdempotencyReason =
  | 'idempotency.key-required'
  | 'idempotency.key-malformed'
  | 'idempotency.mismatch'
  | 'idempotency.running'
  | 'idempotency.outcome-unknown'
  | 'idempotency.not-kept';

/** Why a step-up is due, beyond what the channel says of its proof. */
export type StepUpReason = 'step-up.required' | 'step-up.key-unknown';

/** Why a write was not taken by the storage. */
export type StorageReason =
  | 'storage.overloaded'
  | 'storage.full'
  | 'storage.closed'
  | 'storage.slow'
  | 'storage.open'
  | 'storage.fault';

/** Why a question of nginx or Envoy is answered no, beyond what the channel says. */
export type AuthzReason = 'authz.malformed' | 'authz.forged-facts' | 'authz.body-required' | 'authz.enforcement';

/** Why a stream of directives is not opened. */
export type DirectiveReason = 'directive.streams-full';

/** What the gateway says of itself. */
export type GatewayReason =
  | 'gateway.fault'
  | 'gateway.method'
  | 'early.refused'
  | 'request.unprotected'
  | 'body.not-json'
  | 'link.refused'
  | 'trusted-key.refused'
  | 'consent.refused';

/** Every inner reason code that can end a request. */
export type Reason =
  | ChannelReason
  | BindingCode
  | HeadReason
  | BodyReason
  | UpstreamReason
  | RouteReason
  | LimitReason
  | CodingReason
  | OutcomeReason
  | DecisionReason
  | LoginReason
  | GrantReason
  | IdempotencyReason
  | StepUpReason
  | StorageReason
  | MigrationReason
  | AuthzReason
  | OverloadReason
  | DirectiveReason
  | GatewayReason;
