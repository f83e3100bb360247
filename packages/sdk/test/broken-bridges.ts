/** Bridges with one defect each, as authors have made them or might: every one is made of an honest phone's. */
import { generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import {
  bridgeOver,
  memoryTrustedStore,
  softwareBackend,
  type TrustedBackend,
  type TrustedBridge,
  TrustedError,
} from '@hauberk/sdk/trusted';
import type { PhoneKind, PhoneTrick, SimulatedPhone } from '@hauberk/simulator';

/** One of them. */
export interface BrokenBridge {
  /** What it does, after "a bridge that". */
  readonly name: string;
  /** The case that must fail. */
  readonly caughtBy: string;
  readonly make: (phone: SimulatedPhone) => TrustedBridge;
  /** What it is made of; `android-strongbox` when absent. */
  readonly kind?: PhoneKind;
  readonly tricks?: readonly PhoneTrick[];
}

type Members = Record<string, unknown>;
interface Message extends Members {
  id?: unknown;
  method?: string;
  params?: Members;
  result?: Members;
  error?: Members;
}

const parse = (text: string): Message => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Message) : {};
  } catch {
    return {};
  }
};

/** Changes requests before, or answers after, an honest bridge sees them. */
const between =
  (before: (request: Message, text: string) => string, after: (answer: Message, request: Message) => unknown) =>
  ({ bridge }: SimulatedPhone): TrustedBridge => ({
    call: async (text) => {
      const request = parse(text);
      const answer = parse(await bridge.call(before(request, text)));
      return JSON.stringify(after(answer, request));
    },
  });
const same = (_: Message, text: string): string => text;
const answering = (change: (answer: Message, request: Message) => unknown) => between(same, change);
const asking = (change: (request: Message) => unknown) =>
  between(
    (request) => JSON.stringify(change(request)),
    (answer) => answer,
  );
/** Changes the result of one method. */
export const result = (
  method: string,
  change: (members: Members, request: Message) => Members,
): ((phone: SimulatedPhone) => TrustedBridge) =>
  answering((answer, request) =>
    request.method === method && answer.result !== undefined
      ? { ...answer, result: change(answer.result, request) }
      : answer,
  );
/** Changes what the keeper behind the bridge does. */
export const keeping =
  (
    change: (honest: TrustedBackend, phone: SimulatedPhone) => Partial<TrustedBackend>,
  ): ((phone: SimulatedPhone) => TrustedBridge) =>
  (phone: SimulatedPhone): TrustedBridge =>
    bridgeOver({ ...phone.backend, ...change(phone.backend, phone) });

const onlyWhenRefused = (code: string, change: (answer: Message, request: Message) => unknown) =>
  answering((answer, request) => (answer.error?.['code'] === code ? change(answer, request) : answer));

const derOf = (raw: string): string => {
  const half = (bytes: Uint8Array): Buffer => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const digits = Buffer.from(bytes.subarray(Math.max(0, start)));
    const padded = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
    return Buffer.concat([Buffer.of(2, padded.length), padded]);
  };
  const bytes = fromBase64Url(raw) ?? new Uint8Array(64);
  const body = Buffer.concat([half(bytes.subarray(0, 32)), half(bytes.subarray(32))]);
  return toBase64Url(Buffer.concat([Buffer.of(0x30, body.length), body]));
};

const words = { title: 'Confirm', text: 'Please confirm.' };

