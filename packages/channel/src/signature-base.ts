/**
 * The HB/1 profile of RFC 9421: which components a message covers and the bytes of its signature base. The route decides what must be
 * covered, never the message: both sides build the component list from what is present, and the gateway compares.
 */
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { sequenceBytes } from './key-schedule.ts';
import { header, tag } from './names.ts';

/** Header values by lower-case name, as node and fetch give them. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The parts of a request that are signed besides its headers. */
export interface RequestTarget {
  readonly method: string;
  /** Absolute path as on the wire: `/` at least. */
  readonly path: string;
  /** `?` and what follows it, `?` alone when the URL has no query (RFC 9421 section 2.2.7). */
  readonly query: string;
}

/** How a request is protected. */
export type RequestTag = typeof tag.signed | typeof tag.sealed | typeof tag.chunked;
/** How a reply is protected. */
export type ReplyTag = typeof tag.signedReply | typeof tag.sealedReply | typeof tag.chunkedReply;

/** The parameters of a request signature. */
export interface RequestParameters {
  /** Server time in whole seconds. */
  readonly created: number;
  readonly keyid: string;
  readonly sequence: number;
  readonly tag: RequestTag;
}

/** Headers that are covered whenever present, before those that the route declares. */
const alwaysCovered = [
  header.contentType,
  header.contentEncoding,
  header.authorization,
  header.idempotencyKey,
  header.stepUp,
] as const;

