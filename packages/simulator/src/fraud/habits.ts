/** What honest people use the app for, often and seldom. */
import { accountFacts, type Person, payerFacts, type Step, simAgeOf } from './person.ts';
import { chance, type Draw, idOf, logNormal, pick, whole } from './random.ts';
import type { Act } from './scene.ts';

/** How long people look before they act, in seconds. */
const secondsFor = (draw: Draw, median: number): number => Math.round(logNormal(draw, median, 0.6) * 10) / 10;

const amountOf = (person: Person, draw: Draw): number =>
  Math.max(1, Math.round(logNormal(draw, person.usualMinor, 0.7)));

/** A payment of a person's usual size, to somebody known or new; now and then nearly everything, for a house or a car. */
const transferOf = (seed: number, person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const isBig = chance(draw, 0.006);
  const amountMinor = isBig ? Math.round(person.balanceMinor * 0.8) : amountOf(person, draw) * 3;
  const isSaved = chance(draw, isBig ? 0.4 : 0.9);
  const payee = isSaved ? pick(draw, person.payees) : idOf(seed, 'payee', `new/${person.name}/${draw()}`);
  const attributes = {
    isSavedPayee: isSaved,
    payeeAgeDays: isSaved ? whole(draw, 1, 900) : 0,
    payeeNameMatches: chance(draw, 0.985),
    payeeKind: pick(draw, ['person', 'person', 'own', 'merchant']),
    ...payerFacts(person, atMs),
    rail: 'instant',
    factor: pick(draw, ['biometric', 'biometric', 'pin', 'device-key']),
    secondsInScene: Math.round(logNormal(draw, isSaved ? 25 : 50, 0.5)),
    corrections: chance(draw, 0.1) ? whole(draw, 1, 3) : 0,
  };
  const added: readonly Act[] = isSaved
    ? []
    : [{ type: 'payee-add', entities: { payee }, attributes: { payeeKind: 'person', payeeNameMatches: true } }];
  return [{ report: 'pay' }, ...added, { type: 'transfer', amountMinor, entities: { payee }, attributes }];
};

const paymentOf = (person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const type = pick(draw, ['payment-qr', 'payment-qr', 'payment', 'pay-code', 'bill-pay', 'phone-top-up']);
  const attributes = payerFacts(person, atMs);
  const amountMinor = type === 'phone-top-up' ? pick(draw, [3000, 5000, 10_000]) : amountOf(person, draw);
  const entitiesOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'bill-pay': { payee: `biller-${whole(draw, 1, 30)}` },
    'phone-top-up': { phone: person.phoneNumber },
  };
  const entities = entitiesOf[type] ?? { merchant: pick(draw, person.merchants) };
  return [{ report: 'pay' }, { type, amountMinor, entities, attributes }];
};

const couponOf = (person: Person, draw: Draw): Act => ({
  type: 'coupon-claim',
  entities: { coupon: `campaign-${whole(draw, 1, 12)}` },
  attributes: {
    couponValueMinor: pick(draw, [200, 500, 1000, 2000]),
    isNewCustomerOffer: person.accountAgeDays < 30,
    accountAgeDays: person.accountAgeDays,
    secondsInScene: secondsFor(draw, 9),
  },
});

const ticketsOf = (person: Person, draw: Draw): readonly Step[] => {
  const item = `item-${whole(draw, 1, 5)}`;
  const looked = Array.from(
    { length: whole(draw, 1, 4) },
    (): Act => ({ type: 'seat-browse', attributes: { pageNumber: 1 } }),
  );
  const attributes = {
    itemsWanted: whole(draw, 1, 3),
    msAfterOpening: whole(draw, 20_000, 5_000_000),
    accountAgeDays: person.accountAgeDays,
    secondsInScene: secondsFor(draw, 30),
  };
  return [...looked, { type: 'ticket-order', entities: { item }, amountMinor: 9900, attributes }];
};

/** One loan in a few thousand days: asked for at home, thought over, paid out to the own account. */
const loanOf = (seed: number, person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const amountMinor = whole(draw, 5, 60) * 100_000;
  const phone = person.phoneNumber;
  const [paper, face] = [idOf(seed, 'paper', person.name), idOf(seed, 'face', person.name)];
  const lending = {
    declaredIncomeMinor: Math.round(logNormal(draw, 900_000, 0.5)),
    debtShare: Math.round(draw() * 60) / 100,
    bureauScore: whole(draw, 560, 820),
    applicationsElsewhere: whole(draw, 0, 5),
    termMonths: pick(draw, [12, 24, 36]),
  };
  const scores = { faceScore: whole(draw, 82, 99), livenessScore: whole(draw, 70, 99) };
  const { accountAgeDays = 0, ...hours } = accountFacts(person, atMs);
  const apply: Act = {
    type: 'loan-apply',
    amountMinor,
    entities: { phone, paper, face, employer: idOf(seed, 'employer', Math.floor(draw() ** 2 * 400)) },
    attributes: {
      ...lending,
      ...scores,
      employerApplications: whole(draw, 0, chance(draw, 0.1) ? 12 : 3),
      phoneTenureDays: whole(draw, 60, 4000),
      phoneNameMatches: chance(draw, 0.97),
      paperScore: whole(draw, 75, 99),
      paperNameMatches: true,
      accountAgeDays,
      secondsInScene: Math.round(logNormal(draw, 260, 0.5)),
      corrections: whole(draw, 0, 6),
    },
  };
  if (chance(draw, 0.3)) return [{ report: 'pay' }, apply];
  return [
    { report: 'pay' },
    apply,
    {
      type: 'loan-sign',
      amountMinor,
      entities: { phone, face },
      attributes: { ...lending, ...scores, ...hours, factor: 'biometric' },
    },
    ...(chance(draw, 0.6)
      ? [
          {
            type: 'loan-drawdown',
            amountMinor,
            attributes: {
              hoursSinceSign: 0,
              isPayoutToOwnAccount: true,
              factor: 'biometric',
              ...payerFacts(person, atMs),
            },
          },
        ]
      : []),
  ];
};

