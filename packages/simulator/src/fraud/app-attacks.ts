/** Attacks on the app and on the channel: requests replayed, apps changed, copied, hooked, contained or emulated. */
import type { Actor, Setting, Visit } from './actor.ts';
import { drawOf, type Gang, gangPhone, gangsOf, momentsOf, type Prey, rented, type Step, turnOf } from './gang.ts';
import type { Person } from './person.ts';
import type { Attested, Phone } from './phone.ts';
import { chance, type Draw, idOf, pick, poisson, whole } from './random.ts';
import type { Act, Channel } from './scene.ts';

/** What such attackers are after, in a few requests. */
const spoils = (draw: Draw, seed: number, looking = 0.25): readonly Act[] => {
  const choice = draw();
  if (choice < 0.35)
    return [
      {
        type: 'coupon-claim',
        entities: { coupon: `campaign-${whole(draw, 1, 12)}` },
        attributes: {
          couponValueMinor: pick(draw, [500, 1000, 2000]),
          isNewCustomerOffer: chance(draw, 0.5),
          accountAgeDays: whole(draw, 0, 200),
        },
      },
    ];
  if (choice < 0.35 + looking) return [{ type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } }];
  const payee = idOf(seed, 'payee', `drop/${whole(draw, 0, 40)}`);
  const attributes = { isSavedPayee: false, payeeAgeDays: 0, payeeNameMatches: chance(draw, 0.8), factor: 'pin' };
  return [{ type: 'transfer', amountMinor: whole(draw, 200, 90_000), entities: { payee }, attributes }];
};

/** What a gateway says of a request that was captured and sent again, or made without the app; a signing oracle is not seen by it. */
const replayResult = (draw: Draw): Channel => {
  const choice = draw();
  if (choice < 0.52) return 'replayed';
  if (choice < 0.7) return 'stale';
  if (choice < 0.9) return 'none';
  return choice < 0.95 ? 'unsigned' : 'verified';
};

const planReplayer = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const { seed } = gang.setting.world;
  const own = gangPhone(gang, 'own');
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 1 + poisson(draw, 0.7)).map((atMs, index) => {
      const victim = pick(draw, people);
      const isOwn = chance(draw, 0.5);
      const phone = isOwn ? own : (victim.phones[0] ?? own);
      const access = rented(gang, draw, 0.5);
      const steps = (each: Draw): readonly Step[] => {
        const captured = spoils(each, seed);
        return Array.from({ length: whole(each, 6, 20) }, () => pick(each, captured)).map((act) => ({
          ...act,
          channel: replayResult(each),
        }));
      };
      const account = isOwn ? idOf(seed, 'acc', gang.name) : victim.account;
      return turnOf(gang, {
        atMs,
        name: `replay/${index}`,
        phone,
        account,
        access,
        steps,
        pace: 1.5,
        isTruthful: true,
      });
    });
  };
};

/** Phones with a trick of their own that come a few times a day. */
interface LiarKind {
  readonly signs: readonly string[];
  /** What the hardware's evidence says where there is hardware, and how often there is. */
  readonly hardware: number;
  readonly attested: (draw: Draw) => Attested;
  readonly sittings: number;
}

const plain: Attested = { level: 'software', boot: 'unknown', app: 'unknown' };

const planLiar = (gang: Gang, kind: LiarKind): Actor['plan'] => {
  const { seed } = gang.setting.world;
  const born = drawOf(gang, 'born');
  const shown = kind.signs.filter((_, index) => index === 0 || chance(born, 0.6));
  const attested = chance(born, kind.hardware) ? kind.attested(born) : plain;
  const phone = gangPhone(gang, 'phone', { lasting: shown, attested });
  const accounts = Array.from({ length: whole(born, 1, 3) }, (_, index) => idOf(seed, 'acc', `${gang.name}/${index}`));
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, poisson(draw, kind.sittings)).map((atMs, index) =>
      turnOf(gang, {
        atMs,
        name: `sitting/${index}`,
        phone,
        account: pick(draw, accounts),
        access: rented(gang, draw, 0.1),
        pace: 6,
        steps: (each) => [
          { report: chance(each, 0.5) ? 'pay' : 'login' },
          { type: 'login-password', attributes: { accountAgeDays: whole(each, 1, 300), succeeded: true } },
          ...Array.from({ length: whole(each, 1, 3) }, () => spoils(each, seed)).flat(),
        ],
      }),
    );
  };
};

/** The evidence of hardware names the app that made the key: another signer cannot hide there, nor can a host that carries ours. */
const otherApp = (draw: Draw): Attested => ({
  level: 'tee',
  boot: chance(draw, 0.75) ? 'verified' : 'unverified',
  app: 'other',
});
/** Opened phones say so, unless the evidence was made with a key that leaked. */
const openedPhone = (draw: Draw): Attested => ({
  level: 'tee',
  boot: chance(draw, 0.7) ? 'unverified' : 'verified',
  app: 'approved',
});

