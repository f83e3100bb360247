/** The forms of the contract's members, checked by both sides: exact members, exact spellings, bounds. */

import { evidenceKinds, signalCodeForm, skipReasons } from '@hauberk/device/client';
import { type Bytes, fromBase64Url, toBase64Url } from '@hauberk/primitives';
import {
  type BridgeErrorCode,
  type BridgeMethod,
  type BridgeVersion,
  bridgeErrorCodes,
  bridgeLimits,
  bridgeMethods,
  bridgeVersions,
  keyLevels,
  methodsOf,
} from './bridge-contract.ts';
import { sentStates, sharedKeyRoutes, simEventKinds } from './sim-contract.ts';

type Fault = 'malformed' | 'too-large' | undefined;
type Form = (value: unknown) => Fault;
/** A member's name, with `?` behind it when it may be absent. */
type Members = Readonly<Record<string, Form>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text =
  (most: number, least = 1): Form =>
  (value) =>
    typeof value !== 'string' || value.length < least ? 'malformed' : value.length > most ? 'too-large' : undefined;

/** Bytes by their length before base64url. */
const bytes =
  (most: number, least = 0): Form =>
  (value) => {
    if (typeof value !== 'string') return 'malformed';
    if (value.length > Math.ceil((most * 4) / 3)) return 'too-large';
    const read = fromBase64Url(value);
    return read === undefined || read.length < least ? 'malformed' : undefined;
  };

const word =
  (words: readonly string[]): Form =>
  (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : 'malformed';

const list =
  (member: Form, most: number): Form =>
  (value) => {
    if (!Array.isArray(value)) return 'malformed';
    return value.length > most ? 'too-large' : value.map(member).find((fault) => fault !== undefined);
  };

const count: Form = (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'malformed');
const whole =
  (most: number, least = 0): Form =>
  (value) =>
    count(value) ?? (Number(value) < least ? 'malformed' : Number(value) > most ? 'too-large' : undefined);
const matching =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : 'malformed';
const flag: Form = (value) => (typeof value === 'boolean' ? undefined : 'malformed');
const alias = matching(/^[\w.-]{1,64}$/);

/** Members that are there and no others; `name?` may be absent. */
const object =
  (members: Members): Form =>
  (value) => {
    if (!isObject(value)) return 'malformed';
    const names = Object.keys(members).map((name) => name.replace('?', ''));
    if (Object.keys(value).some((name) => !names.includes(name))) return 'malformed';
    for (const [name, form] of Object.entries(members)) {
      const plain = name.replace('?', '');
      if (name !== plain && !(plain in value)) continue;
      const fault = form(value[plain]);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

const limits = bridgeLimits;
const use = word(['sign', 'capture', 'seal']);
const userVerification = word(['none', 'required']);
const level = word(keyLevels);
const words = list(text(64), 64);
const prompt = object({ title: text(limits.promptTitle), text: text(limits.promptText) });
const evidence = list(object({ kind: text(64), statement: text(limits.statement) }), 8);
const challenge = bytes(limits.challenge, 16);
const associated = bytes(limits.associated);
/** Nonce, tag and header of whatever seals. */
const sealed = bytes(limits.plaintext + 4096);
const point: Form = (value) =>
  value === '' || (typeof value === 'string' && value.length === 87 && fromBase64Url(value)?.[0] === 4)
    ? undefined
    : 'malformed';
const signature = bytes(64, 64);
const key = { alias, use, userVerification, level, publicKey: point };
const slot = whole(7);
const sms = { to: matching(/^\+[1-9]\d{7,14}$/), text: text(limits.smsText) };
const simSlot = object({ slot, 'carrier?': text(limits.carrier), 'subscription?': text(limits.subscription) });
const simEvent = object({ number: count, what: word(simEventKinds) });

const signalCode = matching(signalCodeForm);
const signalNonce = matching(/^(?:[A-Za-z0-9_-]{43})?$/);
const signalDigest = matching(/^[A-Za-z0-9_-]{22}$/);
const signalValue: Form = (value) => (typeof value === 'boolean' ? undefined : whole(1000)(value));

const params: Readonly<Record<BridgeMethod, Form>> = {
  hello: object({ versions: list(count, 16) }),
  createKey: object({ alias, use, userVerification, level, 'challenge?': challenge }),
  getKey: object({ alias }),
  deleteKey: object({ alias }),
  attest: object({ alias, challenge }),
  sign: object({ alias, message: bytes(limits.message), 'prompt?': prompt }),
  seal: object({ alias, plaintext: bytes(limits.plaintext), associated }),
  unseal: object({ alias, sealed, associated }),
  capture: object({ alias, kind: text(32), binding: bytes(limits.binding), 'prompt?': prompt }),
  simState: object({}),
  sendSms: object({ ...sms, 'slot?': slot }),
  sentItem: object(sms),
  readOtp: object({ digits: whole(10, 4), waitMs: whole(limits.otpWait) }),
  simEvents: object({ 'after?': count }),
  signShared: object({ route: word(sharedKeyRoutes), message: bytes(limits.jointProof) }),
  readSignals: object({ codes: list(signalCode, limits.signals), nonce: signalNonce }),
};

const results: Readonly<Record<BridgeMethod, Form>> = {
  hello: object({
    version: count,
    platform: text(32),
    name: text(128),
    methods: words,
    levels: list(level, 3),
    userVerification: list(userVerification, 2),
    captures: words,
    evidence: words,
  }),
  createKey: object({ ...key, evidence }),
  getKey: object(key),
  deleteKey: object({ deleted: flag }),
  attest: object({ evidence }),
  sign: object({ signature, userVerified: flag }),
  seal: object({ sealed }),
  unseal: object({ plaintext: bytes(limits.plaintext) }),
  capture: object({ media: bytes(limits.media), mediaType: text(128), capturedAtMs: count, signature }),
  simState: object({
    sim: word(['present', 'absent', 'unknown']),
    airplane: word(['off', 'on', 'unknown']),
    path: word(['cellular', 'wifi', 'unknown']),
    cellularWorks: flag,
    slots: list(simSlot, 8),
  }),
  sendSms: object({ 'awayMs?': count }),
  sentItem: object({ state: word(sentStates), 'slot?': slot }),
  readOtp: object({ code: matching(/^\d{4,10}$/) }),
  simEvents: object({ events: list(simEvent, limits.events), last: count }),
  signShared: object({ publicKey: point, signature }),
  readSignals: object({
    ran: list(signalCode, limits.signals),
    skipped: list(object({ code: signalCode, why: word(skipReasons) }), limits.signals),
    signals: list(object({ code: signalCode, value: signalValue, observedAtMs: count }), limits.signals),
    evidence: list(object({ kind: word(evidenceKinds), digest: signalDigest }), limits.signalEvidence),
    canary: signalDigest,
  }),
};

/** Names of members that are bytes. */
const byteNames = [
  'challenge',
  'message',
  'plaintext',
  'associated',
  'sealed',
  'binding',
  'publicKey',
  'signature',
  'media',
] as const;
/** One of them. */
type ByteName = (typeof byteNames)[number];
/** Members with bytes as bytes. */
export type Decoded<Given> = { readonly [Name in keyof Given]: Name extends ByteName ? Bytes : Given[Name] };

const isByteName = (name: string): boolean => byteNames.some((known) => known === name);

/** Base64url members as bytes; their form has been checked. */
export const decodeMembers = (members: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, isByteName(name) ? fromBase64Url(String(value)) : value]),
  );
/** Bytes as base64url. */
export const encodeMembers = (members: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, value instanceof Uint8Array ? toBase64Url(value) : value]),
  );

