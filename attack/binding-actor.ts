/**
 * Who asks for bindings, one call at a time and without the app's own care: before the gateway, or before a bare service from which a guard was taken
 * away, for the controls. A story of an attack is told once and runs on both.
 */
import { defaultBindingPolicy, type Guard, readMsisdn } from '@hauberk/binding';
import { endpoint } from '@hauberk/channel/client';
import type { SimBackend } from '@hauberk/sdk/bind';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import {
  type BindingService,
  bindingSecrets,
  machineClock,
  memoryBindingStore,
  openBindingService,
} from '@hauberk/server';
import { type PhoneKind, type SimHalf, type SimTrick, simHalf, simulatedNetwork } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { type BindingGround, bindingGround, goodSim, pool, simPhone } from './binding-ground.ts';
import type { World } from './world.ts';

/** Where an attempt stands. */
export interface Told {
  readonly state: string;
  readonly code: string;
  readonly attempt: string;
  readonly vmn: string;
  readonly text: string;
}

/** A phone whose app asks one call at a time, or a script that speaks like one. */
export interface Actor {
  /** The profile counts on a bare service only; before a gateway it is who is logged in. */
  readonly start: (profile?: string) => Promise<Told>;
  /** Has the phone send the token over its bridge. */
  readonly send: (told: Told) => Promise<void>;
  /** What the phone knows of its SMS; a script, and whoever says what it likes, says a state. */
  readonly sentItem: (state?: 'delivered' | 'sent' | 'absent') => Promise<Told>;
  readonly status: () => Promise<Told>;
  readonly confirm: () => Promise<Told>;
}

/** An SMS that no phone of the story sends: the customer's own number when no other is named. */
export interface CarriedSms {
  readonly from?: string;
  readonly to?: string;
  readonly link?: string;
}

/** Who plays. A script has no phone. */
export interface Cast {
  readonly kind?: PhoneKind | 'script';
  /** Number of the SIM; the customer's when absent. */
  readonly card?: string;
  readonly simTricks?: readonly SimTrick[];
}

/** Where a story plays: one customer, whose secrets the attacker may know. */
export interface Stage {
  /** Every call makes another phone, on which the customer is logged in. */
  readonly actor: (cast?: Cast) => Promise<Actor>;
  readonly carry: (told: Told, sms?: CarriedSms) => Promise<string>;
  readonly restart: () => Promise<void>;
}

/** Somebody else's number. */
export const otherNumber = '+919877777777';

const textIn = (members: Readonly<Record<string, unknown>>, name: string): string =>
  typeof members[name] === 'string' ? members[name] : '';

const readTold = (members: Readonly<Record<string, unknown>>): Told => ({
  state: textIn(members, 'state'),
  code: textIn(members, 'code'),
  attempt: textIn(members, 'attempt'),
  vmn: textIn(members, 'vmn'),
  text: textIn(members, 'text'),
});

type Members = Readonly<Record<string, unknown>> & { readonly do: string };

/** What every actor says, whoever hears it. */
const actorOver = (
  call: (members: Members, profile?: string) => Promise<Told>,
  sim: SimBackend | SimHalf['backend'] | undefined,
  about: { readonly number: string; readonly fingerprint: string; readonly build: number },
): Actor => {
  let token: Told = readTold({});
  const { number, fingerprint, build: app } = about;
  const system = { family: 'android', version: 16, patchLevel: 202_609 };
  const message = () => ({ to: token.vmn, text: token.text });
  return {
    start: async (profile) => {
      const { slots, ...seen } = (await sim?.simState?.({})) ?? { slots: [], ...goodSim };
      const evidence = { ...seen, slot: slots[0]?.slot ?? 0, slotCarrier: slots[0]?.carrier ?? goodSim.slotCarrier };
      const asked = { do: 'start', number, fingerprint, replaces: false, app, system, evidence, slot: 0 };
      const told = await call(asked, profile);
      if (told.attempt !== '') token = told;
      return told;
    },
    send: async () => {
      await sim?.sendSms?.(message());
      // The network's report takes a moment, and the gateway's answer is what it waits for.
      await settled(async () => (await sim?.sentItem?.(message()))?.state === 'delivered');
    },
    sentItem: async (state) => {
      const { state: seen = 'delivered' } =
        state === undefined ? ((await sim?.sentItem?.(message())) ?? {}) : { state };
      return call({ do: 'sent-item', attempt: token.attempt, state: seen });
    },
    status: () => call({ do: 'status', attempt: token.attempt }),
    confirm: () => call({ do: 'confirm', attempt: token.attempt }),
  };
};

