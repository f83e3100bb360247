/**
 * One device over several apps of a bank. Each app has a key and a device record of its own; what makes them one is a proof by two keys over one
 * statement, and the verdict says which way it came, for the ways are not equally strong.
 */
import { type LinkSignature, type LinkStatement, linkBytes, type SharedRoute } from '@hauberk/channel/client';
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';

/** Why two apps are not taken for one device. */
export type LinkCode = 'link.route' | 'link.same-key' | 'link.signature-own' | 'link.signature-shared';

/** What a joint proof established. */
export interface LinkVerdict {
  readonly route: SharedRoute;
  /** The key beside the device's own: the shared one, or that of the other app. */
  readonly sharedKey: Bytes;
}

/** Judges a joint proof: one statement, signed by the device's own key and by the other one. */
export const judgeLink = (
  statement: LinkStatement,
  own: LinkSignature,
  shared: LinkSignature,
  accepted: readonly SharedRoute[],
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): Result<LinkVerdict, LinkCode> => {
  if (!accepted.includes(statement.route)) return refuse('link.route', statement.route);
  // One key twice would let a single app link itself to itself and call it two.
  if (own.publicKey.every((byte, index) => byte === shared.publicKey[index])) return refuse('link.same-key');
  const bytes = linkBytes(statement);
  if (!verify(own.publicKey, bytes, own.signature)) return refuse('link.signature-own');
  if (!verify(shared.publicKey, bytes, shared.signature)) return refuse('link.signature-shared');
  return accept({ route: statement.route, sharedKey: shared.publicKey });
};
