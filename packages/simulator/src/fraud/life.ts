/** Honest lives: the days, and what changes in them. Yearly rates stand beside what they are rates of. */
import type { Setting, Visit } from './actor.ts';
import { dayMs, hourMs, minuteMs, saleOf, someMoment, weekdayOf } from './calendar.ts';
import { joinSteps, saleSteps, usualSteps } from './habits.ts';
import { type Person, sit } from './person.ts';
import { bornPhone, type Phone } from './phone.ts';
import { between, chance, type Draw, digestOf, poisson, streamOf, whole } from './random.ts';
import type { Act } from './scene.ts';

/** Probability of each change on a day. */
export const changesPerDay = {
  /** A phone lasts somewhat under two years. */
  phone: 0.0015,
  /** System updates come three times a year. */
  system: 0.008,
  /** Browsers are changed or emptied every few months; whoever has no app is another device then. */
  browser: 0.01,
  /** Journeys, some four a year, of a few days. */
  journey: 0.01,
  /** One move in ten years. */
  move: 0.0003,
  /** A new SIM every four years: lost, broken, another size, another carrier. */
  sim: 0.0007,
} as const;

/** Of the new phones, those that somebody else had before, and those that get the old one's storage copied over. */
const phoneOrigins = { used: 0.15, copied: 0.5 };

const nextPhone = (setting: Setting, person: Person, old: Phone, draw: Draw, dayStartMs: number): Phone => {
  const { seed, devices } = setting.world;
  const used = chance(draw, phoneOrigins.used) ? setting.usedPhones.shift() : undefined;
  const storage = chance(draw, phoneOrigins.copied) ? old.evidence.storage : undefined;
  const copied = storage === undefined ? {} : { storage };
  const { rendering, audio, image, provisioning } = used?.evidence ?? {};
  const metal = Object.fromEntries(
    Object.entries({ rendering, audio, image, provisioning }).filter(([, digest]) => digest !== undefined),
  );
  return bornPhone({
    seed,
    name: `${person.name}/phone-${person.changes}`,
    population: devices,
    sinceMs: dayStartMs,
    ...(used === undefined ? {} : { platform: used.platform }),
    evidence: { ...metal, ...copied },
    traits: ['new-phone', ...(used === undefined ? [] : ['second-hand'])],
  });
};

/** The server meets another device; the old phone waits for a new owner. */
const changePhone = (setting: Setting, person: Person, draw: Draw, dayStartMs: number): void => {
  const [old, ...others] = person.phones;
  if (old === undefined) return;
  person.changes += 1;
  person.phones = [nextPhone(setting, person, old, draw, dayStartMs), ...others];
  if (old.platform !== 'web' && setting.usedPhones.length < 10_000) setting.usedPhones.push(old);
  person.isBinding = true;
};

/** A page in another browser: nothing of the old one is left but the account. */
const changeBrowser = (setting: Setting, person: Person, dayStartMs: number): void => {
  const { seed, devices } = setting.world;
  person.changes += 1;
  const name = `${person.name}/browser-${person.changes}`;
  const fresh = { seed, name, population: devices, sinceMs: dayStartMs, platform: 'web' as const };
  person.phones = [bornPhone({ ...fresh, traits: ['new-browser'] }), ...person.phones.slice(1)];
};

const move = (setting: Setting, person: Person, draw: Draw): void => {
  const city = setting.places.someCity(draw);
  const cell = whole(draw, 0, setting.places.cellsOf(city) - 1);
  person.changes += 1;
  person.haunts = { city, cell, home: setting.places.wifi(`home/${person.name}/${person.changes}`, city, cell) };
};

