/** Device farms: racks of phones, cloud phones and phones with many instances, run by one script. */
import type { Actor, Setting, Visit } from './actor.ts';
import { dayMs, hourMs, minuteMs, saleOf, workingMoment } from './calendar.ts';
import { type Caution, cautionOf } from './difficulty.ts';
import type { AttackKind, EvidenceKind } from './lines.ts';
import { bornPerson, type Person, planPerson } from './person.ts';
import { bornBefore, bornPhone, type Evidence, evidenceOfToday, type Phone } from './phone.ts';
import type { Access } from './places.ts';
import { between, chance, type Draw, digestOf, idOf, pick, pickSome, poisson, streamOf, whole } from './random.ts';
import { type Act, playSitting } from './scene.ts';

/** What a farm is built of, what its devices may have in common, and what they show. */
interface Build {
  readonly name: 'rack' | 'cloud' | 'instances';
  readonly kinds: readonly EvidenceKind[];
  readonly signs: readonly string[];
  readonly hardware: number;
}

const builds: readonly Build[] = [
  {
    name: 'rack',
    kinds: ['battery', 'brightness', 'motion', 'bssid', 'cell', 'installOrder', 'provisioning', 'image'],
    signs: [
      'farm.poweredAlwaysOn',
      'farm.noLock',
      'farm.still',
      'accessibility.autoClicker',
      'debugger.adb',
      'root.suBinary',
    ],
    hardware: 0.85,
  },
  {
    name: 'cloud',
    kinds: ['rendering', 'audio', 'image', 'installOrder', 'battery', 'storage', 'provisioning'],
    signs: ['emulator.cloudPhone', 'emulator.sensorsSilent', 'farm.poweredAlwaysOn', 'farm.still', 'telephony.noSim'],
    hardware: 0.1,
  },
  {
    name: 'instances',
    kinds: ['storage', 'image', 'installOrder', 'provisioning', 'bssid', 'cell', 'brightness', 'battery'],
    signs: ['host.container', 'host.foreignPath', 'instance.appClone', 'farm.noLock', 'root.suBinary'],
    hardware: 0.4,
  },
];

/** What a farm can turn into something else over night; the rest is in the metal. */
const turnable: readonly EvidenceKind[] = [
  'battery',
  'brightness',
  'bssid',
  'storage',
  'installOrder',
  'rendering',
  'audio',
];

const jobs: readonly AttackKind[] = ['farm-coupon', 'farm-coupon', 'farm-account', 'farm-ticket'];

interface Member {
  readonly phone: Phone;
  readonly accounts: readonly string[];
  readonly index: number;
  /** The honest life that the phone and its account had before they were bought. */
  readonly before: Person | undefined;
  /** When that life ended. */
  readonly soldMs: number;
}

interface Farm {
  readonly name: string;
  readonly build: Build;
  readonly job: AttackKind;
  readonly kinds: readonly EvidenceKind[];
  readonly beganAtMs: number;
  readonly members: readonly Member[];
  readonly cities: readonly number[];
  readonly caution: Caution;
  /** Values of each kind that it has at a time. */
  readonly variants: number;
}

const bornMember = (setting: Setting, farm: Omit<Farm, 'members'>, index: number): Member => {
  const { seed, devices, startMs } = setting.world;
  const name = `${farm.name}/${index}`;
  const draw = streamOf(seed, 'member', name);
  const { build, caution, beganAtMs } = farm;
  const isAged = chance(draw, caution.aged);
  const hasHardware = chance(draw, build.hardware);
  const phone = bornPhone({
    seed,
    name,
    population: devices,
    role: 'farm',
    group: farm.name,
    platform: 'android',
    sinceMs: isAged ? bornBefore(draw, startMs) : beganAtMs - Math.floor(between(draw, 0, 3) * dayMs),
    lasting: pickSome(draw, build.signs, whole(draw, 1, build.signs.length)),
    attested: hasHardware
      ? { level: 'tee', boot: 'verified', app: 'approved' }
      : { level: 'software', boot: 'unknown', app: 'unknown' },
    traits: [...(isAged ? ['aged'] : []), build.name],
  });
  const city = setting.places.someCity(draw);
  const cell = whole(draw, 0, setting.places.cellsOf(city) - 1);
  const home = setting.places.wifi(`home/${name}`, city, cell);
  const before = isAged ? bornPerson(setting, name, { city, cell, home }, [phone]) : undefined;
  const accounts = Array.from({ length: whole(draw, 1, 3) }, (_, nth) => idOf(seed, 'acc', `${name}/${nth}`));
  return { phone, accounts, index, before, soldMs: beganAtMs - Math.floor(between(draw, 0.5, 30) * hourMs) };
};

