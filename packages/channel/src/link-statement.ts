/**
 * The statement that makes devices of several apps one (docs/wire.md, section 6), and the ways to the key that signs it beside the device's own. The ways are
 * not equally strong, so the statement names its own.
 */
import { type Bytes, concat, equalBytes, fromUtf8, utf8 } from '@hauberk/primitives';

/**
 * `keychain-group`: a key that the system shares between apps of one maker (iOS). `vendor-bridge`: a key that the phone's maker shares.
 * `server-link`: no shared key; the key of another app on the same phone signs as well. The strongest stands first.
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

/** The way to the key that another app of the same maker can use, on the device. */
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

const linkHead = 'hb1/link\u0000';
const partCount = 5;

/** The signed bytes: every part with its length, so that no two statements have the same ones. */
export const linkBytes = ({ challenge, organisation, app, deviceId, route }: LinkStatement): Bytes => {
  const parts = [challenge, ...[organisation, app, deviceId, route].map(utf8)];
  const lengths = new Uint8Array(parts.map(({ length }) => length & 0xff));
  return concat(utf8(linkHead), lengths, ...parts);
};

/** Reads them back, as an app does that is asked to sign for another one; undefined for any other bytes. */
export const readLinkBytes = (bytes: Uint8Array): LinkStatement | undefined => {
  const head = utf8(linkHead);
  if (!head.every((byte, at) => bytes[at] === byte)) return undefined;
  const lengths = bytes.slice(head.length, head.length + partCount);
  let at = head.length + partCount;
  const parts = Array.from(lengths, (length) => bytes.slice(at, (at += length)));
  const [challenge, ...texts] = parts;
  const [organisation, app, deviceId, named] = texts.map((part) => fromUtf8(part));
  const route = sharedRoutes.find((known) => known === named);
  if (challenge?.length !== 32 || !organisation || !app || !deviceId || route === undefined) return undefined;
  const statement = { challenge: Uint8Array.from(challenge), organisation, app, deviceId, route };
  return equalBytes(linkBytes(statement), Uint8Array.from(bytes)) ? statement : undefined;
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
