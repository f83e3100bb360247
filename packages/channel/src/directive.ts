/**
 * Directives: signed, versioned, expiring documents that tell SDKs what to do. They verify without a session (from a cache, a foreign CDN)
 * against the directive keys of the pinned config. A kind that a client does not know is ignored and reported.
 */
import { accept, type EpochMs, epochMs, type Result, refuse } from '@hauberk/primitives';
import type { NamedKey } from './gateway-config.ts';
import { context, protocolVersion } from './names.ts';
import type { DocumentReason } from './reasons.ts';
import { countOf, isObject, type JsonObject, textOf } from './shape.ts';
import { readDocument, type UnverifiedDocument } from './signed-document.ts';

/** Whom a directive is for. `app` null means every app of the organisation. */
export interface DirectiveScope {
  readonly organisation: string;
  readonly app: string | null;
  readonly service: string | null;
}

/** A directive. `version` rises per kind and scope; a client never goes back. */
export interface Directive {
  readonly signedBy: string;
  readonly id: string;
  readonly kind: string;
  readonly kindVersion: number;
  readonly version: number;
  readonly scope: DirectiveScope;
  readonly notBeforeMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  /** Whom of the scope it is for, as the package `rollout` reads it; null for everybody. */
  readonly target: JsonObject | null;
  /** What the kind defines. */
  readonly body: JsonObject;
}

/** A directive taken apart, with the key that must have signed it. */
export interface UnverifiedDirective {
  readonly directive: Directive;
  readonly document: UnverifiedDocument;
  readonly publicKey: NamedKey['publicKey'];
}

/** The payload of a directive, ready to be signed under `hb1/directive`. */
export const directivePayload = ({ signedBy, target, ...rest }: Directive): JsonObject => ({
  v: protocolVersion,
  kid: signedBy,
  ...rest,
  ...(target === null ? {} : { target }),
});

const readScope = (value: unknown): DirectiveScope | undefined => {
  if (!isObject(value)) return undefined;
  const organisation = textOf(value, 'organisation', 64);
  const app = value['app'] === null ? null : textOf(value, 'app', 64);
  const service = value['service'] === null ? null : textOf(value, 'service', 64);
  return organisation === undefined || app === undefined || service === undefined
    ? undefined
    : { organisation, app, service };
};

const readPayload = (payload: JsonObject): Directive | undefined => {
  const signedBy = textOf(payload, 'kid', 64);
  const id = textOf(payload, 'id', 64);
  const kind = textOf(payload, 'kind', 64);
  const kindVersion = countOf(payload, 'kindVersion');
  const version = countOf(payload, 'version');
  const scope = readScope(payload['scope']);
  const notBefore = countOf(payload, 'notBeforeMs');
  const expiresAt = countOf(payload, 'expiresAtMs');
  const { body, target = null } = payload as { readonly body?: unknown; readonly target?: unknown };
  if (signedBy === undefined || id === undefined || kind === undefined || kindVersion === undefined) return undefined;
  if (
    version === undefined ||
    scope === undefined ||
    notBefore === undefined ||
    expiresAt === undefined ||
    !isObject(body) ||
    !(target === null || isObject(target))
  )
    return undefined;
  const times = { notBeforeMs: epochMs(notBefore), expiresAtMs: epochMs(expiresAt) };
  return { signedBy, id, kind, kindVersion, version, scope, target, body, ...times };
};

/** Takes a directive apart and finds its key; the caller verifies the signature over `document.signedBytes`, then judges it. */
export const readDirective = (keys: readonly NamedKey[], text: string): Result<UnverifiedDirective, DocumentReason> => {
  const document = readDocument(context.directive, text);
  if (!document.ok) return document;
  const { payload } = document.value;
  if (payload['v'] !== protocolVersion) return refuse('document.version');
  const directive = readPayload(payload);
  if (directive === undefined) return refuse('document.malformed');
  const key = keys.find(({ kid }) => kid === directive.signedBy);
  return key === undefined
    ? refuse('document.unknown-key')
    : accept({ directive, document: document.value, publicKey: key.publicKey });
};

/** Whether a verified directive counts for this client now; `highestVersion` is the highest seen of its kind and scope. */
export const judgeDirective = (
  directive: Directive,
  client: { readonly organisation: string; readonly app: string; readonly service: string },
  highestVersion: number,
  now: EpochMs,
): Result<Directive, DocumentReason> => {
  const { organisation, app, service } = directive.scope;
  if (organisation !== client.organisation || (app ?? client.app) !== client.app) return refuse('document.scope');
  if ((service ?? client.service) !== client.service) return refuse('document.scope');
  if (now < directive.notBeforeMs) return refuse('document.not-yet-valid');
  if (directive.expiresAtMs <= now) return refuse('document.expired');
  return directive.version < highestVersion ? refuse('document.rollback') : accept(directive);
};
