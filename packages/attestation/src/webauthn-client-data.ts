/** Client data (WebAuthn Level 3 section 5.8.1): what the browser says about the page that ran the ceremony. */
import {
  accept,
  type Bytes,
  equalBytes,
  fromBase64Url,
  fromUtf8,
  type JsonValue,
  parseJson,
  type Result,
  refuse,
} from '@hauberk/primitives';

/** Why client data was refused. */
export type ClientDataCode =
  | 'webauthn.client-data'
  | 'webauthn.type'
  | 'webauthn.challenge'
  | 'webauthn.origin'
  | 'webauthn.cross-origin'
  | 'webauthn.top-origin';

/** The ceremony that the client data must belong to; `payment.get` is that of Secure Payment Confirmation. */
export type CeremonyType = 'webauthn.create' | 'webauthn.get' | 'payment.get';

/** Where a ceremony may come from. */
export interface CeremonyOrigins {
  /** Exactly as the browser writes them: `https://bank.example`, `android:apk-key-hash:…`. */
  readonly origins: readonly string[];
  /** Whether a page may run the ceremony inside a page of another origin; false when absent. */
  readonly allowCrossOrigin?: boolean;
  /** Origins of such outer pages; a top origin that is not among them is refused. */
  readonly topOrigins?: readonly string[];
}

/** What client data is measured against. */
export interface ClientDataExpectations extends CeremonyOrigins {
  readonly type: CeremonyType;
  readonly challenge: Uint8Array;
}

/** Client data that met the expectations. */
export interface ClientData {
  readonly type: CeremonyType;
  readonly origin: string;
  readonly crossOrigin: boolean;
  readonly topOrigin: string | undefined;
  /** The member of a payment ceremony, unchecked. */
  readonly payment: JsonValue | undefined;
}

/** JSON members, or undefined for anything but an object. */
export const jsonMembers = (value: JsonValue | undefined): { readonly [name: string]: JsonValue } | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })
    : undefined;

const byteOrderMark = '\uFEFF';

const readMembers = (bytes: Bytes): { readonly [name: string]: JsonValue } | undefined => {
  const text = fromUtf8(bytes);
  // Section 7.1 step 5 decodes with "UTF-8 decode", which drops a byte order mark.
  const json = text?.startsWith(byteOrderMark) === true ? text.slice(1) : text;
  const document = json === undefined ? undefined : parseJson(json, { maxDepth: 8, maxKeys: 256, maxLength: 65_536 });
  return document?.ok === true ? jsonMembers(document.value) : undefined;
};

const checkTopOrigin = (
  topOrigin: JsonValue | undefined,
  crossOrigin: boolean,
  allowed: readonly string[],
): ClientDataCode | undefined => {
  if (topOrigin === undefined) return undefined;
  if (typeof topOrigin !== 'string' || !crossOrigin) return 'webauthn.client-data';
  return allowed.includes(topOrigin) ? undefined : 'webauthn.top-origin';
};

/** Reads client data and checks type, challenge and origins. */
export const readClientData = (
  bytes: Bytes,
  expectations: ClientDataExpectations,
): Result<ClientData, ClientDataCode> => {
  const members = readMembers(bytes);
  const { type, challenge, origin, crossOrigin = false, topOrigin } = members ?? {};
  if (typeof type !== 'string' || typeof challenge !== 'string' || typeof origin !== 'string')
    return refuse('webauthn.client-data', 'members');
  if (typeof crossOrigin !== 'boolean') return refuse('webauthn.client-data', 'crossOrigin');
  if (type !== expectations.type) return refuse('webauthn.type', `not ${expectations.type}`);
  const answered = fromBase64Url(challenge);
  if (answered === undefined || expectations.challenge.length < 16 || !equalBytes(answered, expectations.challenge))
    return refuse('webauthn.challenge');
  if (!expectations.origins.includes(origin)) return refuse('webauthn.origin', origin.slice(0, 256));
  if (crossOrigin && expectations.allowCrossOrigin !== true) return refuse('webauthn.cross-origin');
  const fault = checkTopOrigin(topOrigin, crossOrigin, expectations.topOrigins ?? []);
  if (fault !== undefined) return refuse(fault, 'topOrigin');
  const outer = typeof topOrigin === 'string' ? topOrigin : undefined;
  return accept({ type: expectations.type, origin, crossOrigin, topOrigin: outer, payment: members?.['payment'] });
};
