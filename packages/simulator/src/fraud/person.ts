/** Honest people: their days, habits and the things that change in a life. */
import type { Setting, Visit } from './actor.ts';
import { dayMs, hourMs, isRestDay, minuteMs, saleOf, someMoment } from './calendar.ts';
import type { Tier } from './lines.ts';
import { bornPhone, evidenceOfToday, type Phone } from './phone.ts';
import type { Access } from './places.ts';
import {
  between,
  chance,
  type Draw,
  digestOf,
  idOf,
  logNormal,
  normal,
  pick,
  poisson,
  streamOf,
  whole,
} from './random.ts';
import { type Act, playSitting } from './scene.ts';

type Step = Act | { readonly report: Tier };

/** Where somebody spends the day. */
export interface Haunts {
  readonly city: number;
  readonly cell: number;
  readonly home: Access;
  readonly work?: Access;
}

/** What is somebody's own. */
export interface Person {
  readonly name: string;
  readonly account: string;
  readonly phoneNumber: string;
  readonly accountAgeDays: number;
  readonly haunts: Haunts;
  /** Hours by which the day is shifted. */
  readonly shift: number;
  /** Probability of a day with the app. */
  readonly activity: number;
  /** Median payment in minor units. */
  readonly usualMinor: number;
  readonly payees: readonly string[];
  readonly merchants: readonly string[];
  readonly balanceMinor: number;
  /** Phones by turns; the first is the usual one. Changes with life. */
  phones: readonly Phone[];
  /** Last day of a journey, and where. */
  away?: { readonly untilMs: number; readonly city: number };
  /** The next sitting binds a new phone. */
  isBinding: boolean;
  changes: number;
}

/** Draws a person. */
export const bornPerson = (setting: Setting, name: string, haunts: Haunts, phones: readonly Phone[]): Person => {
  const { seed, devices } = setting.world;
  const draw = streamOf(seed, 'person', name);
  const payees = Array.from({ length: whole(draw, 2, 14) }, () => idOf(seed, 'payee', whole(draw, 0, devices * 2)));
  return {
    name,
    account: idOf(seed, 'acc', name),
    phoneNumber: idOf(seed, 'tel', name),
    accountAgeDays: whole(draw, 3, 2500),
    haunts,
    shift: chance(draw, 0.08) ? 10 : Math.round(normal(draw, 0, 1.2)),
    activity: between(draw, 0.08, 0.95) ** 1.3,
    usualMinor: logNormal(draw, 6_000, 0.8),
    payees,
    merchants: Array.from({ length: whole(draw, 2, 8) }, () =>
      idOf(seed, 'shop', Math.floor(draw() ** 2 * devices * 0.1)),
    ),
    balanceMinor: Math.round(logNormal(draw, 900_000, 1.1)),
    phones,
    isBinding: false,
    changes: 0,
  };
};

const accessOf = (setting: Setting, person: Person, draw: Draw, atMs: number, dayStartMs: number): Access => {
  const { haunts, away } = person;
  const { places } = setting;
  if (away !== undefined) {
    const cell = whole(draw, 0, places.cellsOf(away.city) - 1);
    // Hotels and halls: many guests, one Wi-Fi.
    if (chance(draw, 0.4)) return places.wifi(`guest/${away.city}/${whole(draw, 0, 12)}`, away.city, cell);
    return places.mobile(draw, away.city, cell);
  }
  const hour = (atMs - dayStartMs) / hourMs;
  const isAtWork = haunts.work !== undefined && hour >= 9 && hour < 18 && !isRestDay(dayStartMs);
  if (isAtWork && haunts.work !== undefined && chance(draw, 0.7)) return haunts.work;
  if (!isAtWork && (hour < 8 || hour >= 19 || chance(draw, 0.4)) && chance(draw, 0.8)) return haunts.home;
  return places.mobile(draw, haunts.city, isAtWork ? whole(draw, 0, places.cellsOf(haunts.city) - 1) : haunts.cell);
};

const amountOf = (person: Person, draw: Draw): number =>
  Math.max(1, Math.round(logNormal(draw, person.usualMinor, 0.7)));

