/** What a conformance case works with: a bridge, the caller's helpers, and nothing of any implementation. */
import { isRawPoint } from '@hauberk/channel/client';
import { type AsyncCrypto, type Bytes, fromBase64Url, toBase64Url } from '@hauberk/primitives';
import {
  type BridgeAbout,
  type BridgeMethod,
  type BridgeVersion,
  bridgeErrorCodes,
  bridgeVersions,
  type TrustedBridge,
} from '../trusted/bridge-contract.ts';
import { readBridgeAnswer } from '../trusted/bridge-forms.ts';

/** The scripted user of a bridge under test. */
export interface ConformanceUser {
  /** How the user answers every prompt until told otherwise. */
  readonly next: (answer: 'approve' | 'cancel' | 'fail') => void;
  /** Prompts that were shown so far, oldest first. */
  readonly shown: () => readonly ({ readonly title: string; readonly text: string } | undefined)[];
}

/** The hands on a phone under test, and what stands at the other end of its SMS. Everything holds when its promise does. */
export interface ConformanceSim {
  /** A number whose SMS the tester sees, and one of a network that reports nothing. */
  readonly to: string;
  readonly nowhere: string;
  /** Texts that came to `to`, oldest first. */
  readonly arrived: () => Promise<readonly string[]>;
  /** Has an SMS come to the phone. */
  readonly receive: (message: string) => Promise<void>;
  readonly airplane: (isOn: boolean) => Promise<void>;
  /** Takes all SIMs out, or puts another one in. */
  readonly sim: (what: 'out' | 'other') => Promise<void>;
  /** Leaves the app and comes back. */
  readonly leave: () => Promise<void>;
  /** How the user answers when the system asks for SIM and SMS. */
  readonly permission: (answer: 'granted' | 'denied' | 'blocked') => void;
  /** Whether the user lets the app read the next message. */
  readonly consent: (isGiven: boolean) => void;
  /** What the user does in the composer, after so many milliseconds; iOS alone. */
  readonly composer?: (answer: 'send' | 'cancel', awayMs: number) => void;
}

/** What the suite is given besides the bridge. */
export interface ConformanceHelp {
  /** Checks signatures. */
  readonly crypto: AsyncCrypto;
  /** Without it the cases about users are skipped, and say so. */
  readonly user?: ConformanceUser;
  /** Without it the cases about SIM and SMS are skipped, and say so. They send SMS, which may cost money. */
  readonly sim?: ConformanceSim;
  /**
   * Whether a verifier believes evidence for this challenge and raw public key; without it that case is skipped. `later`: it was made for a
   * key that was there before, and may attest another key of the device. Of assertions it keeps the counter of each key, as a server does.
   */
  readonly verifyEvidence?: (
    kind: string,
    statement: string,
    challenge: Bytes,
    publicKey: Bytes,
    moment: 'made' | 'later',
  ) => Promise<boolean>;
}

/** A rule that a bridge broke. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure';
}

/** A rule that cannot be tried on this bridge, or with this help. */
export class ConformanceSkip extends Error {
  override readonly name = 'ConformanceSkip';
}

/** Members of an answer as they came. */
export type Raw = Readonly<Record<string, unknown>>;

/** Ends the case unless something holds. */
export const expect: (holds: boolean, otherwise: string) => asserts holds = (holds, otherwise) => {
  if (!holds) throw new ConformanceFailure(otherwise);
};

/** Bytes of a base64url member. */
export const bytesIn = (members: Raw, name: string): Bytes => {
  const value = members[name];
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  expect(bytes !== undefined, `${name} is not base64url without padding`);
  return bytes;
};

/** Base64url. */
export const text = (bytes: Uint8Array): string => toBase64Url(bytes);

/** One case's view of a bridge. */
export class ConformanceLab {
  readonly bridge: TrustedBridge;
  readonly help: ConformanceHelp;
  readonly #prefix: string;
  #lastId = 0;
  #lastAlias = 0;
  readonly #aliases: string[] = [];
  #about: BridgeAbout | undefined;
  constructor(bridge: TrustedBridge, help: ConformanceHelp) {
    this.bridge = bridge;
    this.help = help;
    // Bridges keep their keys: two runs must not meet.
    this.#prefix = `conformance-${toBase64Url(help.crypto.random(9))}`;
  }

  /** An alias that nobody used. */
  alias(): string {
    this.#lastAlias += 1;
    const alias = `${this.#prefix}-${this.#lastAlias}`;
    this.#aliases.push(alias);
    return alias;
  }

