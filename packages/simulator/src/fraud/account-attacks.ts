/** Attacks on accounts and their money: swapped SIMs, remote hands, stuffed credentials, mules that carry it off. */
import type { Actor, Setting, Visit } from './actor.ts';
import { minuteMs } from './calendar.ts';
import { drawOf, type Gang, gangPhone, gangsOf, momentsOf, type Prey, rented, type Step, turnOf } from './gang.ts';
import { accountFacts, type Person, payerFacts } from './person.ts';
import { between, chance, type Draw, idOf, logNormal, pick, poisson, whole } from './random.ts';
import type { Act } from './scene.ts';

/** Accounts of mules, as those who are paid: every gang that drains accounts rents some. */
const mulePayees = (seed: number, devices: number): readonly string[] =>
  Array.from({ length: Math.max(6, Math.round(devices / 700)) }, (_, index) => idOf(seed, 'payee', `mule/${index}`));

/** Where the money of an account goes: at once, or to a payee who was saved a moment before, which looks better. */
const drain = (
  draw: Draw,
  victim: Person,
  payees: readonly string[],
  facts: Readonly<Record<string, string | number | boolean>>,
): readonly Act[] => {
  const payee = pick(draw, payees);
  const isSavedPayee = chance(draw, 0.4);
  const pieces = whole(draw, 1, 3);
  const acts = Array.from({ length: pieces }, (_, piece): Act => {
    const amountMinor = Math.round((victim.balanceMinor * between(draw, 0.55, 0.98)) / pieces);
    return {
      type: 'transfer',
      amountMinor,
      entities: { payee },
      attributes: {
        ...facts,
        isSavedPayee,
        payeeAgeDays: 0,
        payeeNameMatches: chance(draw, 0.9),
        payeeKind: 'person',
        usedTodayMinor: amountMinor * piece,
        rail: 'instant',
      },
    };
  });
  const added: Act = {
    type: 'payee-add',
    entities: { payee },
    attributes: { payeeKind: 'person', payeeNameMatches: true, accountAgeDays: victim.accountAgeDays },
  };
  return isSavedPayee ? [added, ...acts] : acts;
};

const swapSteps = (draw: Draw, victim: Person, payees: readonly string[], atMs: number): readonly Step[] => {
  const fresh = { hoursSinceDeviceBind: 0, hoursSincePasswordChange: 0 };
  const limits = { limitMinor: victim.limitMinor, newLimitMinor: victim.limitMinor * 10 };
  const simAgeHours = whole(draw, 0, 20);
  const phone = victim.phoneNumber;
  const known = { accountAgeDays: victim.accountAgeDays };
  const swapped = { simAgeHours, phoneTenureDays: whole(draw, 300, 3000), phoneNameMatches: true };
  return [
    { report: 'bind' },
    { type: 'sms-code', entities: { phone }, attributes: swapped },
    { type: 'password-reset', entities: { phone }, attributes: { ...swapped, ...known } },
    { type: 'login-sms', entities: { phone }, attributes: { ...swapped, ...known, hoursSincePasswordChange: 0 } },
    {
      type: 'device-bind',
      entities: { phone },
      attributes: { ...swapped, ...known, factor: 'sms', hoursSincePasswordChange: 0 },
    },
    { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } },
    ...(chance(draw, 0.6) ? [{ type: 'limit-change', attributes: { ...known, ...fresh, ...limits } }] : []),
    { report: 'pay' },
    ...drain(draw, victim, payees, {
      ...payerFacts(victim, atMs),
      ...fresh,
      factor: 'sms',
      secondsInScene: whole(draw, 8, 25),
    }),
  ];
};

const planSwapper = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const { seed, devices } = gang.setting.world;
  const payees = mulePayees(seed, devices);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 1 + poisson(draw, 0.8)).map((atMs, index) => {
      const victim = pick(draw, people);
      const phone = gangPhone(gang, `${dayStartMs}/${index}`, {
        sinceMs: atMs,
        attested: { level: 'tee', boot: 'verified', app: 'approved' },
      });
      const access = rented(gang, draw, 0.05);
      return turnOf(gang, {
        atMs,
        name: `swap/${index}`,
        phone,
        account: victim.account,
        access,
        passing: ['telephony.simChanged'],
        pace: 15,
        steps: (each) => swapSteps(each, victim, payees, atMs),
      });
    });
  };
};

