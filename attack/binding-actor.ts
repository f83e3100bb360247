/**
 * Who asks for bindings, one call at a time and without the app's own care: before the gateway, or before a bare service from which a guard was taken
 * away, for the controls. A story of an attack is told once and runs on both.
 */
import { defaultBindingPolicy, type Guard, readMsisdn } from '@hauberk/binding';
import { endpoint } from '@hauberk/channel/client';
import {
  type BindingService,
  bindingSecrets,
  machineClock,
  memoryBindingStore,
  openBindingService,
} from '@hauberk/server';
import type { PhoneKind } from '@hauberk/simulator';
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

/** A phone, or a script that speaks like one. */
export interface Actor {
  /** The profile counts on a bare service only; before a gateway it is who is logged in. */
  readonly start: (profile?: string) => Promise<Told>;
  readonly sentItem: (state: 'delivered' | 'sent' | 'absent') => Promise<Told>;
  readonly status: () => Promise<Told>;
  readonly confirm: () => Promise<Told>;
}

/** An SMS of a story: the customer's own number when no other is named. */
export interface CarriedSms {
  readonly from?: string;
  readonly to?: string;
  readonly link?: string;
}

/** Where a story plays: one customer, whose secrets the attacker may know. */
export interface Stage {
  /** Every call makes another phone, on which the customer is logged in. */
  readonly actor: (kind?: PhoneKind | 'script') => Promise<Actor>;
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

/** A stage before a gateway. */
export const gatewayStage = (ground: BindingGround, build = 51): Stage => {
  const customer = ground.freshCustomer();
  const number = ground.numberOf(customer);
  return {
    actor: async (kind = 'android') => {
      const { app, authorization, name } = await simPhone(ground, customer, kind);
      let attempt = '';
      const tell = async (members: object): Promise<Told> => {
        const headers = { 'content-type': 'application/json', authorization };
        const reply = await app.fetch(endpoint.bind, { method: 'POST', headers, body: JSON.stringify(members) });
        const told = readTold((await reply.json()) as Record<string, unknown>);
        if (told.attempt !== '') attempt = told.attempt;
        return told;
      };
      const system = { family: 'android', version: 16, patchLevel: 202_609 };
      const evidence = goodSim;
      return {
        start: () =>
          tell({ do: 'start', number, fingerprint: name, replaces: false, app: build, system, evidence, slot: 0 }),
        sentItem: (state) => tell({ do: 'sent-item', attempt, state }),
        status: () => tell({ do: 'status', attempt }),
        confirm: () => tell({ do: 'confirm', attempt }),
      };
    },
    carry: async ({ vmn, text }, { from = number, to = vmn, link = 'operator' } = {}) => {
      const answer = await ground.carry(from, to, text, { link });
      return 'outcome' in answer ? `${answer.outcome} ${answer.code ?? ''}`.trim() : answer.code;
    },
    restart: () => ground.gateway.restart(),
  };
};

const own = readMsisdn('+919811111111');

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

const bareActor = (service: BindingService, name: string, isPhone: boolean): Actor => {
  const attested = { key: name, isHardware: true, isVerifiedSystem: true, appVersion: 51 };
  let attempt = '';
  const caller = () => ({ attempt, key: name });
  return {
    start: async (profile = 'alice') => {
      const issued = await service.requestToken({
        profile,
        number: '+919811111111',
        device: {
          id: `id-${name}`,
          key: name,
          fingerprint: `print-${name}`,
          platform: 'android',
          attested: isPhone ? attested : undefined,
          claimed: { appVersion: 51, systemFamily: 'android', systemVersion: 16, patchLevel: 202_609 },
        },
        evidence: goodSim,
        network: 'mobile',
        slot: 0,
        factor: { kind: 'knowledge', channel: 'secret', use: `${name} ${attempt}` },
        steppedUp: true,
        replaces: false,
      });
      if (!issued.ok) return readTold({ state: 'declined', code: issued.code });
      attempt = issued.value.attempt;
      return readTold({ state: 'issued', ...issued.value });
    },
    sentItem: async (state) => toldOf(await service.reportSentItem(caller(), { state })),
    status: async () => toldOf(await service.status(caller())),
    confirm: async () => toldOf(await service.confirm(caller())),
  };
};

let names = 0;

/** A stage before a bare service without these guards. */
export const bareStage = (without: readonly Guard[]): Stage => {
  const service = bareService(without);
  return {
    actor: async (kind = 'android') => {
      names += 1;
      return bareActor(service, `bare-${names}`, kind !== 'script');
    },
    carry: async ({ vmn, text }, { from = '+919811111111', to = vmn, link = 'operator' } = {}) => {
      names += 1;
      const answer = await service.inboundSms({ link, messageId: `bare-${names}`, from, to, text });
      return 'outcome' in answer ? `${answer.outcome} ${answer.code ?? ''}`.trim() : answer.code;
    },
    restart: async () => undefined,
  };
};

/** The rest of an attempt whose token was carried: what the app says, and the last word. */
export const finish = async (actor: Actor): Promise<Told> => {
  const seen = await actor.sentItem('delivered');
  if (seen.state !== 'proven') return seen;
  return actor.confirm();
};

/** A story: what its last answer says. */
export type Story = (stage: Stage) => Promise<string>;

/** One line of an answer. */
export const saidOf = ({ state, code }: Told): string => `${state} ${code}`.trim();

/** Plays a story before the gateway. */
export const playOnGateway = async (
  world: World,
  story: Story,
  options: Parameters<typeof bindingGround>[1] = {},
  build = 51,
): Promise<string> => story(gatewayStage(await bindingGround(world, options), build));