/** A request that has the contract's form, or why it has none, with the version and the id that the answer bears. */
export type ReadRequest =
  | { readonly v: BridgeVersion; readonly id: number; readonly method: BridgeMethod; readonly params: object }
  | { readonly v: BridgeVersion; readonly id: number; readonly code: BridgeErrorCode };

const parse = (message: string): unknown => {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return undefined;
  }
};

const isId = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;
const isMethod = (value: unknown): value is BridgeMethod => bridgeMethods.some((known) => known === value);
const hasExactly = (value: object, names: readonly string[]): boolean =>
  Object.keys(value).length === names.length && names.every((name) => name in value);

const isVersion = (value: unknown): value is BridgeVersion => bridgeVersions.some((known) => known === value);

/** Reads a request. A version that is not spoken is answered in the oldest one. */
export const readBridgeRequest = (message: string): ReadRequest => {
  if (message.length > limits.requestText) return { v: 1, id: 0, code: 'too-large' };
  const request = parse(message);
  if (!isObject(request) || !isId(request['id'])) return { v: 1, id: 0, code: 'malformed' };
  const { id, v, method, params: given } = request;
  const isWhole = hasExactly(request, ['v', 'id', 'method', 'params']) && Number.isInteger(v);
  if (!isWhole) return { v: 1, id, code: 'malformed' };
  if (!isVersion(v)) return { v: 1, id, code: 'unsupported-version' };
  if (typeof method !== 'string') return { v, id, code: 'malformed' };
  if (!isMethod(method) || !methodsOf(v).includes(method)) return { v, id, code: 'unsupported-method' };
  const fault = params[method](given);
  return fault === undefined ? { v, id, method, params: given as object } : { v, id, code: fault };
};

/** What an answer said. */
export type ReadAnswer =
  | { readonly result: object }
  | { readonly code: BridgeErrorCode; readonly detail: string | undefined }
  | { readonly broken: string };

const isErrorCode = (value: unknown): value is BridgeErrorCode => bridgeErrorCodes.some((known) => known === value);

/** Reads the answer to a request of a version. */
export const readBridgeAnswer = (message: unknown, id: number, method: BridgeMethod, v: BridgeVersion): ReadAnswer => {
  if (typeof message !== 'string' || message.length > limits.answerText) return { broken: 'no text, or too much' };
  const answer = parse(message);
  if (!isObject(answer) || answer['v'] !== v) return { broken: 'no answer of this version' };
  if (answer['id'] !== id) return { broken: 'an answer to another request' };
  if (hasExactly(answer, ['v', 'id', 'error'])) {
    const { code, detail } = isObject(answer['error']) ? answer['error'] : {};
    const isText = detail === undefined || typeof detail === 'string';
    return isErrorCode(code) && isText ? { code, detail } : { broken: 'an error that is none' };
  }
  if (!hasExactly(answer, ['v', 'id', 'result'])) return { broken: 'members' };
  const fault = results[method](answer['result']);
  return fault === undefined ? { result: answer['result'] as object } : { broken: `${method}: ${fault}` };
};
