/** Identifiers, each with its own type, so that handing one for another does not compile. */
import { type Bytes, fromBase64Url, toBase64Url } from './bytes.ts';

declare const kind: unique symbol;
type Id<Kind extends string> = string & { readonly [kind]: Kind };

/** Who runs apps behind the gateway. Chosen by people. */
export type OrganisationId = Id<'OrganisationId'>;
/** One app of an organisation. Chosen by people. */
export type AppId = Id<'AppId'>;
/** A logical service, signed instead of the authority so that domain failover breaks nothing. Chosen by people. */
export type ServiceId = Id<'ServiceId'>;
/** One route of a service. Chosen by people. */
export type RouteId = Id<'RouteId'>;
/** One gateway process on one state folder. Chosen by people. */
export type NodeId = Id<'NodeId'>;
/** A signing or sealing key, as documents and tickets name it. */
export type KeyId = Id<'KeyId'>;
/** One enrolled device of one app. Random. */
export type DeviceId = Id<'DeviceId'>;
/** One handshake's session. Random. */
export type SessionId = Id<'SessionId'>;
/** One login that the gateway minted on a granting reply. Random. */
export type LoginId = Id<'LoginId'>;
/** One directive. Random. */
export type DirectiveId = Id<'DirectiveId'>;
/** One report of one device. Random. */
export type ReportId = Id<'ReportId'>;

/** Length of a random id before encoding: 128 bits, so ids neither collide nor can be guessed. */
export const randomIdBytes = 16;

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Reads an id that people chose: 1 to 64 characters, `[a-z0-9][a-z0-9._-]*`; undefined for anything else. */
const named =
  <Kind extends string>() =>
  (text: string): Id<Kind> | undefined =>
    namePattern.test(text) ? (text as Id<Kind>) : undefined;

/** Reads an id that was drawn at random: the one base64url spelling of 16 bytes; undefined for anything else. */
const drawn =
  <Kind extends string>() =>
  (text: string): Id<Kind> | undefined =>
    text.length === 22 && fromBase64Url(text)?.length === randomIdBytes ? (text as Id<Kind>) : undefined;

/** Names 16 fresh random bytes as an id. Randomness is the caller's. */
const mint =
  <Kind extends string>() =>
  (random: Bytes): Id<Kind> => {
    if (random.length !== randomIdBytes) throw new RangeError(`a random id takes ${randomIdBytes} bytes`);
    return toBase64Url(random) as Id<Kind>;
  };

/** Strict reader of an organisation id. */
export const parseOrganisationId: (text: string) => OrganisationId | undefined = named();
/** Strict reader of an app id. */
export const parseAppId: (text: string) => AppId | undefined = named();
/** Strict reader of a service id. */
export const parseServiceId: (text: string) => ServiceId | undefined = named();
/** Strict reader of a route id. */
export const parseRouteId: (text: string) => RouteId | undefined = named();
/** Strict reader of a node id. */
export const parseNodeId: (text: string) => NodeId | undefined = named();
/** Strict reader of a key id. */
export const parseKeyId: (text: string) => KeyId | undefined = named();
/** Strict reader of a device id. */
export const parseDeviceId: (text: string) => DeviceId | undefined = drawn();
/** Strict reader of a session id. */
export const parseSessionId: (text: string) => SessionId | undefined = drawn();
/** Strict reader of a login id. */
export const parseLoginId: (text: string) => LoginId | undefined = drawn();
/** Strict reader of a directive id. */
export const parseDirectiveId: (text: string) => DirectiveId | undefined = drawn();
/** Strict reader of a report id. */
export const parseReportId: (text: string) => ReportId | undefined = drawn();

/** A new device id from 16 random bytes. */
export const deviceIdOf: (random: Bytes) => DeviceId = mint();
/** A new session id from 16 random bytes. */
export const sessionIdOf: (random: Bytes) => SessionId = mint();
/** A new login id from 16 random bytes. */
export const loginIdOf: (random: Bytes) => LoginId = mint();
/** A new directive id from 16 random bytes. */
export const directiveIdOf: (random: Bytes) => DirectiveId = mint();
/** A new report id from 16 random bytes. */
export const reportIdOf: (random: Bytes) => ReportId = mint();
