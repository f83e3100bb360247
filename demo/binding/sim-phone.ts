/** Phones with the bank's app and a SIM, on the demo's network, each with a customer logged in. */
import { endpoint } from '@hauberk/channel/client';
import type { DemoCustomer, HauberkTrust } from '@hauberk/example-bank';
import { type BindOutcome, bind, type SimHost, type SimState } from '@hauberk/sdk/bind';
import { createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import { type PhoneKind, type SimulatedWorld, simulatedPhone } from '@hauberk/simulator';
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
  /** Accounts at the SMSC: one that binding believes, one that it does not. */
  readonly links: { readonly operator: string; readonly bulk: string };
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
  readonly isIphone: boolean;
}

/** Build of the app that binds; `simulatedApp` attests it. */
export const latestBuild = 51;

const post = async (app: Hauberk, path: string, members: object, authorization?: string) => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const reply = await app.fetch(path, { method: 'POST', headers, body: JSON.stringify(members) });
  return { status: reply.status, told: (await reply.json()) as Readonly<Record<string, unknown>> };
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

/** A fresh phone; `script` is a machine without hardware that runs the browsers' app. */
export const phoneFor = async (
  stage: BindingStage,
  customer: DemoCustomer,
  kind: PhoneKind | 'script' = 'android',
  makers: SimulatedWorld = stage.makers,
): Promise<SimPhone> => {
  phones += 1;
  const { configKeys, minConfigVersion, organisation, service } = stage.trust;
  const app = kind === 'script' ? stage.browserApp : stage.mobileApp;
  const trust = { configKeys, minConfigVersion, buildTimeMs: 0 };
  const device = kind === 'script' ? {} : { device: trustedDevice(simulatedPhone(kind, { world: makers }).backend) };
  const options = { organisation, app, service, endpoints: [stage.gateway], trust, ...device };
  const hauberk = createHauberk(options, { storage: memoryStorage() });
  const authorization = await logIn(hauberk, customer);
  return { stage, hauberk, authorization, customer, name: `demo-${phones}`, isIphone: kind === 'iphone' };
};

/** The same phone after a new login. */
export const again = async (phone: SimPhone): Promise<SimPhone> => ({
  ...phone,
  authorization: await logIn(phone.hauberk, phone.customer),
});

const goodSim: SimState = {
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
const codeLookMs = 50;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The bank's newest code in an inbox, once it is there. */
const awaitCode = async ({ stage, customer }: SimPhone, seen: number): Promise<string | undefined> => {
  for (let waited = 0; waited < codeWaitMs && !stage.signal.aborted; waited += codeLookMs) {
    const text = stage.center
      .inbox(numberOf(customer))
      .slice(seen)
      .findLast(({ from }) => from === 'MAILBROOK')?.text;
    const code = /\b\d{8}\b/.exec(text ?? '')?.[0];
    if (code !== undefined) return code;
    await pause(codeLookMs);
  }
  return undefined;
};

/** The phone's native half over the demo's network, honest but for what is bent. */
export const simHost = (phone: SimPhone, bent: Partial<SimHost> = {}): SimHost => {
  const sent = new Map<string, 'delivered' | 'sent'>();
  const received = phone.stage.center.inbox(numberOf(phone.customer)).length;
  return {
    state: async () => goodSim,
    sendSms: async ({ to, text }) => {
      sent.set(text, 'sent');
      void sendSms(phone, { from: numberOf(phone.customer), to, text }).then((isTaken) => {
        if (isTaken) sent.set(text, 'delivered');
      });
      return { sent: true };
    },
    sentItem: async ({ text }) => sent.get(text) ?? 'absent',
    readCode: () => awaitCode(phone, received),
    onLeaving: () => () => undefined,
    ...bent,
  };
};

/** How a bind may differ from an honest one. */
export interface BentBind {
  readonly host?: Partial<SimHost>;
  readonly hauberk?: Pick<Hauberk, 'fetch'>;
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
  const { host = {}, hauberk = phone.hauberk, build = latestBuild, replaces = true } = bent;
  const outcome = await bind({
    hauberk,
    sim: simHost(phone, host),
    number: numberOf(phone.customer),
    authorization: phone.authorization,
    app: build,
    system: { family: phone.isIphone ? 'ios' : 'android', version: 16, patchLevel: 202_609 },
    fingerprint: phone.name,
    replaces,
    pollMs,
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
