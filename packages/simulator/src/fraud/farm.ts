/** Device farms: racks of phones, cloud phones and phones with many instances, run by one script. */
import type { Actor, Setting, Visit } from './actor.ts';
import { dayMs, hourMs, minuteMs, saleOf, workingMoment } from './calendar.ts';
import { type Caution, cautionOf } from './difficulty.ts';
import { builds, drawKinds, evidenceAt, type FarmBuild, type FarmEvidence } from './farm-evidence.ts';
import { planPerson } from './life.ts';
import type { AttackKind, Tier } from './lines.ts';
import { bornPerson, type Person } from './person.ts';
import { bornBefore, bornPhone, type Phone } from './phone.ts';
import type { Access } from './places.ts';
import { between, chance, type Draw, idOf, normal, pick, pickSome, poisson, streamOf, whole } from './random.ts';
import { type Act, playSitting } from './scene.ts';

const jobs: readonly AttackKind[] = ['farm-coupon', 'farm-coupon', 'farm-account', 'farm-ticket'];

interface FarmAccount {
  readonly id: string;
  readonly ageDays: number;
}

interface Member {
  readonly phone: Phone;
  readonly accounts: readonly FarmAccount[];
  readonly index: number;
  /** The honest life that the phone and its account had before they were bought. */
  readonly before: Person | undefined;
  /** When that life ended. */
  readonly soldMs: number;
  /** The farm logged in on it before. */
  isBound: boolean;
}

interface Farm {
  readonly name: string;
  readonly build: FarmBuild;
  readonly job: AttackKind;
  readonly evidence: FarmEvidence;
  readonly beganAtMs: number;
  readonly members: readonly Member[];
  readonly cities: readonly number[];
  readonly caution: Caution;
}

/** One order of the operator to all phones. */
interface Task {
  readonly atMs: number;
  readonly dayStartMs: number;
  readonly name: string;
}

const bornMember = (setting: Setting, farm: Omit<Farm, 'members'>, index: number): Member => {
  const { seed, devices, startMs } = setting.world;
  const name = `${farm.name}/${index}`;
  const draw = streamOf(seed, 'member', name);
  const { build, caution, beganAtMs } = farm;
  const isAged = chance(draw, caution.aged);
  const ageDays = isAged ? whole(draw, 60, 900) : whole(draw, 0, 20);
  const phone = bornPhone({
    seed,
    name,
    population: devices,
    role: 'farm',
    group: farm.name,
    platform: 'android',
    sinceMs: isAged ? bornBefore(draw, startMs) : beganAtMs - Math.floor(between(draw, 0, 3) * dayMs),
    lasting: pickSome(draw, build.signs, whole(draw, 1, build.signs.length)),
    attested: chance(draw, build.hardware)
      ? { level: 'tee', boot: 'verified', app: 'approved' }
      : { level: 'software', boot: 'unknown', app: 'unknown' },
    traits: [...(isAged ? ['aged'] : []), build.name],
  });
  const city = setting.places.someCity(draw);
  const cell = whole(draw, 0, setting.places.cellsOf(city) - 1);
  const home = setting.places.wifi(`home/${name}`, city, cell);
  const before = isAged ? bornPerson(setting, name, { haunts: { city, cell, home }, phones: [phone] }) : undefined;
  const accounts = Array.from({ length: whole(draw, 1, 3) }, (_, nth) => ({
    id: nth === 0 ? idOf(seed, 'acc', name) : idOf(seed, 'acc', `${name}/${nth}`),
    ageDays: Math.max(0, ageDays - nth * 7),
  }));
  return {
    phone,
    accounts,
    index,
    before,
    soldMs: beganAtMs - Math.floor(between(draw, 0.5, 30) * hourMs),
    isBound: false,
  };
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
    evidence: drawKinds(draw, build, caution, size),
    beganAtMs,
    cities: Array.from({ length: whole(draw, 1, 3) }, () => setting.places.someCity(draw)),
    caution,
  };
  setting.tellGroup(farm.name, {
    kind: `farm-${build.name}`,
    isNew,
    beganAtMs,
    evidence: [...farm.evidence.cut.keys()],
  });
  return { ...farm, members: Array.from({ length: size }, (_, member) => bornMember(setting, farm, member)) };
};

/** Cheap farms come from one line; the others rent addresses that carriers share among thousands of strangers. */
const accessAt = (setting: Setting, farm: Farm, draw: Draw): Access => {
  const { places, world } = setting;
  const city = pick(draw, farm.cities);
  const cell = whole(draw, 0, places.cellsOf(city) - 1);
  const isPlain = world.difficulty === 'easy' && chance(draw, 0.7);
  const { bssid: _, ...access } = isPlain ? places.wifi(farm.name, city, 0) : places.mobile(draw, city, cell);
  return access;
};

/** The offer of the day. */
const campaignOf = (farm: Farm, dayStartMs: number): string =>
  `campaign-${1 + ((Math.floor(farm.beganAtMs / hourMs) + Math.floor(dayStartMs / dayMs)) % 12)}`;