const resetOf = (person: Person, draw: Draw, atMs: number): readonly Step[] => {
  person.passwordMs = atMs;
  const phone = person.phoneNumber;
  const sim = { simAgeHours: simAgeOf(person, atMs), phoneNameMatches: true };
  return [
    { report: 'bind' },
    { type: 'sms-code', entities: { phone }, attributes: sim },
    {
      type: 'password-reset',
      entities: { phone },
      attributes: { ...sim, accountAgeDays: person.accountAgeDays, faceScore: whole(draw, 85, 99) },
    },
  ];
};

/** Opening an account: number, face, papers, in one go. */
export const joinSteps = (seed: number, person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const phone = person.phoneNumber;
  const [paper, face] = [idOf(seed, 'paper', person.name), idOf(seed, 'face', person.name)];
  const sim = {
    simAgeHours: simAgeOf(person, atMs),
    phoneTenureDays: whole(draw, 5, 3000),
    phoneNameMatches: chance(draw, 0.96),
  };
  const scores = { faceScore: whole(draw, 80, 99), livenessScore: whole(draw, 62, 99) };
  const papers = {
    paperKind: 'identity',
    paperScore: whole(draw, 70, 99),
    paperNameMatches: true,
    isFromCamera: chance(draw, 0.94),
  };
  return [
    { report: 'bind' },
    { type: 'sms-code', entities: { phone }, attributes: sim },
    {
      type: 'register',
      entities: { phone },
      attributes: { ...sim, isNewCustomerOffer: chance(draw, 0.3), inviterOffers: whole(draw, 0, 6) },
    },
    { type: 'face-check', entities: { face }, attributes: { ...scores, isFromCamera: true } },
    {
      type: 'account-open',
      entities: { phone, paper, face },
      attributes: { ...sim, ...scores, ...papers, cardNameMatches: true },
    },
  ];
};

const looks: readonly Act[] = [
  { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } },
  { type: 'statement-query', attributes: { isOwnAccount: true, pageNumber: 1, rangeDays: 30 } },
  { type: 'product-browse', attributes: { pageNumber: 1 } },
];

/** What people do now and then. */
const rareAct = (person: Person, draw: Draw, atMs: number): Act => {
  const known = accountFacts(person, atMs);
  const limitMinor = person.limitMinor;
  return pick(draw, [
    { type: 'limit-change', attributes: { ...known, factor: 'device-key', limitMinor, newLimitMinor: limitMinor * 2 } },
    { type: 'password-change', attributes: { ...known, factor: 'sms' } },
    { type: 'profile-change', attributes: { ...known, changedField: 'address', notificationsOff: false } },
    { type: 'profile-change', attributes: { ...known, changedField: 'notification', notificationsOff: true } },
    { type: 'customer-service', attributes: { topic: 'general', startedBy: 'customer' } },
    { type: 'payee-lookup', attributes: { pageNumber: 1, isOwnAccount: false } },
    { type: 'consent', attributes: { purpose: 'marketing' } },
  ]);
};

const rareOf = (seed: number, person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const kind = draw();
  const known = payerFacts(person, atMs);
  if (kind < 0.03) return loanOf(seed, person, draw, atMs);
  if (kind < 0.07) return resetOf(person, draw, atMs);
  if (kind < 0.3) return ticketsOf(person, draw);
  if (kind < 0.36)
    return [
      { report: 'pay' },
      { type: 'cash-withdrawal', amountMinor: pick(draw, [50_000, 100_000, 200_000]), attributes: known },
    ];
  if (kind < 0.44)
    return [
      { report: 'pay' },
      {
        type: 'fund-redeem',
        amountMinor: amountOf(person, draw) * 20,
        attributes: { ...known, isPayoutToOwnAccount: true },
      },
    ];
  if (kind < 0.5)
    return [
      { report: 'pay' },
      {
        type: 'points-exchange',
        entities: { item: `item-${whole(draw, 1, 5)}` },
        attributes: { ...accountFacts(person, atMs), pointsValueMinor: whole(draw, 500, 20_000) },
      },
    ];
  if (kind < 0.6) {
    const pages = Array.from(
      { length: whole(draw, 3, 9) },
      (_, page): Act => ({ type: 'product-browse', attributes: { pageNumber: page + 1 } }),
    );
    return pages;
  }
  return [rareAct(person, draw, atMs)];
};

/** What a sitting of a usual day is for. */
export const usualSteps = (seed: number, person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const kind = draw();
  if (kind < 0.48) return [pick(draw, looks), ...(chance(draw, 0.4) ? [pick(draw, looks)] : [])];
  if (kind < 0.74) return paymentOf(person, draw, atMs);
  if (kind < 0.88) return transferOf(seed, person, draw, atMs);
  return kind < 0.935 ? [couponOf(person, draw)] : rareOf(seed, person, draw, atMs);
};

/** What people do when a sale opens: look, and order when they could. */
export const saleSteps = (person: Person, draw: Draw, lateMs: number): readonly Step[] => [
  { type: 'seat-browse', attributes: { pageNumber: 1 } },
  {
    type: 'flash-sale',
    entities: { item: `item-${whole(draw, 1, 5)}` },
    amountMinor: 9900,
    attributes: {
      itemsWanted: whole(draw, 1, 2),
      msAfterOpening: Math.max(250, Math.round(lateMs)),
      accountAgeDays: person.accountAgeDays,
      secondsInScene: secondsFor(draw, 6),
    },
  },
];
