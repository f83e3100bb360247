/**
 * The kinds of directives: what each one's body is, and what it is when nothing is asked for. A kind's body has a version; a client ignores and
 * reports the kinds and versions that it does not know, so that newer ones may be published while older apps are about. Kinds of other areas
 * (policies, domain plans, thresholds, packages) are entries of this table once their bodies are written.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import { type KillBody, readKill } from './kill.ts';
import { type PrivacyStopBody, readPrivacyStop } from './privacy-stop.ts';

/** Kind → body. */
export interface DirectiveBodies {
  readonly 'privacy.stop': PrivacyStopBody;
  readonly kill: KillBody;
}

/** A kind that this program knows. */
export type DirectiveKind = keyof DirectiveBodies;

/** What is known of a kind. */
export interface DirectiveKindRule<Body> {
  /** The version of the body that `read` takes. */
  readonly kindVersion: number;
  readonly read: (body: unknown) => Body | undefined;
  /** Says the same as no directive; takes the place of one that is reverted. */
  readonly nothing: Body;
}

/** Every kind. */
export const directiveKinds: { readonly [Kind in DirectiveKind]: DirectiveKindRule<DirectiveBodies[Kind]> } = {
  'privacy.stop': { kindVersion: 1, read: readPrivacyStop, nothing: { stops: [] } },
  kill: { kindVersion: 1, read: readKill, nothing: { kinds: [] } },
};

/** Why a body is not taken. */
export type DirectiveBodyCode = 'directive.kind' | 'directive.kind-version' | 'directive.body';

/** Whether a kind is known. */
export const isDirectiveKind = (kind: string): kind is DirectiveKind => Object.hasOwn(directiveKinds, kind);

/** Reads a body of a kind. */
export const readDirectiveBody = (
  kind: string,
  kindVersion: number,
  body: unknown,
): Result<DirectiveBodies[DirectiveKind], DirectiveBodyCode> => {
  if (!isDirectiveKind(kind)) return refuse('directive.kind', kind);
  const rule = directiveKinds[kind];
  if (kindVersion !== rule.kindVersion) return refuse('directive.kind-version', `${kind} ${kindVersion}`);
  const read = rule.read(body);
  return read === undefined ? refuse('directive.body', kind) : accept(read);
};