const loginOf = (person: Person, draw: Draw): Act => {
  const attributes = { accountAgeDays: person.accountAgeDays };
  if (chance(draw, 0.6))
    return { type: 'login-biometric', attributes: { ...attributes, biometricKind: 'fingerprint' } };
  if (chance(draw, 0.15)) return { type: 'login-sms', entities: { phone: person.phoneNumber }, attributes };
  return { type: 'login-password', attributes: { ...attributes, succeeded: chance(draw, 0.97) } };
};

const transferOf = (seed: number, person: Person, draw: Draw): readonly Step[] => {
  const amountMinor = amountOf(person, draw) * 3;
  const isSaved = chance(draw, 0.9);
  const payee = isSaved ? pick(draw, person.payees) : idOf(seed, 'payee', `new/${person.name}/${draw()}`);
  const attributes = {
    isSavedPayee: isSaved,
    payeeAgeDays: isSaved ? whole(draw, 1, 900) : 0,
    payeeNameMatches: chance(draw, 0.985),
    balanceMinor: person.balanceMinor,
    factor: pick(draw, ['biometric', 'biometric', 'pin', 'device-key']),
    secondsInScene: Math.round(logNormal(draw, isSaved ? 25 : 50, 0.5)),
  };
  const added: readonly Act[] = isSaved ? [] : [{ type: 'payee-add', entities: { payee } }];
  return [{ report: 'pay' }, ...added, { type: 'transfer', amountMinor, entities: { payee }, attributes }];
};

const paymentOf = (person: Person, draw: Draw): readonly Step[] => {
  const merchant = pick(draw, person.merchants);
  const type = pick(draw, ['payment-qr', 'payment-qr', 'payment', 'pay-code', 'bill-pay', 'phone-top-up']);
  const attributes = { accountAgeDays: person.accountAgeDays, balanceMinor: person.balanceMinor };
  if (type === 'bill-pay')
    return [
      { report: 'pay' },
      { type, amountMinor: amountOf(person, draw), entities: { payee: pick(draw, person.payees) }, attributes },
    ];
  if (type === 'phone-top-up')
    return [
      { report: 'pay' },
      { type, amountMinor: pick(draw, [3000, 5000, 10_000]), entities: { phone: person.phoneNumber }, attributes },
    ];
  return [{ report: 'pay' }, { type, amountMinor: amountOf(person, draw), entities: { merchant }, attributes }];
};

const looks: readonly Act[] = [
  { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } },
  { type: 'statement-query', attributes: { isOwnAccount: true, pageNumber: 1, rangeDays: 30 } },
  { type: 'product-browse', attributes: { pageNumber: 1 } },
];

const stepsOf = (seed: number, person: Person, draw: Draw): readonly Step[] => {
  const kind = draw();
  if (kind < 0.5) return [pick(draw, looks), ...(chance(draw, 0.4) ? [pick(draw, looks)] : [])];
  if (kind < 0.76) return paymentOf(person, draw);
  if (kind < 0.9) return transferOf(seed, person, draw);
  if (kind < 0.955)
    return [
      {
        type: 'coupon-claim',
        entities: { coupon: `campaign-${whole(draw, 1, 12)}` },
        attributes: {
          couponValueMinor: pick(draw, [200, 500, 1000]),
          isNewCustomerOffer: false,
          accountAgeDays: person.accountAgeDays,
        },
      },
    ];
  return [pick(draw, rareActs)];
};

/** What people do now and then. */
const rareActs: readonly Act[] = [
  { type: 'limit-change', attributes: { factor: 'device-key' } },
  { type: 'password-change', attributes: { factor: 'sms' } },
  { type: 'profile-change', attributes: { changedField: 'address', notificationsOff: false } },
  { type: 'seat-browse', attributes: { pageNumber: 1 } },
  { type: 'customer-service', attributes: { topic: 'general', startedBy: 'customer' } },
  { type: 'payee-lookup', attributes: { pageNumber: 1, isOwnAccount: false } },
  { type: 'consent', attributes: { purpose: 'marketing' } },
];

const isReport = (step: Step): step is { readonly report: Tier } => 'report' in step;