const liars = {
  repackage: {
    signs: ['repackaging.signer', 'repackaging.codeDigest', 'repackaging.pageDigest', 'repackaging.installer'],
    hardware: 0.75,
    attested: otherApp,
    sittings: 2.2,
  },
  hook: {
    signs: ['hook.frida', 'hook.inlineHook', 'hook.codeMismatch', 'root.magisk', 'root.hiding'],
    hardware: 0.9,
    attested: openedPhone,
    sittings: 2.2,
  },
  host: {
    signs: ['host.container', 'host.foreignPath', 'instance.appClone'],
    hardware: 0.7,
    attested: otherApp,
    sittings: 2.2,
  },
  emulator: {
    signs: ['emulator.known', 'emulator.softwareGpu', 'emulator.sensorsSilent', 'telephony.noSim', 'root.suBinary'],
    hardware: 0,
    attested: () => plain,
    sittings: 2.2,
  },
} as const satisfies Readonly<Record<string, LiarKind>>;

/** A copy of somebody's app on another phone: its id, its keys where they could be copied, its chain of reports from the moment of copying. */
const copyOf = (gang: Gang, victim: Phone): Phone => {
  const thief = gangPhone(gang, 'phone');
  const { storage, ...own } = thief.evidence;
  const copied = victim.evidence.storage ?? storage;
  return {
    ...victim,
    platform: victim.platform === 'web' ? 'web' : 'android',
    evidence: copied === undefined ? own : { ...own, storage: copied },
    lasting: new Set(['root.suBinary']),
    chain: { ...victim.chain },
  };
};

/** Who uses the app often is worth copying. */
const worthwhile = 0.5;

const isCopyable = ({ attested: { level } }: Phone): boolean => level === 'none' || level === 'software';

/** Thieves look for phones whose keys lie in files; some try in vain where they do not. */
const chooseVictim = (draw: Draw, people: readonly Person[]): Person => {
  for (let tries = 0; tries < 200; tries += 1) {
    const person = pick(draw, people);
    const [phone] = person.phones;
    const isFit = phone !== undefined && person.phones.length === 1 && person.activity > worthwhile;
    if (isFit && person.joinsMs === undefined && (isCopyable(phone) || chance(draw, 0.2))) return person;
  }
  return pick(draw, people);
};

const cloneTurn = (gang: Gang, victim: Person, copy: Phone, atMs: number, index: number): Visit => {
  const { seed } = gang.setting.world;
  const access = rented(gang, drawOf(gang, 'access', Math.floor(atMs)), 0.15);
  return turnOf(gang, {
    atMs,
    name: `clone/${index}`,
    phone: copy,
    account: victim.account,
    access,
    pace: 8,
    steps: (draw) => {
      // A ticket serves once: where the owner was first, the copy's is refused and it opens a session with the copied key.
      const first: Channel = isCopyable(copy) ? (chance(draw, 0.65) ? 'replayed' : 'verified') : 'tampered';
      const later: Channel = isCopyable(copy) ? 'verified' : 'tampered';
      const acts = [
        { type: 'session-renew', attributes: { accountAgeDays: victim.accountAgeDays } },
        ...Array.from({ length: whole(draw, 1, 3) }, () => spoils(draw, seed, 0.1)).flat(),
      ];
      const reported: readonly Step[] = isCopyable(copy) ? [{ report: 'pay' }] : [];
      return [...reported, ...acts.map((act, place) => ({ ...act, channel: place === 0 ? first : later }))];
    },
  });
};

const planCloner = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const victim = chooseVictim(drawOf(gang, 'victim'), people);
  let copy: Phone | undefined;
  return (dayStartMs) => {
    const [phone] = victim.phones;
    if (phone === undefined) return [];
    const isBegun = dayStartMs + 86_400_000 > gang.beganAtMs;
    if (isBegun) copy ??= copyOf(gang, phone);
    if (copy === undefined || copy.id !== phone.id) return [];
    const half = copy;
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 2 + poisson(draw, 2)).map((atMs, index) =>
      cloneTurn(gang, victim, half, atMs, index),
    );
  };
};

/** Everybody who attacks app and channel. */
export const createAppAttacks = (setting: Setting, prey: Prey): readonly Actor[] => [
  ...gangsOf(setting, 'replay', 14, (gang) => planReplayer(gang, prey)),
  ...gangsOf(setting, 'clone', 14, (gang) => planCloner(gang, prey)),
  ...gangsOf(setting, 'repackage', 40, (gang) => planLiar(gang, liars.repackage)),
  ...gangsOf(setting, 'hook', 16, (gang) => planLiar(gang, liars.hook)),
  ...gangsOf(setting, 'host', 16, (gang) => planLiar(gang, liars.host)),
  ...gangsOf(setting, 'emulator', 14, (gang) => planLiar(gang, liars.emulator)),
];