const bornFarm = (setting: Setting, index: number, size: number): Farm => {
  const { seed, days, difficulty, startMs } = setting.world;
  const draw = streamOf(seed, 'farm', index);
  const caution = cautionOf[difficulty];
  const build = pick(draw, builds);
  const isNew = chance(draw, 0.5);
  const beganAtMs = Math.floor(
    startMs + (isNew ? between(draw, 0.15, 0.8) * days * dayMs : between(draw, 0.01, 0.25) * dayMs),
  );
  const farm = {
    name: `farm-${index + 1}`,
    build,
    job: pick(draw, jobs),
    kinds: pickSome(draw, build.kinds, whole(draw, caution.kinds[0], caution.kinds[1])),
    beganAtMs,
    cities: Array.from({ length: whole(draw, 1, 3) }, () => setting.places.someCity(draw)),
    caution,
    variants: whole(draw, caution.variants[0], caution.variants[1]),
  };
  setting.tellGroup(farm.name, { kind: `farm-${build.name}`, isNew, beganAtMs, evidence: farm.kinds });
  return { ...farm, members: Array.from({ length: size }, (_, member) => bornMember(setting, farm, member)) };
};

/** What a member's report tells at a moment: shared pieces with drop-outs, the rest its own. */
const evidenceAt = (setting: Setting, farm: Farm, member: Member, draw: Draw, atMs: number): Evidence => {
  const { seed } = setting.world;
  const { caution, kinds, variants } = farm;
  const turn = caution.rotationHours === 0 ? 0 : Math.floor((atMs - farm.beganAtMs) / (caution.rotationHours * hourMs));
  const own = evidenceOfToday(seed, draw);
  const shared = kinds.map((kind): readonly [EvidenceKind, string] => {
    if (!chance(draw, caution.presence))
      return [kind, chance(draw, 0.5) ? '' : digestOf(seed, kind, `noise/${member.phone.id}/${draw()}`)];
    // Each kind cuts the farm in its own way: racks, boxes, scripts.
    const variant = digestOf(seed, 'variant', `${farm.name}/${kind}/${member.index}`).charCodeAt(0) % variants;
    return [kind, digestOf(seed, kind, `${farm.name}/${variant}/${turnable.includes(kind) ? turn : 0}`)];
  });
  return { ...own, ...Object.fromEntries(shared) };
};

const accessAt = (setting: Setting, farm: Farm, draw: Draw): Access => {
  const { places, world } = setting;
  const city = pick(draw, farm.cities);
  const cell = whole(draw, 0, places.cellsOf(city) - 1);
  const isPlain = world.difficulty === 'easy' && chance(draw, 0.7);
  const access = isPlain ? places.wifi(farm.name, city, 0) : places.mobile(draw, city, cell);
  const { bssid: _, ...rest } = access;
  return rest;
};

const campaignOf = (farm: Farm, dayStartMs: number): string =>
  `campaign-${1 + (((farm.beganAtMs / hourMs + dayStartMs / dayMs) | 0) % 12)}`;

const actsOf = (
  setting: Setting,
  farm: Farm,
  draw: Draw,
  when: { readonly atMs: number; readonly dayStartMs: number; readonly phoneNumber: string },
): readonly Act[] => {
  const { atMs, dayStartMs, phoneNumber } = when;
  if (farm.job === 'farm-account')
    return [
      { type: 'sms-code', entities: { phone: phoneNumber }, attributes: { simAgeHours: whole(draw, 5, 900) } },
      {
        type: 'register',
        entities: { phone: phoneNumber },
        attributes: { isNewCustomerOffer: true, inviterOffers: whole(draw, 1, 30) },
      },
    ];
  if (farm.job === 'farm-ticket') {
    const opensMs = saleOf(setting.world.seed, dayStartMs);
    const delay = opensMs === undefined ? whole(draw, 200, 90_000) : Math.max(20, Math.round(atMs - opensMs));
    return [
      {
        type: 'flash-sale',
        entities: { item: `item-${whole(draw, 1, 5)}` },
        amountMinor: 9900,
        attributes: {
          itemsWanted: whole(draw, 1, 4),
          msAfterOpening: Math.abs(delay),
          accountAgeDays: whole(draw, 1, 400),
        },
      },
    ];
  }
  return [
    {
      type: 'coupon-claim',
      entities: { coupon: campaignOf(farm, dayStartMs) },
      attributes: {
        couponValueMinor: pick(draw, [500, 1000, 2000]),
        isNewCustomerOffer: chance(draw, 0.6),
        accountAgeDays: whole(draw, 1, 400),
      },
    },
  ];
};