/** The victim's own phone at home, with somebody else's hands on it. */
const planRemote = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const { seed, devices } = gang.setting.world;
  const payees = mulePayees(seed, devices);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 1 + poisson(draw, 1.2)).flatMap((atMs, index): readonly Visit[] => {
      const victim = pick(draw, people);
      const [phone] = victim.phones;
      if (phone === undefined || phone.platform === 'web') return [];
      const passing = [
        chance(draw, 0.6) ? 'screen.shared' : 'screen.remoteControl',
        ...(chance(draw, 0.8) ? ['telephony.callInProgress'] : []),
        ...(chance(draw, 0.3) ? ['accessibility.unknownService', 'accessibility.injectedTouch'] : []),
      ];
      const odd = {
        ...payerFacts(victim, atMs),
        factor: pick(draw, ['pin', 'biometric', 'sms']),
        secondsInScene: whole(draw, 90, 900),
        corrections: whole(draw, 2, 9),
        pastedFields: whole(draw, 0, 2),
      };
      // Tools that the client does not know leave no signal; the call is there all the same.
      const seen = passing.filter(() => chance(draw, 0.88));
      const steps = (each: Draw): readonly Step[] => [
        { report: 'pay' },
        {
          type: 'login-biometric',
          attributes: { biometricKind: 'fingerprint', ...accountFacts(victim, atMs) },
        },
        { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } },
        ...(chance(each, 0.4)
          ? [
              {
                type: 'fund-redeem',
                amountMinor: Math.round(victim.balanceMinor * 0.7),
                attributes: { isPayoutToOwnAccount: true },
              },
            ]
          : []),
        ...(chance(each, 0.3) ? [{ type: 'limit-change', attributes: { factor: 'sms' } }] : []),
        ...drain(each, victim, payees, odd),
      ];
      return [
        turnOf(gang, {
          atMs,
          name: `remote/${index}`,
          phone,
          account: victim.account,
          access: victim.haunts.home,
          passing: seen,
          isTruthful: true,
          pace: 45,
          steps,
        }),
      ];
    });
  };
};

const stuffing = (draw: Draw, people: readonly Person[]): readonly Act[] =>
  Array.from({ length: whole(draw, 25, 70) }, (): Act => {
    const { account, accountAgeDays } = pick(draw, people);
    return {
      type: 'login-password',
      entities: { account },
      attributes: { succeeded: false, attempts: 1, accountAgeDays },
    };
  });

const planStuffer = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const { seed, devices } = gang.setting.world;
  const payees = mulePayees(seed, devices);
  const phones = ['a', 'b', 'c'].map((name) =>
    gangPhone(gang, name, { platform: 'web', lasting: ['automation.headless', 'hook.nativeToString'] }),
  );
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 1 + poisson(draw, 1)).map((atMs, index) => {
      const victim = pick(draw, people);
      const steps = (each: Draw): readonly Step[] => [
        { report: 'login' },
        ...stuffing(each, people),
        { type: 'login-password', attributes: { succeeded: true, attempts: 1, accountAgeDays: victim.accountAgeDays } },
        { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } },
        {
          type: 'profile-change',
          attributes: { changedField: 'notification', notificationsOff: true, accountAgeDays: victim.accountAgeDays },
        },
        chance(each, 0.5)
          ? {
              type: 'points-exchange',
              entities: { item: `item-${whole(each, 1, 5)}` },
              attributes: { pointsValueMinor: whole(each, 2000, 30_000), accountAgeDays: victim.accountAgeDays },
            }
          : {
              type: 'transfer',
              amountMinor: Math.round(victim.balanceMinor * 0.6),
              entities: { payee: pick(each, payees) },
              attributes: { isSavedPayee: false, payeeAgeDays: 0, balanceMinor: victim.balanceMinor },
            },
      ];
      return turnOf(gang, {
        atMs,
        name: `stuff/${index}`,
        phone: pick(draw, phones),
        account: victim.account,
        access: rented(gang, draw, 0.6),
        pace: 1.2,
        steps,
      });
    });
  };
};

