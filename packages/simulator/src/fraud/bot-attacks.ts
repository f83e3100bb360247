/** Bots that need no phone in a hand: coupons, tickets, pages. */
import type { Actor, Setting, Visit } from './actor.ts';
import { saleOf } from './calendar.ts';
import { drawOf, type Gang, gangPhone, gangsOf, momentsOf, rented, type Step, turnOf } from './gang.ts';
import type { Phone } from './phone.ts';
import { chance, type Draw, idOf, pick, poisson, whole } from './random.ts';
import type { Act } from './scene.ts';

const signs = [
  'automation.webdriver',
  'automation.headless',
  'hook.nativeToString',
  'emulator.softwareGpu',
  'accessibility.evenKeys',
];

const botPhones = (gang: Gang, count: number): readonly Phone[] =>
  Array.from({ length: count }, (_, index) => {
    const draw = drawOf(gang, 'bot', index);
    return gangPhone(gang, `bot/${index}`, { platform: 'web', lasting: signs.filter(() => chance(draw, 0.6)) });
  });

const botAccount = (gang: Gang, draw: Draw): string =>
  idOf(gang.setting.world.seed, 'acc', `${gang.name}/${whole(draw, 0, 30)}`);

const planCouponBot = (gang: Gang): Actor['plan'] => {
  const phones = botPhones(gang, 3);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    const coupon = `campaign-${whole(draw, 1, 12)}`;
    return momentsOf(draw, dayStartMs, 2 + poisson(draw, 2)).map((atMs, index) =>
      turnOf(gang, {
        atMs,
        name: `claim/${index}`,
        phone: pick(draw, phones),
        account: botAccount(gang, draw),
        access: rented(gang, draw, 0.7),
        pace: 0.8,
        steps: (each) => [
          { report: 'login' },
          ...Array.from(
            { length: whole(each, 5, 18) },
            (): Act => ({
              type: 'coupon-claim',
              entities: { account: botAccount(gang, each), coupon },
              attributes: {
                couponValueMinor: 2000,
                isNewCustomerOffer: true,
                accountAgeDays: whole(each, 0, 15),
                secondsInScene: whole(each, 1, 12) / 10,
              },
              ...(chance(each, 0.2) ? { channel: 'none' as const } : {}),
            }),
          ),
        ],
      }),
    );
  };
};

const polls = (draw: Draw, item: string): readonly Act[] =>
  Array.from(
    { length: whole(draw, 6, 14) },
    (): Act => ({ type: 'seat-browse', entities: { item }, attributes: { pageNumber: 1 } }),
  );

const order = (draw: Draw, type: string, item: string, msAfterOpening: number): Act => ({
  type,
  entities: { item },
  amountMinor: 9900,
  attributes: {
    itemsWanted: whole(draw, 3, 6),
    msAfterOpening,
    accountAgeDays: whole(draw, 0, 60),
    secondsInScene: whole(draw, 1, 12) / 10,
  },
});

const planTicketBot = (gang: Gang): Actor['plan'] => {
  const phones = botPhones(gang, 4);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    const opensMs = saleOf(gang.setting.world.seed, dayStartMs);
    const item = `item-${whole(draw, 1, 5)}`;
    const turn = (atMs: number, phone: Phone, name: string, steps: (each: Draw) => readonly Step[]): Visit =>
      turnOf(gang, {
        atMs,
        name,
        phone,
        account: botAccount(gang, draw),
        access: rented(gang, draw, 0.6),
        pace: 0.4,
        steps,
      });
    const watching = momentsOf(draw, dayStartMs, 1 + poisson(draw, 1)).map((atMs, index) =>
      turn(atMs, pick(draw, phones), `watch/${index}`, (each) => [
        { report: 'login' },
        ...polls(each, item),
        order(each, 'ticket-order', item, whole(each, 60_000, 900_000)),
      ]),
    );
    if (opensMs === undefined) return watching;
    const opening = phones.map((phone, index) =>
      turn(opensMs - 20_000, phone, `sale/${index}`, (each) => [
        { report: 'login' },
        ...polls(each, item),
        order(each, 'flash-sale', item, whole(each, 15, 140)),
      ]),
    );
    return [...watching, ...opening];
  };
};

const planScraper = (gang: Gang): Actor['plan'] => {
  const phones = botPhones(gang, 2);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 1 + poisson(draw, 1)).map((atMs, index) => {
      const isLookup = chance(draw, 0.4);
      const from = whole(draw, 1, 300);
      return turnOf(gang, {
        atMs,
        name: `pages/${index}`,
        phone: pick(draw, phones),
        account: botAccount(gang, draw),
        access: rented(gang, draw, 0.6),
        pace: 0.7,
        steps: (each) =>
          Array.from(
            { length: whole(each, 30, 80) },
            (_, page): Act =>
              isLookup
                ? {
                    type: 'payee-lookup',
                    entities: { payee: idOf(gang.setting.world.seed, 'payee', whole(each, 0, 50_000)) },
                    attributes: { pageNumber: 1, isOwnAccount: false },
                  }
                : {
                    type: pick(each, ['product-browse', 'seat-browse']),
                    attributes: { pageNumber: from + page, secondsInScene: whole(each, 1, 9) / 10 },
                    ...(chance(each, 0.25) ? { channel: 'none' as const } : {}),
                  },
          ),
      });
    });
  };
};

/** Everybody who lets programs do it. */
export const createBotAttacks = (setting: Setting): readonly Actor[] => [
  ...gangsOf(setting, 'coupon-bot', 5, planCouponBot),
  ...gangsOf(setting, 'ticket-bot', 5, planTicketBot),
  ...gangsOf(setting, 'scraper', 4, planScraper),
];
