/** Phones with the bank's app and a SIM, on the demo's network, each with a customer logged in. */
import { endpoint } from '@hauberk/channel/client';
import type { DemoCustomer, HauberkTrust } from '@hauberk/example-bank';
import { type BindOptions, type BindOutcome, bind, type SimBackend } from '@hauberk/sdk/bind';
import { createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { bridgeBackend, trustedDevice } from '@hauberk/sdk/trusted';
import {
  type PhoneKind,
  type PhoneOptions,
  type SimulatedNetwork,
  type SimulatedPhone,
  type SimulatedWorld,
  simulatedPhone,
} from '@hauberk/simulator';
import type { BindingResult } from './binding-board.ts';
import { numberOf } from './number-desk.ts';
import type { SmsCenter } from './sms-center.ts';

/** Where binding plays. */
export interface BindingStage {
  readonly gateway: string;
  readonly trust: HauberkTrust;
  /** The app that takes hardware only, and the one of browsers. */
  readonly mobileApp: string;
  readonly browserApp: string;
  readonly makers: SimulatedWorld;
  readonly center: SmsCenter;
  /** The operator of the phones' SIMs. */
  readonly network: SimulatedNetwork;
  /** Accounts at the SMSC: one that binding believes, one that it does not. */
  readonly links: { readonly operator: string; readonly bulk: string };
  /** The operator's code for Number Verification, over the mobile data of a number. */
  readonly codeFor: (number: string) => string | undefined;
  /** Every number of the pool. */
  readonly vmns: readonly string[];
  readonly signal: AbortSignal;
}

/** A phone in somebody's hand, a customer logged in on its app. */
export interface SimPhone {
  readonly stage: BindingStage;
  readonly hauberk: Hauberk;
  readonly authorization: string;
  readonly customer: DemoCustomer;
  readonly name: string;
  /** None: a machine without hardware. */
  readonly device: SimulatedPhone | undefined;
}

/** Build of the app that binds; `simulatedApp` attests it. */
export const latestBuild = 51;

const post = async (app: Hauberk, path: string, members: object, authorization?: string) => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const reply = await app.fetch(path, { method: 'POST', headers, body: JSON.stringify(members) });
  return { status: reply.status, told: (await reply.json()) as Readonly<Record<string, unknown>> };
};

/** The password alone: a login before its second step. */
export const firstStep = async (app: Hauberk, { username, password }: DemoCustomer): Promise<string> => {
  const { told } = await post(app, '/api/login', { username, password });
  return String(told['authorization']);
};

/** Logs a customer in on an app, through both steps; each login serves one attempt to bind. */
const logIn = async (app: Hauberk, { username, password }: DemoCustomer): Promise<string> => {
  const first = await post(app, '/api/login', { username, password });
  const authorization = String(first.told['authorization']);
  const second = await post(app, '/api/login/otp', { code: first.told['demoCode'] }, authorization);
  if (second.status !== 200) throw new Error(`login: ${first.status} ${second.status}`);
  return String(second.told['authorization']);
};

let phones = 0;

/** A fresh phone with the customer's SIM in it, unless told otherwise; `script` is a machine without hardware that runs the browsers' app. */
export const phoneFor = async (
  stage: BindingStage,
  customer: DemoCustomer,
  kind: PhoneKind | 'script' = 'android',
  more: PhoneOptions = {},
): Promise<SimPhone> => {
  phones += 1;
  const { configKeys, minConfigVersion, organisation, service } = stage.trust;
  const app = kind === 'script' ? stage.browserApp : stage.mobileApp;
  const trust = { configKeys, minConfigVersion, buildTimeMs: 0 };
  const cards = [{ number: numberOf(customer), carrier: 'Demo Mobile' }];
  const made = { world: stage.makers, network: stage.network, cards, ...more };
  const device = kind === 'script' ? undefined : simulatedPhone(kind, made);
  const confirm = async (): Promise<boolean> => true;
  const plug = device === undefined ? {} : { device: trustedDevice(bridgeBackend(device.bridge)) };
  const options = { organisation, app, service, endpoints: [stage.gateway], trust, ...plug, confirm };
  const hauberk = createHauberk(options, { storage: memoryStorage() });
  const authorization = await logIn(hauberk, customer);
  return { stage, hauberk, authorization, customer, name: `demo-${phones}`, device };
};