/** Waits until something is so, or half a second has gone by: then it will not be. */
const settled = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 50 && !(await isSo()); turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** A stage before a gateway. */
export const gatewayStage = (
  ground: BindingGround,
  build = 51,
  customer: ReturnType<BindingGround['freshCustomer']> = ground.freshCustomer(),
): Stage => {
  const number = ground.numberOf(customer);
  return {
    actor: async (cast = {}) => {
      const { app, authorization, name, phone } = await simPhone(ground, customer, cast.kind, [], cast);
      const call = async (members: object): Promise<Told> => {
        const headers = { 'content-type': 'application/json', authorization };
        const reply = await app.fetch(endpoint.bind, { method: 'POST', headers, body: JSON.stringify(members) });
        return readTold((await reply.json()) as Record<string, unknown>);
      };
      const sim = phone === undefined ? undefined : bridgeBackend(phone.bridge);
      return actorOver(call, sim, { number, fingerprint: name, build });
    },
    carry: async ({ vmn, text }, { from = number, to = vmn, link = 'operator' } = {}) => {
      const answer = await ground.carry(from, to, text, { link });
      return 'outcome' in answer ? `${answer.outcome} ${answer.code ?? ''}`.trim() : answer.code;
    },
    restart: () => ground.gateway.restart(),
  };
};

const ownNumber = '+919811111111';
const own = readMsisdn(ownNumber);

const bareService = (without: readonly Guard[]): BindingService => {
  const opened = openBindingService({
    scope: { organisation: 'bank', app: 'retail' },
    brand: 'Demo Bank',
    policy: defaultBindingPolicy,
    vmns: pool,
    store: memoryBindingStore(),
    clock: machineClock,
    secrets: bindingSecrets(new Uint8Array(32).fill(9)),
    directory: { registeredNumber: async () => (own.ok ? own.value : undefined) },
    numberFacts: {
      facts: async () => ({
        revocation: { isListed: false, asOfMs: machineClock.now().wallMs },
        risk: 'low',
        swappedAtMs: 'never',
      }),
    },
    notices: { sendCode: async () => undefined, bindingEnded: async () => undefined, alarm: () => undefined },
    links: { isTrusted: (link) => link === 'operator' },
    without: new Set(without),
  });
  if (!opened.ok) throw new Error(opened.code);
  return opened.value;
};

type ServiceAnswer = Awaited<ReturnType<BindingService['status']>>;

const toldOf = (answer: ServiceAnswer): Told =>
  readTold(answer.ok ? { ...answer.value } : { state: 'declined', code: answer.code });

/** What the gateway's endpoint does for an app, without it: who calls is taken at its word. */
const bareCall = (service: BindingService, name: string, isPhone: boolean) => {
  const attested = { key: name, isHardware: true, isVerifiedSystem: true, appVersion: 51 };
  let starts = 0;
  const start = (members: Members, profile = 'alice') => {
    starts += 1;
    return service.requestToken({
      profile,
      number: ownNumber,
      device: {
        id: `id-${name}`,
        key: name,
        fingerprint: `print-${name}`,
        platform: 'android',
        attested: isPhone ? attested : undefined,
        claimed: { appVersion: 51, systemFamily: 'android', systemVersion: 16, patchLevel: 202_609 },
      },
      evidence: members['evidence'] as typeof goodSim,
      network: 'mobile',
      slot: 0,
      factor: { kind: 'knowledge', channel: 'secret', use: `${name} ${starts}` },
      steppedUp: true,
      replaces: false,
    });
  };
  return async (members: Members, profile?: string): Promise<Told> => {
    if (members.do === 'start') {
      const issued = await start(members, profile);
      return readTold(issued.ok ? { state: 'issued', ...issued.value } : { state: 'declined', code: issued.code });
    }
    const caller = { attempt: String(members['attempt']), key: name };
    if (members.do === 'confirm') return toldOf(await service.confirm(caller));
    if (members.do === 'status') return toldOf(await service.status(caller));
    return toldOf(await service.reportSentItem(caller, { state: members['state'] as 'sent' }));
  };
};