const passOn = (
  draw: Draw,
  payees: readonly string[],
  amountMinor: number,
  known: Readonly<Record<string, number>>,
): Act =>
  chance(draw, 0.75)
    ? {
        type: 'transfer',
        amountMinor,
        entities: { payee: pick(draw, payees) },
        attributes: { ...known, isSavedPayee: chance(draw, 0.4), payeeAgeDays: whole(draw, 0, 3), payeeKind: 'person' },
      }
    : { type: 'cash-withdrawal', amountMinor, attributes: known };

/** A ring: money comes from strangers, rests for minutes and goes on in pieces. */
const planMules = (gang: Gang, { people }: Prey): Actor['plan'] => {
  const { seed, devices } = gang.setting.world;
  const payees = mulePayees(seed, devices);
  const born = drawOf(gang, 'born');
  const members = Array.from({ length: whole(born, 5, 12) }, (_, index) => ({
    account: idOf(seed, 'acc', `${gang.name}/${index}`),
    payee: pick(born, payees),
    // Lent phones: several accounts are worked from one.
    phone: gangPhone(gang, `phone/${index % 4}`, { attested: { level: 'tee', boot: 'verified', app: 'approved' } }),
    dormantDays: whole(born, 20, 500),
  }));
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 2 + poisson(draw, 2)).flatMap((atMs, index) => {
      const mule = pick(draw, members);
      const total = Math.round(logNormal(draw, 600_000, 0.7));
      const intoIt = Array.from(
        { length: whole(draw, 2, 6) },
        (_, nth): Visit =>
          inflow(
            gang,
            pick(draw, people),
            mule.payee,
            total / 4,
            Math.max(dayStartMs, atMs - (nth + 1) * 7 * minuteMs),
            `${index}/${nth}`,
          ),
      );
      const known = { dormantDays: mule.dormantDays, accountAgeDays: mule.dormantDays + 30, balanceMinor: total };
      const out = (each: Draw): readonly Step[] => [
        { report: 'pay' },
        {
          type: 'login-password',
          attributes: { accountAgeDays: known.accountAgeDays, dormantDays: known.dormantDays, succeeded: true },
        },
        ...Array.from({ length: whole(each, 2, 5) }, () => passOn(each, payees, Math.round(total / 3), known)),
      ];
      return [
        ...intoIt,
        turnOf(gang, {
          atMs,
          name: `out/${index}`,
          phone: mule.phone,
          account: mule.account,
          access: rented(gang, draw, 0),
          pace: 20,
          steps: out,
        }),
      ];
    });
  };
};

/** Somebody who was talked into paying, on an honest phone and with an honest hand. */
const inflow = (gang: Gang, victim: Person, payee: string, amount: number, atMs: number, name: string): Visit => {
  const [phone] = victim.phones;
  const steps = (draw: Draw): readonly Step[] => [
    { report: 'pay' },
    { type: 'login-biometric', attributes: { biometricKind: 'fingerprint', ...accountFacts(victim, atMs) } },
    {
      type: 'transfer',
      amountMinor: Math.max(100, Math.round(amount * between(draw, 0.4, 1.3))),
      entities: { payee },
      attributes: {
        isSavedPayee: false,
        payeeAgeDays: 0,
        payeeNameMatches: chance(draw, 0.9),
        payeeKind: 'person',
        ...payerFacts(victim, atMs),
        factor: 'biometric',
      },
    },
  ];
  if (phone === undefined) throw new RangeError('a victim without a phone');
  return turnOf(gang, {
    atMs,
    name: `in/${name}`,
    phone,
    account: victim.account,
    access: victim.haunts.home,
    isTruthful: true,
    pace: 20,
    steps,
  });
};

/** Everybody who is after accounts. */
export const createAccountAttacks = (setting: Setting, prey: Prey): readonly Actor[] => [
  ...gangsOf(setting, 'sim-swap', 3, (gang) => planSwapper(gang, prey)),
  ...gangsOf(setting, 'remote-control', 4, (gang) => planRemote(gang, prey)),
  ...gangsOf(setting, 'takeover', 3, (gang) => planStuffer(gang, prey)),
  ...gangsOf(setting, 'mule', 4, (gang) => planMules(gang, prey)),
];