const formBridges: readonly BrokenBridge[] = [
  {
    name: 'forgets a method in hello',
    caughtBy: 'hello',
    make: result('hello', (members) => ({ ...members, methods: ['sign'] })),
  },
  {
    name: 'takes any version in hello',
    caughtBy: 'hello-highest',
    make: asking((request) => (request.method === 'hello' ? { ...request, params: { versions: [1, 2, 3] } } : request)),
  },
  { name: 'ignores the version of a request', caughtBy: 'version', make: asking((request) => ({ ...request, v: 2 })) },
  {
    name: 'answers old callers as new ones',
    caughtBy: 'old-version',
    make: asking((request) => (request['v'] === 1 && request.method !== 'hello' ? { ...request, v: 2 } : request)),
  },
  {
    name: 'looks methods up in an object with a prototype',
    caughtBy: 'method',
    make: onlyWhenRefused('unsupported-method', (answer, request) =>
      request.method !== undefined && request.method in {} ? { ...answer, error: undefined, result: {} } : answer,
    ),
  },
  {
    name: 'throws on what is no JSON',
    caughtBy: 'no-json',
    make: ({ bridge }) => ({ call: async (text) => (JSON.parse(text), bridge.call(text)) }),
  },
  { name: 'answers with a number of its own', caughtBy: 'side-by-side', make: counting },
  {
    name: 'takes ids of any kind',
    caughtBy: 'ids',
    make: answering((answer, request) =>
      answer.id === 0 && request.id !== undefined ? { ...answer, id: request.id } : answer,
    ),
  },
  {
    name: 'overlooks members that it does not know',
    caughtBy: 'exact-members',
    make: asking(({ v, id, method, params }) => {
      const { more, ...known } = params ?? {};
      return more === undefined && params === undefined ? { v, id, method, params } : { v, id, method, params: known };
    }),
  },
  {
    name: 'decodes base64 of every kind',
    caughtBy: 'strict-base64url',
    make: asking((request) => {
      const message = request.params?.['message'];
      if (request.method !== 'sign' || typeof message !== 'string') return request;
      return {
        ...request,
        params: { ...request.params, message: Buffer.from(message, 'base64').toString('base64url') },
      };
    }),
  },
  {
    name: 'takes aliases as file names',
    caughtBy: 'aliases',
    make: onlyWhenRefused('malformed', (answer, request) =>
      request.method === 'getKey' ? { ...answer, error: { code: 'no-such-key' } } : answer,
    ),
  },
  {
    name: 'cuts long messages short',
    caughtBy: 'bounds',
    make: keeping((honest) => ({
      sign: (params) => honest.sign({ ...params, message: params.message.slice(0, 4096) }),
    })),
  },
  {
    name: 'takes short challenges',
    caughtBy: 'challenge-length',
    make: asking((request) =>
      request.method === 'createKey' && request.params?.['challenge'] !== undefined
        ? { ...request, params: { ...request.params, challenge: toBase64Url(new Uint8Array(32)) } }
        : request,
    ),
  },
];

/** Answers in the order in which it was called, whatever was asked. */
function counting({ bridge }: SimulatedPhone): TrustedBridge {
  const waiting: ((answer: string) => void)[] = [];
  return {
    call: (text) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        void bridge.call(text).then((answer) => waiting.pop()?.(answer));
      }),
  };
}