const valueOf = (headers: HeaderValues, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Splits a request target as it stands on the request line. */
export const targetOf = (method: string, url: string): RequestTarget => {
  const mark = url.indexOf('?');
  return mark < 0 ? { method, path: url, query: '?' } : { method, path: url.slice(0, mark), query: url.slice(mark) };
};

/** The covered header names of a request, in order. */
export const coveredRequestHeaders = (
  requestTag: RequestTag,
  headers: HeaderValues,
  declared: readonly string[],
): readonly string[] => {
  const names: string[] = requestTag === tag.signed ? [header.contentDigest, header.service] : [header.service];
  for (const name of alwaysCovered) if (headers[name] !== undefined) names.push(name);
  for (const name of declared) if (headers[name] !== undefined && !names.includes(name)) names.push(name);
  return names;
};

const componentList = (derived: string, names: readonly string[]): string => {
  let list = `(${derived}`;
  for (const name of names) list += ` "${name}"`;
  return `${list})`;
};

/** The inner list that `Signature-Input` must carry for these covered headers. */
export const requestComponents = (names: readonly string[]): string =>
  componentList('"@method" "@path" "@query"', names);

/** `@signature-params` of a request: the component list and the parameters, in the one order of the profile. */
export const requestSignatureParams = (components: string, parameters: RequestParameters): string =>
  `${components};created=${parameters.created};keyid="${parameters.keyid}";nonce="${toBase64Url(sequenceBytes(parameters.sequence))}";tag="${parameters.tag}"`;

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Cuts SP and HTAB off both ends, nothing else: `trim` would also cut a no-break space, and whoever adds one would go unnoticed. */
const trimBlanks = (value: string): string => {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === value.length ? value : value.slice(start, end);
};

const headerLines = (names: readonly string[], headers: HeaderValues): string => {
  let lines = '';
  for (const name of names) lines += `"${name}": ${trimBlanks(valueOf(headers, name) ?? '')}\n`;
  return lines;
};

/** The signature base of a request (RFC 9421 section 2.5). */
export const requestBase = (
  target: RequestTarget,
  names: readonly string[],
  headers: HeaderValues,
  signatureParams: string,
): string =>
  `"@method": ${target.method}\n"@path": ${target.path}\n"@query": ${target.query}\n${headerLines(names, headers)}"@signature-params": ${signatureParams}`;

const parameterForm = /^;created=\d{1,15};keyid="[A-Za-z0-9_-]{22}";nonce="[A-Za-z0-9_-]{11}";tag="(?:hb1|hb1s|hb1c)"$/;
/** Characters from the start of the key id to the start of the nonce, and from there to the start of the tag. */
const keyidToNonce = 22 + '";nonce="'.length;
const nonceToTag = 11 + '";tag="'.length;

/** `Signature-Input` taken apart. */
export interface ReadSignatureInput {
  /** The inner list, to be compared with what the route demands. */
  readonly components: string;
  readonly signatureParams: string;
  readonly parameters: RequestParameters;
}

/** Reads the number out of a nonce; undefined when it is none. Whether it may still be used as a sequence number is `isSequence`'s to say. */
export const sequenceOf = (nonce: string): number | undefined => {
  const bytes = fromBase64Url(nonce);
  if (bytes?.length !== 8) return undefined;
  const view = new DataView(bytes.buffer);
  const sequence = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  return Number.isSafeInteger(sequence) ? sequence : undefined;
};

/** Reads the fixed profile's `Signature-Input`. Any other label, order, spacing or parameter is refused: one message, one spelling. */
export const readSignatureInput = (value: string): ReadSignatureInput | undefined => {
  if (!value.startsWith('hb=(') || value.length > 2048) return undefined;
  const end = value.indexOf(')');
  const tail = value.slice(end + 1);
  if (end < 0 || !parameterForm.test(tail)) return undefined;
  // The form is fixed, so its parts lie where they must: capturing them would cost more than all the rest.
  const created = tail.slice(';created='.length, tail.indexOf(';', 1));
  const keyidAt = ';created=;keyid="'.length + created.length;
  const nonceAt = keyidAt + keyidToNonce;
  const sequence = sequenceOf(tail.slice(nonceAt, nonceAt + 11));
  if (sequence === undefined) return undefined;
  return {
    components: value.slice(3, end + 1),
    signatureParams: value.slice(3),
    parameters: {
      created: Number(created),
      keyid: tail.slice(keyidAt, keyidAt + 22),
      sequence,
      tag: tail.slice(nonceAt + nonceToTag, -1) as RequestTag,
    },
  };
};

/** Reads `hb=:base64:`; answers the base64 between the colons. */
export const readSignatureValue = (value: string): string | undefined =>
  value.startsWith('hb=:') && value.endsWith(':') && value.length < 128 ? value.slice(4, -1) : undefined;

/** What a reply's base covers. */
export interface ReplyTarget {
  readonly status: number;
  /** The request's `Signature` and `Signature-Input` values: what binds the reply to it (RFC 9421 section 2.4). */
  readonly requestSignature: string;
  readonly requestSignatureInput: string;
}

/** The parameters of a reply signature. */
export interface ReplyParameters {
  readonly created: number;
  readonly keyid: string;
  /** 12 random bytes as base64url for sealed and chunked replies; absent on signed ones. */
  readonly nonce: string | undefined;
  readonly tag: ReplyTag;
}

/** The covered header names of a reply, in order. */
export const coveredReplyHeaders = (
  replyTag: ReplyTag,
  headers: HeaderValues,
  declared: readonly string[],
): readonly string[] => {
  const names: string[] = headers[header.contentType] === undefined ? [] : [header.contentType];
  if (replyTag === tag.signedReply) names.push(header.contentDigest);
  if (headers[header.directives] !== undefined) names.push(header.directives);
  for (const name of declared) if (headers[name] !== undefined && !names.includes(name)) names.push(name);
  return names;
};

/** `@signature-params` of a reply. */
export const replySignatureParams = (names: readonly string[], parameters: ReplyParameters): string => {
  const nonce = parameters.nonce === undefined ? '' : `;nonce="${parameters.nonce}"`;
  const list = componentList('"@status"', names).slice(0, -1);
  return `${list} "signature";req "signature-input";req);created=${parameters.created};keyid="${parameters.keyid}"${nonce};tag="${parameters.tag}"`;
};

/** The signature base of a reply. */
export const replyBase = (
  target: ReplyTarget,
  names: readonly string[],
  headers: HeaderValues,
  signatureParams: string,
): string =>
  `"@status": ${target.status}\n${headerLines(names, headers)}"signature";req: ${target.requestSignature}\n"signature-input";req: ${target.requestSignatureInput}\n"@signature-params": ${signatureParams}`;

const replyForm =
  /\);created=(\d{1,15});keyid="([A-Za-z0-9_-]{22})"(?:;nonce="([A-Za-z0-9_-]{16})")?;tag="(hb1r|hb1rs|hb1rc)"$/;

/** Reads the parameters of a reply's `Signature-Input`; the client rebuilds the component list itself and compares. */
export const readReplyParameters = (value: string): ReplyParameters | undefined => {
  const match = value.length > 2048 ? null : replyForm.exec(value);
  if (match === null) return undefined;
  const [, created = '', keyid = '', nonce, replyTag = ''] = match;
  return { created: Number(created), keyid, nonce, tag: replyTag as ReplyTag };
};
