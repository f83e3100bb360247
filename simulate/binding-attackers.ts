/** Attackers: what each can do. All know the victim's number and, unless told, the victim's secrets. */
import type { CustomerFactor } from '@hauberk/binding';
import { between } from '@hauberk/example-bank';
import { days, epochMs } from '@hauberk/primitives';
import type { IssuedToken } from '@hauberk/server';
import { runApp, type Surroundings, tokenAsk } from './binding-app.ts';
import type { BindingWorld, Phone } from './binding-world.ts';

/** One story of an attacker and a victim. */
export interface AttackStory {
  readonly world: BindingWorld;
  readonly profile: string;
  readonly victim: Phone;
  /** The victim's own token, once it has one and malware reads it. */
  readonly victimToken: () => IssuedToken | undefined;
  /** An unused proof of the victim's second factor, phished. */
  readonly factor: () => CustomerFactor;
  /** A phone of the attacker: genuine unless told, with a SIM of its own unless given one. */
  readonly phone: (over?: Partial<Phone>) => Phone;
  /** The attacker got a token, for an attempt of its own if it is told. */
  readonly reached: (attempt?: string) => void;
}

/** An attack: runs to its end, whatever that is. */
export type Attack = (story: AttackStory) => Promise<unknown>;

const soon = ({ world }: AttackStory): number => between(world.random, 500, 9000);

/** The victim's phone sends a text of the attacker's. */
const fromVictim = ({ world, victim }: AttackStory, token: IssuedToken, delayMs: number): Promise<unknown> =>
  world.carrySms(victim.number, victim.carrier, token, { delayMs });

/** What an app sees around it on a genuine phone in an attacker's hand. `sends`: the phone's own SMS leaves it. */
const held = (story: AttackStory, phone: Phone, sends: boolean, over: Partial<Surroundings> = {}): Surroundings => ({
  ownSms: (token) =>
    sends ? story.world.carrySms(phone.number, phone.carrier, token, { delayMs: soon(story) }) : undefined,
  reportsDelivery: true,
  readsCodes: true,
  ...over,
});

const attackWith = async (
  story: AttackStory,
  phone: Phone,
  around: Surroundings,
  ask: Parameters<typeof tokenAsk>[4] = {},
): Promise<unknown> => {
  const { world, profile, victim, factor } = story;
  return runApp(world, phone, tokenAsk(phone, profile, victim.number, factor(), ask), {
    ...around,
    onToken: (token) => {
      story.reached(token.attempt);
      around.onToken?.(token);
    },
  });
};

/** The victim is talked into sending the text on; the attacker's own phone stays silent or sends too. */
const forwardedToken: Attack = (story) => {
  const phone = story.phone();
  const onToken = (token: IssuedToken): void =>
    void fromVictim(story, token, between(story.world.random, 4000, 30_000));
  return attackWith(story, phone, held(story, phone, story.world.random() < 0.5, { onToken }));
};

/** Malware on the victim's phone sends and reads; the attacker's own device is hooked and says whatever is asked. */
const malwareHooked: Attack = async (story) => {
  const { world, victim } = story;
  // Whatever the victim's inbox gets, the hooked one shows.
  const phone = story.phone({ isGenuine: false, inbox: victim.inbox });
  const around = held(story, phone, false, {
    ownSms: (token) => fromVictim(story, token, between(world.random, 300, 5000)),
    reportsDelivery: world.random() < 0.5,
  });
  return attackWith(story, phone, around);
};

/** The same malware, but the attacker's phone is genuine: it sends by itself, or is kept from the network. */
const malwareGenuine: Attack = (story) => {
  const phone = story.phone();
  const onToken = (token: IssuedToken): void => void fromVictim(story, token, soon(story));
  const typedCode = (): string | undefined => story.victim.inbox.at(-1);
  return attackWith(story, phone, held(story, phone, story.world.random() < 0.5, { onToken, typedCode }));
};

/** A SIM of the attacker's for the victim's profile, declared as either number. */
const ownNumber: Attack = (story) => {
  const phone = story.phone();
  const number = story.world.random() < 0.5 ? { number: phone.number } : {};
  return attackWith(story, phone, held(story, phone, true), number);
};

/** SMS with the victim's number as source, over a link that anybody may reach. */
const spoofedSender: Attack = (story) => {
  const { world, victim } = story;
  const phone = story.phone();
  const onToken = (token: IssuedToken): void =>
    void world.carrySms(victim.number, victim.carrier, token, { delayMs: soon(story), link: 'open-webhook' });
  return attackWith(story, phone, held(story, phone, world.random() < 0.5, { onToken }));
};

/** A trusted link with the victim's source, but on a VMN that was not assigned. */
const foreignVmn: Attack = (story) => {
  const { world, victim } = story;
  const phone = story.phone();
  const onToken = (token: IssuedToken): void =>
    void world.carrySms(victim.number, victim.carrier, token, { delayMs: soon(story), vmn: world.otherVmn(token.vmn) });
  return attackWith(story, phone, held(story, phone, false, { onToken }));
};

const awaitToken = async ({ world, victimToken }: AttackStory): Promise<IssuedToken | undefined> => {
  for (let waits = 0; waits < 40 && victimToken() === undefined; waits += 1) await world.time.sleep(500);
  return victimToken();
};