const saleAct = (setting: Setting, draw: Draw, account: FarmAccount, { atMs, dayStartMs }: Task): Act => {
  const opensMs = saleOf(setting.world.seed, dayStartMs);
  const isOpening = opensMs !== undefined && Math.abs(atMs - opensMs) < 15 * minuteMs;
  return {
    type: isOpening ? 'flash-sale' : 'ticket-order',
    entities: { item: `item-${whole(draw, 1, 5)}` },
    amountMinor: 9900,
    attributes: {
      itemsWanted: whole(draw, 1, 4),
      msAfterOpening: isOpening ? Math.max(15, Math.round(atMs - opensMs)) : whole(draw, 60_000, 5_000_000),
      accountAgeDays: account.ageDays,
    },
  };
};

const actsOf = (setting: Setting, farm: Farm, draw: Draw, account: FarmAccount, task: Task): readonly Act[] => {
  const { seed } = setting.world;
  const phone = idOf(seed, 'tel', `${farm.name}/${whole(draw, 0, farm.members.length * 4)}`);
  if (farm.job === 'farm-account')
    return [
      {
        type: 'sms-code',
        entities: { phone },
        attributes: { simAgeHours: whole(draw, 5, 900), phoneTenureDays: whole(draw, 0, 90) },
      },
      {
        type: 'register',
        entities: { phone, inviter: idOf(seed, 'acc', `${farm.name}/inviter`) },
        attributes: {
          isNewCustomerOffer: true,
          inviterOffers: whole(draw, 1, 30),
          phoneTenureDays: whole(draw, 0, 90),
        },
      },
    ];
  if (farm.job === 'farm-ticket') return [saleAct(setting, draw, account, task)];
  return [
    {
      type: 'coupon-claim',
      entities: { coupon: campaignOf(farm, task.dayStartMs) },
      attributes: {
        couponValueMinor: pick(draw, [500, 1000, 2000]),
        isNewCustomerOffer: chance(draw, 0.6),
        accountAgeDays: account.ageDays,
      },
    },
  ];
};

const stepsOf = (
  setting: Setting,
  farm: Farm,
  member: Member,
  draw: Draw,
  account: FarmAccount,
  task: Task,
): readonly (Act | { readonly report: Tier })[] => {
  const login: Act = { type: 'login-password', attributes: { accountAgeDays: account.ageDays, succeeded: true } };
  const acts = actsOf(setting, farm, draw, account, task);
  if (member.isBound) return [{ report: 'login' }, login, ...acts];
  member.isBound = true;
  const phone = idOf(setting.world.seed, 'tel', `${farm.name}/own/${member.index}`);
  const bind: Act = {
    type: 'device-bind',
    entities: { phone },
    attributes: { factor: 'sms', accountAgeDays: account.ageDays },
  };
  return [{ report: 'bind' }, login, bind, ...acts];
};

const memberVisit = (setting: Setting, farm: Farm, member: Member, task: Task): Visit => {
  const { seed } = setting.world;
  const draw = streamOf(seed, 'task', task.name, member.phone.id);
  return {
    atMs: task.atMs,
    play: (stage) => {
      setting.tell(member.phone);
      const account = pick(draw, member.accounts);
      const where = { farm: farm.name, beganAtMs: farm.beganAtMs, evidence: farm.evidence, caution: farm.caution };
      playSitting(
        stage,
        {
          seed,
          phone: member.phone,
          account: account.id,
          access: accessAt(setting, farm, draw),
          atMs: task.atMs,
          draw,
          evidence: evidenceAt(seed, where, member, draw, task.atMs),
          hidden: new Set([...member.phone.lasting].filter(() => chance(draw, farm.caution.spoofed))),
          guilt: { kind: farm.job, group: farm.name },
          pace: 3,
        },
        stepsOf(setting, farm, member, draw, account, task),
      );
    },
  };
};

/** Phones start shelf by shelf, the first wave at once and the rest when their turn comes. */
const planTask = (setting: Setting, farm: Farm, startMs: number, dayStartMs: number): readonly Visit[] => {
  const { caution, members } = farm;
  const name = `${farm.name}/${Math.round(startMs)}`;
  const draw = streamOf(setting.world.seed, 'call', name);
  const shelves = Math.ceil(members.length / caution.shelf);
  const lead = whole(draw, 0, shelves - 1);
  const starts = Array.from({ length: shelves }, (_, shelf) => {
    if (shelf === lead) return 0;
    return chance(draw, caution.firstWave)
      ? draw() * caution.waveSeconds * 1000
      : caution.waveSeconds * 1000 + draw() * caution.restMinutes * minuteMs;
  });
  return members.flatMap((member) => {
    if (!chance(draw, caution.turnout)) return [];
    const jitter = Math.abs(normal(draw, 0, caution.shelfSeconds)) * 1000;
    const atMs = Math.floor(startMs + (starts[Math.floor(member.index / caution.shelf)] ?? 0) + jitter);
    return [memberVisit(setting, farm, member, { atMs, dayStartMs, name })];
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