/** Plays one sitting of a person, whatever it is for. */
export const sit = (
  setting: Setting,
  person: Person,
  visit: { readonly atMs: number; readonly dayStartMs: number; readonly draw: Draw; readonly steps: readonly Step[] },
): Visit => {
  const { atMs, dayStartMs, draw } = visit;
  return {
    atMs,
    play: (stage) => {
      const usual = person.phones[0];
      if (usual === undefined) return;
      const phone = person.phones.length > 1 && chance(draw, 0.15) ? pick(draw, person.phones) : usual;
      setting.tell(phone);
      const { seed } = setting.world;
      const today = evidenceOfToday(seed, streamOf(seed, 'today', phone.id, dayStartMs));
      const binding: readonly Step[] = person.isBinding
        ? [
            { report: 'bind' },
            { type: 'device-bind', entities: { phone: person.phoneNumber }, attributes: { factor: 'sms' } },
          ]
        : [];
      person.isBinding = false;
      const reported: readonly Step[] = visit.steps.some(isReport) ? [] : [{ report: 'login' }];
      playSitting(
        stage,
        {
          seed,
          phone,
          account: person.account,
          access: accessOf(setting, person, draw, atMs, dayStartMs),
          atMs,
          draw,
          evidence: today,
        },
        [...reported, loginOf(person, draw), ...binding, ...visit.steps],
      );
    },
  };
};

/** A new phone: half of the owners carry the app's storage over; the old one often finds a new owner. */
const changePhone = (setting: Setting, person: Person, draw: Draw, dayStartMs: number): void => {
  const [old] = person.phones;
  if (old === undefined) return;
  const { seed, devices } = setting.world;
  person.changes += 1;
  const storage = old.evidence.storage;
  const carried = chance(draw, 0.5) && storage !== undefined;
  const next = bornPhone({
    seed,
    name: `${person.name}/phone-${person.changes}`,
    population: devices,
    sinceMs: dayStartMs,
    evidence: carried ? { storage } : {},
    traits: ['new-phone'],
  });
  person.phones = [next, ...person.phones.slice(1)];
  person.isBinding = true;
};

/** What changes in a life on one day. */
const live = (setting: Setting, person: Person, draw: Draw, dayStartMs: number): void => {
  const [phone, ...others] = person.phones;
  if (phone === undefined) return;
  if (chance(draw, 0.0015)) changePhone(setting, person, draw, dayStartMs);
  else if (chance(draw, 0.008))
    person.phones = [
      {
        ...phone,
        evidence: { ...phone.evidence, image: digestOf(setting.world.seed, 'image', `update/${whole(draw, 0, 400)}`) },
      },
      ...others,
    ];
  if (person.away !== undefined && person.away.untilMs <= dayStartMs) delete person.away;
  if (person.away === undefined && chance(draw, 0.01))
    person.away = { untilMs: dayStartMs + whole(draw, 1, 6) * dayMs, city: setting.places.someCity(draw) };
};

const saleVisit = (setting: Setting, person: Person, draw: Draw, dayStartMs: number, opensMs: number): Visit => {
  const atMs = opensMs + between(draw, -3, 2.5) * minuteMs;
  const act: Act = {
    type: 'flash-sale',
    entities: { item: `item-${whole(draw, 1, 5)}` },
    amountMinor: 9900,
    attributes: {
      itemsWanted: whole(draw, 1, 2),
      msAfterOpening: Math.max(1, Math.round(atMs + between(draw, 5, 180) * 1000 - opensMs)),
      accountAgeDays: person.accountAgeDays,
    },
  };
  return sit(setting, person, {
    atMs,
    dayStartMs,
    draw,
    steps: [{ type: 'seat-browse', attributes: { pageNumber: 1 } }, act],
  });
};

/** A person's day. */
export const planPerson = (setting: Setting, person: Person, dayStartMs: number): readonly Visit[] => {
  const draw = streamOf(setting.world.seed, 'day', person.name, dayStartMs);
  live(setting, person, draw, dayStartMs);
  const visits: Visit[] = [];
  const opensMs = saleOf(setting.world.seed, dayStartMs);
  if (opensMs !== undefined && chance(draw, 0.08))
    visits.push(
      saleVisit(setting, person, streamOf(setting.world.seed, 'sale', person.name, dayStartMs), dayStartMs, opensMs),
    );
  if (!chance(draw, person.activity)) return visits;
  const count = 1 + poisson(draw, 0.45);
  for (let index = 0; index < count; index += 1) {
    const own = streamOf(setting.world.seed, 'visit', person.name, dayStartMs, index);
    const atMs = dayStartMs + someMoment(own, person.shift);
    visits.push(sit(setting, person, { atMs, dayStartMs, draw: own, steps: stepsOf(setting.world.seed, person, own) }));
  }
  return visits;
};
