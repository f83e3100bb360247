/** Who does the work behind trusted services, with the contract's methods on bytes; and the two ways between it and a bridge's messages. */
import {
  type BridgeMethod,
  type BridgeMethods,
  type BridgeVersion,
  bridgeVersions,
  methodsOf,
  type TrustedBridge,
} from './bridge-contract.ts';
import { type Decoded, decodeMembers, encodeMembers, readBridgeAnswer, readBridgeRequest } from './bridge-forms.ts';
import type { SimMethods } from './sim-contract.ts';
import { TrustedError } from './trusted-error.ts';

/** What a method takes. */
export type MethodParams<Method extends BridgeMethod> = Decoded<BridgeMethods[Method]['params']>;
/** What it answers. */
export type MethodResult<Method extends BridgeMethod> = Decoded<BridgeMethods[Method]['result']>;

/** A keeper of keys. Every method throws `TrustedError` and nothing else. */
export type TrustedBackend = {
  readonly [Method in BridgeMethod]: (params: MethodParams<Method>) => Promise<MethodResult<Method>>;
};

/** The part of it that binding a SIM asks. */
export type SimBackend = Pick<TrustedBackend, 'hello' | Exclude<keyof SimMethods, 'signShared'>>;

/** How long calls may take, in milliseconds. */
export interface BridgeWaits {
  /** 30,000 when absent. */
  readonly quickMs?: number;
  /** Where the user is asked; 150,000 when absent. */
  readonly userMs?: number;
}

const withLimit = async <Value>(work: Promise<Value>, limitMs: number): Promise<Value> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TrustedError('timeout')), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Methods behind which a user may stand: a prompt, a permission, a composer, a code that is waited for. */
const asking: readonly BridgeMethod[] = ['sign', 'capture', 'createKey', 'simState', 'sendSms', 'readOtp'];

const ask = async <Method extends BridgeMethod>(
  bridge: TrustedBridge,
  v: BridgeVersion,
  id: number,
  method: Method,
  params: MethodParams<Method>,
  limitMs: number,
): Promise<MethodResult<Method>> => {
  const message = JSON.stringify({ v, id, method, params: encodeMembers(params) });
  let answered: unknown;
  try {
    answered = await withLimit(bridge.call(message), limitMs);
  } catch (error) {
    throw error instanceof TrustedError ? error : new TrustedError('bridge-broken', 'the call was rejected');
  }
  const answer = readBridgeAnswer(answered, id, method, v);
  if ('broken' in answer) throw new TrustedError('bridge-broken', answer.broken);
  if ('code' in answer) throw new TrustedError(answer.code, answer.detail);
  return decodeMembers(answer.result) as MethodResult<Method>;
};

/** The backend behind a bridge. Asks for the version before anything else; every answer is checked against the contract. */
export const bridgeBackend = (
  bridge: TrustedBridge,
  { quickMs = 30_000, userMs = 150_000 }: BridgeWaits = {},
): TrustedBackend => {
  let lastId = 0;
  let agreed: Promise<BridgeVersion> | undefined;
  const send = <Method extends BridgeMethod>(v: BridgeVersion, method: Method, params: MethodParams<Method>) => {
    lastId = lastId >= 2 ** 31 - 1 ? 1 : lastId + 1;
    return ask(bridge, v, lastId, method, params, asking.includes(method) ? userMs : quickMs);
  };
  const agree = async (): Promise<BridgeVersion> => {
    const { version } = await send(1, 'hello', { versions: bridgeVersions });
    const spoken = bridgeVersions.find((known) => known === version);
    if (spoken === undefined) throw new TrustedError('bridge-broken', 'hello: a version that was not offered');
    return spoken;
  };
  const call = async <Method extends BridgeMethod>(
    method: Method,
    params: MethodParams<Method>,
  ): Promise<MethodResult<Method>> => {
    agreed ??= agree().catch((error: unknown) => {
      agreed = undefined;
      throw error;
    });
    const version = await agreed;
    if (!methodsOf(version).includes(method)) throw new TrustedError('unsupported-version', method);
    return send(version, method, params);
  };
  return {
    hello: (params) => send(1, 'hello', params),
    createKey: (params) => call('createKey', params),
    getKey: (params) => call('getKey', params),
    deleteKey: (params) => call('deleteKey', params),
    attest: (params) => call('attest', params),
    sign: (params) => call('sign', params),
    seal: (params) => call('seal', params),
    unseal: (params) => call('unseal', params),
    capture: (params) => call('capture', params),
    simState: (params) => call('simState', params),
    sendSms: (params) => call('sendSms', params),
    sentItem: (params) => call('sentItem', params),
    readOtp: (params) => call('readOtp', params),
    simEvents: (params) => call('simEvents', params),
    signShared: (params) => call('signShared', params),
    readSignals: (params) => call('readSignals', params),
  };
};

/** The bridge before a backend: for hosts that are JavaScript themselves, and for simulated phones. */
export const bridgeOver = (backend: TrustedBackend): TrustedBridge => ({
  call: async (message) => {
    const request = readBridgeRequest(message);
    const answer = (body: object): string => JSON.stringify({ v: request.v, id: request.id, ...body });
    if ('code' in request) return answer({ error: { code: request.code } });
    const method = backend[request.method] as (params: object) => Promise<object>;
    try {
      return answer({ result: encodeMembers(await method(decodeMembers(request.params))) });
    } catch (error) {
      const { code, detail } = error instanceof TrustedError ? error : new TrustedError('internal');
      const told = code === 'timeout' || code === 'bridge-broken' ? 'internal' : code;
      return answer({ error: detail === undefined ? { code: told } : { code: told, detail } });
    }
  },
});