const elsewhere = (): { readonly privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const keyBridges: readonly BrokenBridge[] = [
  {
    name: 'answers DER signatures',
    caughtBy: 'signature',
    make: result('sign', (members) => ({ ...members, signature: derOf(String(members['signature'])) })),
  },
  {
    name: 'hashes twice',
    caughtBy: 'signature',
    make: keeping((honest) => ({
      sign: async (params) => honest.sign({ ...params, message: await nodeAsyncCrypto.sha256(params.message) }),
    })),
  },
  {
    name: 'signs with another key',
    caughtBy: 'signature',
    make: (phone) => {
      const { privateKey } = elsewhere();
      const signature = (message: Uint8Array) =>
        Uint8Array.from(nodeSign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
      return keeping((honest) => ({
        sign: async (params) => ({ ...(await honest.sign(params)), signature: signature(params.message) }),
      }))(phone);
    },
  },
  { name: 'has one key for all aliases', caughtBy: 'keys-differ', make: singleKey },
  {
    name: 'replaces keys',
    caughtBy: 'alias-taken',
    make: keeping((honest) => ({
      createKey: async (params) => {
        await honest.deleteKey({ alias: params.alias });
        return honest.createKey(params);
      },
    })),
  },
  {
    name: 'answers a compressed point later',
    caughtBy: 'get-key',
    make: result('getKey', (members) => {
      const point = fromBase64Url(String(members['publicKey'])) ?? new Uint8Array(65);
      return {
        ...members,
        publicKey: toBase64Url(Uint8Array.of(2 + ((point[64] ?? 0) & 1), ...point.subarray(1, 33))),
      };
    }),
  },
  {
    name: 'makes missing keys on the way',
    caughtBy: 'no-such-key',
    make: keeping((honest) => ({
      sign: async (params) => {
        const fresh = { alias: params.alias, use: 'sign', userVerification: 'none', level: 'software' } as const;
        await honest.createKey(fresh).catch(() => undefined);
        return honest.sign(params);
      },
    })),
  },
  {
    name: 'only says that it deleted',
    caughtBy: 'delete',
    make: keeping(() => ({ deleteKey: async () => ({ deleted: true }) })),
  },
  { name: 'signs with whatever key', caughtBy: 'one-use', make: anyUse },
  {
    name: 'answers a lower level than was asked for',
    caughtBy: 'levels',
    make: keeping((honest) => ({
      createKey: async (params) => ({ ...(await honest.createKey({ ...params, level: 'software' })) }),
    })),
  },
];

/** Every alias names the first key. */
function singleKey(phone: SimulatedPhone): TrustedBridge {
  let first: Awaited<ReturnType<TrustedBackend['createKey']>> | undefined;
  return keeping((honest) => ({
    createKey: async (params) => {
      const made = await honest.createKey(params);
      if (params.use === 'sign') first ??= made;
      return params.use === 'sign' && first !== undefined ? { ...made, publicKey: first.publicKey } : made;
    },
  }))(phone);
}

/** Keys of any use sign. */
function anyUse(phone: SimulatedPhone): TrustedBridge {
  const { privateKey } = elsewhere();
  return keeping((honest) => ({
    sign: (params) =>
      honest.sign(params).catch((error: unknown) => {
        if (!(error instanceof TrustedError) || error.code !== 'use-mismatch') throw error;
        const signature = nodeSign('sha256', params.message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
        return { signature: Uint8Array.from(signature), userVerified: false };
      }),
  }))(phone);
}

const sealBridges: readonly BrokenBridge[] = [
  {
    name: 'seals with base64',
    caughtBy: 'seal',
    make: keeping(() => ({
      seal: async ({ plaintext }) => ({ sealed: plaintext }),
      unseal: async ({ sealed }) => ({ plaintext: sealed }),
    })),
  },
  { name: 'seals with a fixed nonce', caughtBy: 'seal', make: fixedNonce },
  {
    name: 'ignores associated bytes',
    caughtBy: 'seal-binding',
    make: keeping((honest) => ({
      seal: (params) => honest.seal({ ...params, associated: new Uint8Array(0) }),
      unseal: (params) => honest.unseal({ ...params, associated: new Uint8Array(0) }),
    })),
  },
  {
    name: 'signs what the page calls media',
    caughtBy: 'capture',
    make: keeping((honest) => ({
      capture: async (params) => ({ ...(await honest.capture(params)), media: Uint8Array.of(1, 2, 3) }),
    })),
  },
  {
    name: 'gives the time after it signed',
    caughtBy: 'capture',
    make: keeping((honest) => ({
      capture: async (params) => {
        const taken = await honest.capture(params);
        return { ...taken, capturedAtMs: taken.capturedAtMs + 1 };
      },
    })),
  },
];

/** Sealed once, a text is sealed for good. */
function fixedNonce(phone: SimulatedPhone): TrustedBridge {
  const sealed = new Map<string, Awaited<ReturnType<TrustedBackend['seal']>>>();
  return keeping((honest) => ({
    seal: async (params) => {
      const name = `${params.alias}|${toBase64Url(params.plaintext)}|${toBase64Url(params.associated)}`;
      const made = sealed.get(name) ?? (await honest.seal(params));
      sealed.set(name, made);
      return made;
    },
  }))(phone);
}

const userBridges: readonly BrokenBridge[] = [
  {
    name: 'claims a verified user for every key',
    caughtBy: 'user-approves',
    make: result('sign', (members) => ({ ...members, userVerified: true })),
  },
  {
    name: 'makes keys that ask nobody',
    caughtBy: 'user-approves',
    make: keeping((honest) => ({
      createKey: async (params) => ({
        ...(await honest.createKey({ ...params, userVerification: 'none' })),
        userVerification: params.userVerification,
      }),
    })),
  },
  { name: 'remembers that the user was there', caughtBy: 'user-each-time', make: rememberingUser },
  { name: 'signs first and asks then', caughtBy: 'user-declines', make: askingLate },
  {
    name: 'shows words of its own',
    caughtBy: 'prompt',
    make: keeping((honest) => ({
      sign: (params) => honest.sign(params.prompt === undefined ? params : { ...params, prompt: words }),
    })),
  },
  { name: 'makes keys for users that it cannot verify', caughtBy: 'user-unavailable', make: userless },
];

/** After one approval, a key signs without asking: an unverified twin signs. */
function rememberingUser(phone: SimulatedPhone): TrustedBridge {
  const last = new Map<string, Awaited<ReturnType<TrustedBackend['sign']>>>();
  return keeping((honest) => ({
    sign: async (params) => {
      try {
        const made = await honest.sign(params);
        if (made.userVerified) last.set(params.alias, made);
        return made;
      } catch (error) {
        const made = last.get(params.alias);
        if (made === undefined) throw error;
        return made;
      }
    },
  }))(phone);
}

/** The user's no comes too late. */
function askingLate(phone: SimulatedPhone): TrustedBridge {
  return keeping((honest) => ({
    sign: (params) =>
      honest.sign(params).catch((error: unknown) => {
        if (!(error instanceof TrustedError) || !error.code.startsWith('user-')) throw error;
        return { signature: new Uint8Array(64), userVerified: false };
      }),
  }))(phone);
}

/** It says that it verifies nobody, and still takes such keys. */
function userless(): TrustedBridge {
  const crypto = nodeAsyncCrypto;
  const backend = softwareBackend({
    crypto,
    store: memoryTrustedStore(),
    platform: 'test',
    name: 'userless',
    now: () => 0,
  });
  return bridgeOver({
    ...backend,
    createKey: async (params) => ({
      ...(await backend.createKey({ ...params, userVerification: 'none' })),
      userVerification: params.userVerification,
    }),
  });
}

const evidenceBridges: readonly BrokenBridge[] = [
  {
    name: 'has evidence for a challenge that nobody sent',
    caughtBy: 'no-challenge-no-evidence',
    make: keeping((honest) => ({
      createKey: (params) => honest.createKey({ ...params, challenge: params.challenge ?? new Uint8Array(32) }),
    })),
  },
  { name: 'keeps evidence for later', caughtBy: 'evidence', make: staleEvidence },
  { name: 'has evidence about another key', caughtBy: 'evidence-verifies', make: foreignEvidence },
  {
    name: 'forgets the challenge',
    caughtBy: 'evidence-verifies',
    make: keeping((honest) => ({
      createKey: (params) =>
        honest.createKey(params.challenge === undefined ? params : { ...params, challenge: new Uint8Array(32) }),
    })),
  },
];

/** The first evidence is shown again. */
function staleEvidence(phone: SimulatedPhone): TrustedBridge {
  const made = new Map<string, Awaited<ReturnType<TrustedBackend['createKey']>>['evidence']>();
  return keeping((honest) => ({
    createKey: async (params) => {
      const key = await honest.createKey(params);
      made.set(params.alias, key.evidence);
      return key;
    },
    attest: async (params) => {
      const kept = made.get(params.alias) ?? [];
      return kept.length > 0 ? { evidence: kept } : honest.attest(params);
    },
  }))(phone);
}

/** The evidence is of a key beside. */
function foreignEvidence(phone: SimulatedPhone): TrustedBridge {
  return keeping((honest) => ({
    createKey: async (params) => {
      const key = await honest.createKey(params);
      if (key.evidence.length === 0) return key;
      const { evidence } = await honest.createKey({ ...params, alias: `${params.alias}.b`.slice(0, 64) });
      return { ...key, evidence };
    },
  }))(phone);
}

/** Those of keys. */
export const brokenKeys: readonly BrokenBridge[] = [
  ...formBridges,
  ...keyBridges,
  ...sealBridges,
  ...userBridges,
  ...evidenceBridges,
];
