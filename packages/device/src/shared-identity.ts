/**
 * One device over several apps of a bank. Each app has a key and a device record of its own; what makes them one is a proof by two keys over one
 * statement, and the verdict says which way it came, for the ways are not equally strong.
 */
import { accept, type Bytes, concat, type Result, refuse, utf8 } from '@hauberk/primitives';

/**
 * `keychain-group`: a key that the system shares between apps of one maker (iOS). `vendor-bridge`: a key that the phone's maker shares.
 * `server-link`: no shared key; the key of another app on the same phone signs as well.
 */
export const sharedRoutes = ['keychain-group', 'vendor-bridge', 'server-link'] as const;
/** One of them. */
export type SharedRoute = (typeof sharedRoutes)[number];

/** A key's signature over the statement. */
export interface LinkSignature {
  /** Raw P-256 point. */
  readonly publicKey: Bytes;
  /** r ‖ s, 64 bytes. */
  readonly signature: Bytes;
}

/** The way to the key that another app of the same maker can use, on the device. One per platform. */
export interface SharedIdentity {
  readonly route: SharedRoute;
  /** Signs the statement with that key; undefined when this phone offers no such way. */
  readonly sign: (statement: Bytes) => Promise<LinkSignature | undefined>;
}

/** What both keys sign. */
export interface LinkStatement {
  /** 32 bytes, single use. */
  readonly challenge: Bytes;
  readonly organisation: string;
  readonly app: string;
  /** The device that asks, by its random id. */
  readonly deviceId: string;
  readonly route: SharedRoute;
}

/** The signed bytes: every part with its length, so that no two statements have the same ones. */
export const linkBytes = ({ challenge, organisation, app, deviceId, route }: LinkStatement): Bytes => {
  const parts = [challenge, ...[organisation, app, deviceId, route].map(utf8)];
  const lengths = new Uint8Array(parts.map(({ length }) => length & 0xff));
  return concat(utf8('hb1/link\u0000'), lengths, ...parts);
};

/** The first way that this phone offers, with its signature; the strongest stands first. */
export const signLink = async (
  ways: readonly SharedIdentity[],
  statementOf: (route: SharedRoute) => LinkStatement,
): Promise<(LinkSignature & { readonly route: SharedRoute }) | undefined> => {
  for (const route of sharedRoutes) {
    for (const way of ways.filter((other) => other.route === route)) {
      const signed = await way.sign(linkBytes(statementOf(route)));
      if (signed !== undefined) return { ...signed, route };
    }
  }
  return undefined;
};

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