/** The same phone after a new login. */
export const again = async (phone: SimPhone): Promise<SimPhone> => ({
  ...phone,
  authorization: await logIn(phone.hauberk, phone.customer),
});

/** What a client says of its SIM that says what it likes. */
const goodSim = {
  sim: 'present',
  airplane: 'off',
  path: 'cellular',
  cellularWorks: true,
  slot: 0,
  slotCarrier: 'Demo Mobile',
};

/** Sends from the customer's number, or another, over the operator's link. */
export const sendSms = (
  { stage: { center, links } }: SimPhone,
  sms: { readonly from: string; readonly to: string; readonly text: string },
  link: string = links.operator,
): Promise<boolean> => center.carry(link, sms);

const codeWaitMs = 3000;

/** How a bind may differ from an honest one. */
export interface BentBind {
  /** What stands between app and phone. */
  readonly sim?: (honest: SimBackend) => SimBackend;
  readonly hauberk?: BindOptions['hauberk'];
  readonly build?: number;
  readonly replaces?: boolean;
}

/** Guards that decline without a rule of their own. */
const guardOf: Readonly<Record<string, string>> = {
  'binding.not-attested': 'attestation',
  'binding.link-untrusted': 'trusted-link',
  'binding.foreign-device': 'own-key',
};

/** A result with its rule, or the guard. */
export const resultOf = (told: {
  readonly state: string;
  readonly code?: string;
  readonly rule?: string;
}): BindingResult => {
  const { state, code = '', rule } = told;
  return { state, code, rule: rule ?? guardOf[code] ?? '' };
};

const shown = (outcome: BindOutcome): BindingResult => {
  const code = 'code' in outcome ? outcome.code : '';
  const rule = 'rule' in outcome ? outcome.rule : undefined;
  return resultOf({ state: outcome.state, code, ...(rule === undefined ? {} : { rule }) });
};

const pollMs = 250;

/** Runs the app's own flow. */
export const bindOn = async (phone: SimPhone, bent: BentBind = {}): Promise<BindingResult> => {
  const { sim = (honest) => honest, hauberk = phone.hauberk, build = latestBuild, replaces = true } = bent;
  const { device } = phone;
  if (device === undefined) throw new Error('a script has no native half');
  const outcome = await bind({
    hauberk,
    sim: sim(bridgeBackend(device.bridge)),
    number: numberOf(phone.customer),
    authorization: phone.authorization,
    app: build,
    system: { family: device.kind === 'iphone' ? 'ios' : 'android', version: 16, patchLevel: 202_609 },
    fingerprint: phone.name,
    replaces,
    pollMs,
    codeWaitMs,
    signal: phone.stage.signal,
  });
  return shown(outcome);
};

/** What the gateway told of an attempt. */
export type Told = Readonly<Record<string, string | undefined>> & { readonly state: string };

/** One call without the app's own care. */
export const tell = async ({ hauberk, authorization }: SimPhone, members: object): Promise<Told> => {
  const { told } = await post(hauberk, endpoint.bind, members, authorization);
  const texts = Object.entries(told).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { state: '', ...Object.fromEntries(texts) };
};

/** Asks for a token without the app's own care. */
export const start = (phone: SimPhone): Promise<Told> =>
  tell(phone, {
    do: 'start',
    number: numberOf(phone.customer),
    fingerprint: phone.name,
    replaces: true,
    app: latestBuild,
    system: { family: 'android', version: 16, patchLevel: 202_609 },
    evidence: goodSim,
  });