  /** Deletes what the cases made, as far as the bridge does that. */
  async cleanUp(): Promise<void> {
    for (const alias of this.#aliases.splice(0)) {
      const request = { v: 1, id: this.nextId(), method: 'deleteKey', params: { alias } };
      await this.bridge.call(JSON.stringify(request)).catch(() => undefined);
    }
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Sends text as it is; what comes back must be the JSON of an object. */
  async send(message: string): Promise<Raw> {
    let answer: unknown;
    try {
      answer = await this.bridge.call(message);
    } catch (error) {
      throw new ConformanceFailure(`call threw: ${String(error)}`);
    }
    expect(typeof answer === 'string', 'the answer is no text');
    const parsed: unknown = JSON.parse(answer);
    expect(typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed), 'the answer is no object');
    return parsed as Raw;
  }

  /** The version that the bridge takes of all. */
  async version(): Promise<BridgeVersion> {
    const { version } = await this.about();
    const spoken = bridgeVersions.find((known) => known === version);
    expect(spoken !== undefined, `hello: version ${version} was not offered`);
    return spoken;
  }

  /** Sends a request, and checks the form of the answer. */
  async answer(method: BridgeMethod, params: object): Promise<{ result: Raw } | { code: string }> {
    return this.answerAs(method === 'hello' ? 1 : await this.version(), method, params);
  }

  /** The same as a request of a version. */
  async answerAs(v: BridgeVersion, method: BridgeMethod, params: object): Promise<{ result: Raw } | { code: string }> {
    const id = this.nextId();
    const raw = await this.send(JSON.stringify({ v, id, method, params }));
    const read = readBridgeAnswer(JSON.stringify(raw), id, method, v);
    if ('broken' in read) throw new ConformanceFailure(`${method}: ${read.broken}`);
    return 'code' in read ? { code: read.code } : { result: read.result as Raw };
  }

  /** The result of a request that must succeed. */
  async result(method: BridgeMethod, params: object): Promise<Raw> {
    const answer = await this.answer(method, params);
    if ('code' in answer) throw new ConformanceFailure(`${method} was refused: ${answer.code}`);
    return answer.result;
  }

  /** A request that must be refused, with one of these codes. */
  async refused(method: BridgeMethod, params: object, ...codes: readonly string[]): Promise<void> {
    const answer = await this.answer(method, params);
    expect('code' in answer, `${method} was accepted; ${codes.join(' or ')} was due`);
    expect(codes.includes(answer.code), `${method}: ${answer.code} instead of ${codes.join(' or ')}`);
  }

  /** The code of raw text that must be refused; `id` is what the answer must bear. */
  async refusedText(message: string, id: number, code: string): Promise<void> {
    const raw = await this.send(message);
    const error = raw['error'] as Raw | undefined;
    expect(raw['id'] === id, `an answer with id ${String(raw['id'])} instead of ${id}`);
    expect(Number.isInteger(raw['v']), 'an answer without a version');
    expect(bridgeErrorCodes.includes(error?.['code'] as never), 'no error of the contract');
    expect(error?.['code'] === code, `${String(error?.['code'])} instead of ${code}`);
  }

  async about(): Promise<BridgeAbout> {
    this.#about ??= (await this.result('hello', { versions: bridgeVersions })) as unknown as BridgeAbout;
    return this.#about;
  }

  /** A new key; without user verification and of any level unless told. */
  async key(more: object = {}): Promise<{ alias: string; publicKey: Bytes; members: Raw }> {
    const alias = this.alias();
    const members = await this.result('createKey', {
      alias,
      use: 'sign',
      userVerification: 'none',
      level: 'software',
      ...more,
    });
    return { alias, publicKey: bytesIn(members, 'publicKey'), members };
  }

  async sealingKey(): Promise<string> {
    return (await this.key({ use: 'seal' })).alias;
  }

  /** Whether r ‖ s is a signature of this key over this message. */
  async isSigned(publicKey: Bytes, message: Uint8Array, signature: Bytes): Promise<boolean> {
    expect(isRawPoint(publicKey), 'the public key is not a raw uncompressed point');
    expect(signature.length === 64, `a signature of ${signature.length} bytes`);
    return this.help.crypto.verify(publicKey, message, signature);
  }

  async sign(
    alias: string,
    message: Uint8Array,
    prompt?: object,
  ): Promise<{ signature: Bytes; userVerified: boolean }> {
    const members = await this.result('sign', {
      alias,
      message: text(message),
      ...(prompt === undefined ? {} : { prompt }),
    });
    return { signature: bytesIn(members, 'signature'), userVerified: members['userVerified'] === true };
  }

  /** The scripted user, or a skip. */
  user(): ConformanceUser {
    if (this.help.user === undefined) throw new ConformanceSkip('no scripted user');
    return this.help.user;
  }
}
