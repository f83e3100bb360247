/** The honest population: households, workplaces, company fleets, people with second phones and second-hand phones. */
import type { Actor, Setting } from './actor.ts';
import { dayMs, someMoment } from './calendar.ts';
import { planPerson } from './life.ts';
import { bornPerson, type Haunts, type Person } from './person.ts';
import { bornBefore, bornPhone, type Phone } from './phone.ts';
import type { Access } from './places.ts';
import { chance, type Draw, digestOf, rank, streamOf, whole } from './random.ts';

interface Workplace {
  readonly access: Access;
  /** The company hands out phones bought in one batch. */
  readonly hasFleet: boolean;
  readonly name: string;
  readonly payday: number;
}

const createWorkplaces = (setting: Setting): readonly Workplace[] => {
  const { world, places } = setting;
  const count = Math.max(4, Math.round(world.devices / 30));
  return Array.from({ length: count }, (_, index) => {
    const draw = streamOf(world.seed, 'workplace', index);
    const city = places.someCity(draw);
    return {
      access: places.wifi(`work/${index}`, city, whole(draw, 0, places.cellsOf(city) - 1)),
      // The biggest are schools and plants; fleets are for offices of middle size.
      hasFleet: index > count * 0.1 && chance(draw, 0.0125),
      name: `work/${index}`,
      payday: whole(draw, 1, 5),
    };
  });
};

const fleetEvidence = (seed: number, name: string, draw: Draw) => ({
  provisioning: digestOf(seed, 'provisioning', name),
  ...(chance(draw, 0.5) ? { installOrder: digestOf(seed, 'installOrder', name) } : {}),
  image: digestOf(seed, 'image', name),
});

const ownPhone = (setting: Setting, name: string, work: Workplace | undefined, draw: Draw, joinsMs?: number): Phone => {
  const { seed, devices, startMs } = setting.world;
  const birth = { seed, name, population: devices, sinceMs: joinsMs ?? bornBefore(draw, startMs) };
  if (work?.hasFleet === true && chance(draw, 0.8))
    return bornPhone({
      ...birth,
      platform: 'android',
      evidence: fleetEvidence(seed, work.name, draw),
      traits: ['fleet'],
      lasting: ['instance.workProfile'],
      isManaged: true,
    });
  return bornPhone(birth);
};

/** New customers: four in a thousand people a day. */
const joinsPerDay = 0.004;

const joinsAt = ({ world: { startMs, days } }: Setting, draw: Draw): number | undefined => {
  const day = Math.floor(draw() / joinsPerDay);
  return day < days ? startMs + day * dayMs + someMoment(draw) : undefined;
};

const bornHousehold = (setting: Setting, index: number, workplaces: readonly Workplace[]): readonly Person[] => {
  const { world, places } = setting;
  const draw = streamOf(world.seed, 'household', index);
  const city = places.someCity(draw);
  const cell = whole(draw, 0, places.cellsOf(city) - 1);
  const home = places.wifi(`home/${index}`, city, cell);
  const size = 1 + rank(draw, 5);
  const tablet = size > 1 && chance(draw, 0.2) ? ownPhone(setting, `home/${index}/tablet`, undefined, draw) : undefined;
  return Array.from({ length: size }, (_, member) => {
    const name = `home/${index}/${member}`;
    const work = chance(draw, 0.55) ? workplaces[rank(draw, workplaces.length) % workplaces.length] : undefined;
    const haunts: Haunts = {
      city,
      cell,
      home,
      ...(work === undefined ? {} : { work: work.access, payday: work.payday }),
    };
    const joinsMs = joinsAt(setting, draw);
    const phones = [ownPhone(setting, name, work, draw, joinsMs), ...(tablet === undefined ? [] : [tablet])];
    if (chance(draw, 0.03)) phones.push(ownPhone(setting, `${name}/second`, undefined, draw));
    return bornPerson(setting, name, { haunts, phones, ...(joinsMs === undefined ? {} : { joinsMs }) });
  });
};

/** Phones that had another owner: the same box, the same system, a new life. */
const handDown = (setting: Setting, people: readonly Person[]): void => {
  const draw = streamOf(setting.world.seed, 'second-hand');
  const { seed, devices, startMs } = setting.world;
  for (const [index, person] of people.entries()) {
    const giver = people[whole(draw, 0, people.length - 1)]?.phones[0];
    if (!chance(draw, 0.015) || giver === undefined || giver.platform === 'web') continue;
    const { rendering, audio, image, provisioning } = giver.evidence;
    const same = Object.fromEntries(
      Object.entries({ rendering, audio, image, provisioning }).filter(([, digest]) => digest),
    );
    person.phones = [
      bornPhone({
        seed,
        name: `second-hand/${index}`,
        population: devices,
        sinceMs: bornBefore(draw, startMs),
        platform: giver.platform,
        evidence: same,
        traits: ['second-hand'],
      }),
      ...person.phones.slice(1),
    ];
  }
};

/** Everybody honest, with about as many phones as the world asks for. */
export const createSociety = (
  setting: Setting,
  phones: number,
): { readonly people: readonly Person[]; readonly actors: readonly Actor[] } => {
  const workplaces = createWorkplaces(setting);
  const people: Person[] = [];
  const known = new Set<string>();
  for (let index = 0; known.size < phones; index += 1) {
    const household = bornHousehold(setting, index, workplaces);
    for (const { phones: own } of household) for (const { id } of own) known.add(id);
    people.push(...household);
  }
  handDown(setting, people);
  return {
    people,
    actors: people.map((person) => ({ plan: (dayStartMs) => planPerson(setting, person, dayStartMs) })),
  };
};