const changeDevice = (setting: Setting, person: Person, draw: Draw, dayStartMs: number): void => {
  const [phone, ...others] = person.phones;
  if (phone === undefined) return;
  if (phone.platform === 'web') {
    if (chance(draw, changesPerDay.browser)) changeBrowser(setting, person, dayStartMs);
  } else if (chance(draw, changesPerDay.phone)) changePhone(setting, person, draw, dayStartMs);
  else if (chance(draw, changesPerDay.system)) {
    const image = digestOf(setting.world.seed, 'image', `update/${whole(draw, 0, 400)}`);
    person.phones = [{ ...phone, evidence: { ...phone.evidence, image } }, ...others];
  }
};

/** What changes in a life on one day. */
const live = (setting: Setting, person: Person, draw: Draw, dayStartMs: number): void => {
  changeDevice(setting, person, draw, dayStartMs);
  if (chance(draw, changesPerDay.sim)) person.simMs = dayStartMs + 8 * hourMs;
  if (chance(draw, changesPerDay.move)) move(setting, person, draw);
  if (person.away !== undefined && person.away.untilMs <= dayStartMs) delete person.away;
  if (person.away === undefined && chance(draw, changesPerDay.journey))
    person.away = { untilMs: dayStartMs + whole(draw, 1, 6) * dayMs, city: setting.places.someCity(draw) };
};

const planSale = (setting: Setting, person: Person, dayStartMs: number, opensMs: number): Visit => {
  const draw = streamOf(setting.world.seed, 'sale', person.name, dayStartMs);
  const atMs = Math.floor(opensMs + between(draw, -3, 2.5) * minuteMs);
  const lateMs = atMs + between(draw, 5, 180) * 1000 - opensMs;
  return sit(setting, person, { atMs, dayStartMs, draw, steps: () => saleSteps(person, draw, lateMs) });
};

/** On the day of pay most of a workplace looks within the same half hour. */
const planPayday = (setting: Setting, person: Person, dayStartMs: number): Visit => {
  const draw = streamOf(setting.world.seed, 'payday', person.name, dayStartMs);
  const atMs = Math.floor(dayStartMs + 10 * hourMs + between(draw, 0, 40) * minuteMs);
  const look: Act = { type: 'balance-query', attributes: { isOwnAccount: true, pageNumber: 1 } };
  return sit(setting, person, { atMs, dayStartMs, draw, steps: () => [look] });
};

const planJoin = (setting: Setting, person: Person, dayStartMs: number, joinsMs: number): Visit => {
  const { seed } = setting.world;
  const draw = streamOf(seed, 'join', person.name);
  return sit(setting, person, {
    atMs: joinsMs,
    dayStartMs,
    draw,
    steps: () => joinSteps(seed, person, draw, joinsMs),
    isFirst: true,
  });
};

/** A person's day. */
export const planPerson = (setting: Setting, person: Person, dayStartMs: number): readonly Visit[] => {
  const { seed } = setting.world;
  const { joinsMs } = person;
  if (joinsMs !== undefined && joinsMs >= dayStartMs)
    return joinsMs < dayStartMs + dayMs ? [planJoin(setting, person, dayStartMs, joinsMs)] : [];
  const draw = streamOf(seed, 'day', person.name, dayStartMs);
  live(setting, person, draw, dayStartMs);
  const visits: Visit[] = [];
  const opensMs = saleOf(seed, dayStartMs);
  if (opensMs !== undefined && chance(draw, 0.08)) visits.push(planSale(setting, person, dayStartMs, opensMs));
  if (person.haunts.payday === weekdayOf(dayStartMs) && chance(draw, 0.4))
    visits.push(planPayday(setting, person, dayStartMs));
  if (!chance(draw, person.activity)) return visits;
  const count = 1 + poisson(draw, 0.45);
  for (let index = 0; index < count; index += 1) {
    const own = streamOf(seed, 'visit', person.name, dayStartMs, index);
    const atMs = dayStartMs + someMoment(own, person.shift);
    visits.push(
      sit(setting, person, { atMs, dayStartMs, draw: own, steps: () => usualSteps(seed, person, own, atMs) }),
    );
  }
  return visits;
};
