/**
 * What a bound device does for its customer, and how a device without a SIM is bound: `logInBound`, `approveDevice`, `addPasskey`,
 * `bindWithoutSms`. The gateway decides; what is told here only shows it.
 */
import { endpoint } from '@hauberk/channel/client';
import { toBase64Url } from '@hauberk/primitives';
import type { Hauberk } from './core/hauberk.ts';

/** Who speaks. */
export interface BoundCaller {
  readonly hauberk: Pick<Hauberk, 'fetch'>;
  /** `Authorization` of the login. */
  readonly authorization?: string;
  readonly signal?: AbortSignal;
}

/** What the gateway answers. `rule` is the rule of docs/binding.md that decided. */
export interface BoundAnswer {
  readonly state: string;
  readonly next?: string;
  readonly code?: string;
  readonly rule?: string;
  readonly attempt?: string;
  readonly words?: string;
  readonly challenge?: string;
  readonly rpId?: string;
}

/** The gateway did not answer; `code` is its problem. */
export class BoundError extends Error {
  override readonly name = 'BoundError';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const call = async (
  { hauberk, authorization, signal }: BoundCaller,
  members: Readonly<Record<string, unknown>>,
  path: string = endpoint.bind,
): Promise<BoundAnswer> => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const init = { method: 'POST', headers, body: JSON.stringify(members), ...(signal === undefined ? {} : { signal }) };
  const reply = await hauberk.fetch(path, init);
  const told = (await reply.json()) as BoundAnswer;
  if (reply.status !== 200) throw new BoundError(told.code ?? `status-${reply.status}`);
  return told;
};

/** The SIM as the phone sees it at that moment. */
export interface LoginSim {
  readonly sim: 'present' | 'absent' | 'unknown';
  /** Name the subscriptions in its slots, eight at most. */
  readonly subscriptions?: readonly string[];
}

/**
 * Right after a login: `relieved` when this is the bound device and nothing changed, so that no further proof is asked for; `step-up` when the app
 * has to go through the usual step. A SIM that changed ends the binding here.
 * @throws BoundError when the gateway refuses the call.
 */
export const logInBound = (caller: BoundCaller, sim: LoginSim): Promise<BoundAnswer> =>
  call(caller, { do: 'log-in', ...sim });

/**
 * On the bound phone: lets the device take over that shows these words. The user is asked by the client's `confirm` (docs/sdk.md, step-up).
 * @throws BoundError when the gateway refuses the call.
 */
export const approveDevice = (caller: BoundCaller, words: string): Promise<BoundAnswer> =>
  call(caller, { do: 'approve', words }, endpoint.bindApprove);

/** What `navigator.credentials.create` or the platform made. */
export interface PasskeyRegistration {
  readonly clientData: Uint8Array<ArrayBuffer>;
  readonly attestationObject: Uint8Array<ArrayBuffer>;
}

/**
 * On the bound phone: vouches for a passkey. `create` gets the challenge (base64url) and the relying party.
 * @throws BoundError when the gateway refuses the call.
 */
export const addPasskey = async (
  caller: BoundCaller,
  create: (challenge: string, rpId: string) => Promise<PasskeyRegistration>,
): Promise<BoundAnswer> => {
  const { challenge = '', rpId = '' } = await call(caller, { do: 'passkey-challenge' });
  const { clientData, attestationObject } = await create(challenge, rpId);
  const members = { clientData: toBase64Url(clientData), attestationObject: toBase64Url(attestationObject) };
  return call(caller, { do: 'add-passkey', ...members }, endpoint.bindApprove);
};

/** What `navigator.credentials.get` or the platform made. */
export interface PasskeyAssertion {
  /** Base64url. */
  readonly credential: string;
  readonly clientData: Uint8Array<ArrayBuffer>;
  readonly authenticatorData: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** How the customer shows that it is them. */
export type Showing =
  | { readonly way: 'bound-device'; readonly show: (words: string) => void }
  | { readonly way: 'passkey'; readonly get: (challenge: string) => Promise<PasskeyAssertion> }
  /** Fetches the operator's code over mobile data. */
  | { readonly way: 'number'; readonly fetchCode: () => Promise<string> };

/** A binding without SMS. */
export interface WithoutSmsOptions extends BoundCaller {
  readonly showing: Showing;
  readonly number: string;
  readonly app: number;
  readonly system: { readonly family: string; readonly version: number; readonly patchLevel: number };
  /** Stable for this device and app, 1 to 128 characters. */
  readonly fingerprint: string;
  /** Consent to end the binding of another device. */
  readonly replaces?: boolean;
  /** What the device says of its SIM; none when absent. */
  readonly evidence?: Readonly<Record<string, unknown>>;
  /** Milliseconds between two looks; 1000 when absent. */
  readonly pollMs?: number;
}

const noSim = { sim: 'absent', airplane: 'off', path: 'wifi', cellularWorks: false };

const show = async (options: WithoutSmsOptions, started: BoundAnswer): Promise<BoundAnswer> => {
  const { showing } = options;
  const { attempt } = started;
  if (showing.way === 'number') return call(options, { do: 'number', attempt, code: await showing.fetchCode() });
  if (showing.way === 'passkey') {
    const { credential, ...signed } = await showing.get(started.challenge ?? '');
    const octets = Object.entries(signed).map(([name, value]) => [name, toBase64Url(value)]);
    return call(options, { do: 'passkey', attempt, credential, ...Object.fromEntries(octets) });
  }
  showing.show(started.words ?? '');
  return call(options, { do: 'status', attempt });
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Binds this device by its operator, a bound phone or a passkey. Ends within the gateway's timer. A proof that was not believed ends the flow with
 * the gateway's answer: the next attempt begins anew.
 * @throws BoundError when the gateway refuses a call.
 */
export const bindWithoutSms = async (options: WithoutSmsOptions): Promise<BoundAnswer> => {
  const { number, app, system, fingerprint, replaces = false, evidence = noSim, showing, pollMs = 1000 } = options;
  const asked = { number, app, system, fingerprint, replaces, evidence, way: showing.way };
  const started = await call(options, { do: 'start', ...asked });
  if (started.state !== 'issued') return started;
  const { attempt } = started;
  let told = await show(options, started);
  while (told.state === 'issued' && told.code === undefined && showing.way === 'bound-device') {
    options.signal?.throwIfAborted();
    await pause(pollMs);
    told = await call(options, { do: 'status', attempt });
  }
  return told.state === 'proven' ? call(options, { do: 'confirm', attempt }) : told;
};