/** Malware reads the victim's own token; the attacker sends it again from both numbers and confirms with another key. */
const replayer: Attack = async (story) => {
  const { world, victim } = story;
  const token = await awaitToken(story);
  if (token === undefined) return;
  story.reached();
  const phone = story.phone();
  const caller = { attempt: token.attempt, key: phone.key };
  const isOwn = world.random() < 0.5;
  const [number, carrier] = isOwn ? [phone.number, phone.carrier] : [victim.number, victim.carrier];
  void world.carrySms(number, carrier, token, { delayMs: between(world.random, 0, 40_000) });
  for (let tries = 0; tries < 8; tries += 1) {
    await world.time.sleep(between(world.random, 500, 5000));
    await world.service.confirm(caller);
  }
};

/** A client that claims success: confirms without proofs, for its own attempt and for the victim's, with forged reports. */
const responseTamperer: Attack = async (story) => {
  const { world, profile, victim, factor } = story;
  const phone = story.phone();
  const asked = await world.service.requestToken(tokenAsk(phone, profile, victim.number, factor()));
  if (asked.ok) story.reached(asked.value.attempt);
  const attempts = [asked.ok ? asked.value.attempt : undefined, (await awaitToken(story))?.attempt];
  for (let tries = 0; tries < 6; tries += 1)
    for (const attempt of attempts) {
      if (attempt === undefined) continue;
      const caller = { attempt, key: phone.key };
      await world.time.sleep(between(world.random, 200, 3000));
      await Promise.all([
        world.service.confirm(caller),
        world.service.reportSentItem(caller, { state: 'delivered', slot: 0 }),
        world.service.reportCode(caller, { code: String(between(world.random, 10_000_000, 99_999_999)), isRead: true }),
      ]);
    }
};

/** The victim's number was moved to the attacker's SIM an hour ago. */
const swappedSim: Attack = (story) => {
  const { world, victim } = story;
  const phone = story.phone({ number: victim.number });
  world.holders.set(victim.number, phone);
  world.facts.set(victim.number, { swappedAtMs: epochMs(world.wallMs - between(world.random, 0, days(2))) });
  return attackWith(story, phone, held(story, phone, true));
};

/** The number was given up by the victim and belongs to the attacker now; the bank does not know. */
const recycledNumber: Attack = (story) => {
  const { world, victim } = story;
  const phone = story.phone({ number: victim.number });
  world.holders.set(victim.number, phone);
  world.facts.set(victim.number, { revocation: { isListed: true, asOfMs: epochMs(world.wallMs) } });
  return attackWith(story, phone, held(story, phone, true));
};

/** The victim's SIM in a phone of the attacker's, without the victim's secrets. */
const stolenSim: Attack = (story) => {
  const { world, victim } = story;
  const phone = story.phone({ number: victim.number });
  world.holders.set(victim.number, phone);
  const guesses: readonly (CustomerFactor | undefined)[] = [
    undefined,
    { kind: 'possession', channel: 'sim', use: `sms-${phone.key}` },
    { kind: 'knowledge', channel: 'sim', use: `reset-${phone.key}` },
  ];
  const factor = guesses[between(world.random, 0, 2)];
  return attackWith(story, phone, held(story, phone, true), { factor });
};

/** The text is sent on, but late, while the wall clock is set back. */
const lateSms: Attack = (story) => {
  const { world } = story;
  const phone = story.phone({ isGenuine: false });
  const genuine = story.phone();
  const onToken = (token: IssuedToken): void => {
    void fromVictim(story, token, between(world.random, 45_100, 58_000));
    world.wallOffsetMs -= 30_000;
  };
  const one = world.random() < 0.5 ? phone : genuine;
  return attackWith(story, one, held(story, one, false, { onToken }));
};

/** One device under many names draws tokens, and SMS guess at them. */
const numberFarm: Attack = async (story) => {
  const { world, profile, victim, factor } = story;
  const phone = story.phone();
  for (let tries = 0; tries < 6; tries += 1) {
    const device = { ...phone, id: `${phone.id}-${tries}`, fingerprint: `${phone.fingerprint}-${tries}` };
    const asked = await world.service.requestToken(tokenAsk(device, profile, victim.number, factor()));
    if (asked.ok) {
      story.reached(asked.value.attempt);
      const text = asked.value.text.replaceAll(/\d/g, (digit) => String((Number(digit) + 1) % 10));
      await world.carrySms(victim.number, victim.carrier, { ...asked.value, text }, { delayMs: 1000 });
    }
    await world.time.sleep(between(world.random, 100, 4000));
  }
};

/** Two devices at once, in the very moment in which the victim binds. */
const race: Attack = async (story) => {
  const one = story.phone();
  const two = story.phone();
  const typedCode = (): string | undefined => story.victim.inbox.at(-1);
  const onToken = (token: IssuedToken): void => void fromVictim(story, token, between(story.world.random, 0, 4000));
  await Promise.all([
    attackWith(story, one, held(story, one, false, { onToken, typedCode })),
    attackWith(story, two, held(story, two, true, { onToken, typedCode })),
  ]);
};

/** Every attack by its name. */
export const attacks: Readonly<Record<string, Attack>> = {
  'forwarded-token': forwardedToken,
  'malware-hooked': malwareHooked,
  'malware-genuine': malwareGenuine,
  'own-number': ownNumber,
  'spoofed-sender': spoofedSender,
  'foreign-vmn': foreignVmn,
  replayer,
  'response-tamperer': responseTamperer,
  'swapped-sim': swappedSim,
  'recycled-number': recycledNumber,
  'stolen-sim': stolenSim,
  'late-sms': lateSms,
  'number-farm': numberFarm,
  race,
};

/** Attacks after which the victim's own phone has no part: its SIM is gone. */
export const withoutVictim: ReadonlySet<string> = new Set(['swapped-sim', 'recycled-number', 'stolen-sim']);