let names = 0;

/** A stage before a bare service without these guards. */
export const bareStage = (without: readonly Guard[]): Stage => {
  const service = bareService(without);
  const carry = (link: string, from: string, to: string, text: string) => {
    names += 1;
    return service.inboundSms({ link, messageId: `bare-${names}`, from, to, text });
  };
  const network = simulatedNetwork(
    async ({ from, to, text }) => 'outcome' in (await carry('operator', from, to, text)),
  );
  return {
    actor: async ({ kind = 'android', card = ownNumber, simTricks = [] } = {}) => {
      names += 1;
      const name = `bare-${names}`;
      const cards = [{ number: card, carrier: 'Jio' }];
      const half =
        kind === 'script' ? undefined : simHalf({ platform: 'android', network, cards, tricks: new Set(simTricks) });
      const call = bareCall(service, name, half !== undefined);
      return actorOver(call, half?.backend, { number: ownNumber, fingerprint: name, build: 51 });
    },
    carry: async ({ vmn, text }, { from = ownNumber, to = vmn, link = 'operator' } = {}) => {
      const answer = await carry(link, from, to, text);
      return 'outcome' in answer ? `${answer.outcome} ${answer.code ?? ''}`.trim() : answer.code;
    },
    restart: async () => undefined,
  };
};

/** The rest of an attempt whose token was carried: what the app says, and the last word. */
export const finish = async (actor: Actor): Promise<Told> => {
  const seen = await actor.sentItem();
  if (seen.state !== 'proven') return seen;
  return actor.confirm();
};

/** A story: what its last answer says. */
export type Story = (stage: Stage) => Promise<string>;

/** One line of an answer. */
export const saidOf = ({ state, code }: Told): string => `${state} ${code}`.trim();

/** What every honest phone does: asks, sends, shows, confirms. */
export const honestStory: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  if (token.state !== 'issued') return saidOf(token);
  await phone.send(token);
  return saidOf(await finish(phone));
};

/** The last word of an attempt that an attacker tried to finish: `bound`, or where it stands. */
export const lastWord = async (actor: Actor): Promise<string> => {
  const answer = await finish(actor);
  return answer.state === 'bound' ? 'bound' : saidOf(await actor.status());
};

/** Plays a story before the gateway. */
export const playOnGateway = async (
  world: World,
  story: Story,
  options: Parameters<typeof bindingGround>[1] = {},
  build = 51,
): Promise<string> => story(gatewayStage(await bindingGround(world, options), build));

/** An attack on binding, told as a story. */
export interface BindAttack extends Pick<Attack, 'id' | 'title' | 'expected'> {
  readonly story: Story;
  /** Where it plays; the ordinary ground when absent. */
  readonly ground?: Parameters<typeof bindingGround>[1];
  /** Build that the app claims; the latest when absent. */
  readonly build?: number;
  /** What its last answer must be. */
  readonly held: string | ((observed: string) => boolean);
  /**
   * The guards without which the same story binds; or the story that succeeds before the ordinary gateway where the attacker lacks what this one
   * has, the attack's own when absent.
   */
  readonly control: { readonly without: readonly Guard[] } | { readonly story?: Story; readonly ends?: string };
}

/** The attack of a story, with its control. */
export const bindAttack = ({ story, ground, build, held, control, ...about }: BindAttack): Attack => ({
  ...about,
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, ground, build);
    return { observed, held: typeof held === 'string' ? observed === held : held(observed) };
  },
  control: async (world) => {
    if ('without' in control) return (await story(bareStage(control.without))) === 'bound';
    return (await playOnGateway(world, control.story ?? story)) === (control.ends ?? 'bound');
  },
});