const memberVisit = (
  setting: Setting,
  farm: Farm,
  member: Member,
  task: { readonly atMs: number; readonly dayStartMs: number; readonly name: string },
): Visit => {
  const draw = streamOf(setting.world.seed, 'task', task.name, member.phone.id);
  return {
    atMs: task.atMs,
    play: (stage) => {
      const { seed } = setting.world;
      setting.tell(member.phone);
      const phoneNumber = idOf(seed, 'tel', `${farm.name}/${whole(draw, 0, farm.members.length * 4)}`);
      const hidden = new Set([...member.phone.lasting].filter(() => chance(draw, farm.caution.spoofed)));
      playSitting(
        stage,
        {
          seed,
          phone: member.phone,
          account: pick(draw, member.accounts),
          phoneNumber,
          access: accessAt(setting, farm, draw),
          atMs: task.atMs,
          draw,
          evidence: evidenceAt(setting, farm, member, draw, task.atMs),
          hidden,
          guilt: { kind: farm.job, group: farm.name },
          pace: 3,
        },
        [
          { report: 'bind' },
          { type: 'login-password', attributes: { accountAgeDays: whole(draw, 1, 400), succeeded: true } },
          ...actsOf(setting, farm, draw, { ...task, phoneNumber }),
        ],
      );
    },
  };
};

const planTask = (setting: Setting, farm: Farm, startMs: number, dayStartMs: number): readonly Visit[] => {
  const { caution, members, name } = farm;
  const taskName = `${name}/${Math.round(startMs)}`;
  const draw = streamOf(setting.world.seed, 'call', taskName);
  const starting = members.filter(() => chance(draw, caution.turnout));
  return starting.map((member, index) => {
    const isFirst = index === 0 || chance(draw, caution.firstWave);
    const delay = isFirst
      ? (index === 0 ? 0 : draw()) * caution.waveSeconds * 1000
      : caution.waveSeconds * 1000 + draw() * caution.restMinutes * minuteMs;
    return memberVisit(setting, farm, member, { atMs: Math.floor(startMs + delay), dayStartMs, name: taskName });
  });
};

const planFarm = (setting: Setting, farm: Farm, dayStartMs: number): readonly Visit[] => {
  const { seed } = setting.world;
  const { beganAtMs, caution, members } = farm;
  const draw = streamOf(seed, 'farm-day', farm.name, dayStartMs);
  const earlier = members.flatMap(({ before, soldMs }) =>
    before === undefined || dayStartMs > soldMs
      ? []
      : planPerson(setting, before, dayStartMs).filter(({ atMs }) => atMs < soldMs - hourMs),
  );
  const starts = Array.from({ length: poisson(draw, caution.tasksPerDay) }, () => dayStartMs + workingMoment(draw));
  const opensMs = saleOf(seed, dayStartMs);
  if (farm.job === 'farm-ticket' && opensMs !== undefined) starts.push(opensMs + 200);
  if (beganAtMs >= dayStartMs && beganAtMs < dayStartMs + dayMs) starts.push(beganAtMs);
  const tasks = starts
    .filter((start) => start >= beganAtMs)
    .flatMap((start) => planTask(setting, farm, start, dayStartMs));
  return [...earlier, ...tasks];
};

/** Farms with about as many devices as is asked for. */
export const createFarms = (setting: Setting, devices: number): readonly Actor[] => {
  const draw = streamOf(setting.world.seed, 'farms');
  const farms: Farm[] = [];
  for (let made = 0; made < devices || farms.length < 2; ) {
    const size = whole(draw, 12, 55);
    farms.push(bornFarm(setting, farms.length, size));
    made += size;
  }
  return farms.map((farm) => ({ plan: (dayStartMs) => planFarm(setting, farm, dayStartMs) }));
};
