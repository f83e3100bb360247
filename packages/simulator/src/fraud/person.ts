/** Honest people: what is theirs, where they are, and how they sit down with the app. */
import type { Setting, Visit } from './actor.ts';
import { hourMs, isRestDay } from './calendar.ts';
import type { Tier } from './lines.ts';
import { evidenceOfToday, type Phone } from './phone.ts';
import type { Access } from './places.ts';
import { between, chance, type Draw, idOf, logNormal, normal, pick, streamOf, whole } from './random.ts';
import { type Act, playSitting } from './scene.ts';

/** A step of a sitting. */
export type Step = Act | { readonly report: Tier };

/** Where somebody spends the day. */
export interface Haunts {
  readonly city: number;
  readonly cell: number;
  readonly home: Access;
  readonly work?: Access;
  /** Weekday on which the employer pays. */
  readonly payday?: number;
}

/** What is somebody's own. */
export interface Person {
  readonly name: string;
  readonly account: string;
  readonly phoneNumber: string;
  readonly accountAgeDays: number;
  /** Becomes a customer then; undefined for those who are one. */
  readonly joinsMs: number | undefined;
  /** Hours by which the day is shifted. */
  readonly shift: number;
  /** Probability of a day with the app. */
  readonly activity: number;
  /** Median payment in minor units. */
  readonly usualMinor: number;
  readonly payees: readonly string[];
  readonly merchants: readonly string[];
  readonly balanceMinor: number;
  haunts: Haunts;
  /** Phones by turns; the first is the usual one. Changes with life. */
  phones: readonly Phone[];
  /** Last day of a journey, and where. */
  away?: { readonly untilMs: number; readonly city: number };
  /** The next sitting binds a new phone. */
  isBinding: boolean;
  /** When the SIM was changed last, epoch milliseconds. */
  simMs: number;
  /** When the phone was bound and when the password was changed last, epoch milliseconds. */
  boundMs: number;
  passwordMs: number;
  /** Most that may be moved in a day, minor units. */
  readonly limitMinor: number;
  changes: number;
}

/** What a person is born with beside a name. */
export interface PersonBirth {
  readonly haunts: Haunts;
  readonly phones: readonly Phone[];
  readonly joinsMs?: number;
}

/** Draws a person. */
export const bornPerson = (setting: Setting, name: string, { haunts, phones, joinsMs }: PersonBirth): Person => {
  const { seed, devices, startMs } = setting.world;
  const draw = streamOf(seed, 'person', name);
  const payees = Array.from({ length: whole(draw, 2, 14) }, () => idOf(seed, 'payee', whole(draw, 0, devices * 2)));
  return {
    name,
    account: idOf(seed, 'acc', name),
    phoneNumber: idOf(seed, 'tel', name),
    accountAgeDays: joinsMs === undefined ? whole(draw, 3, 2500) : 0,
    joinsMs,
    shift: chance(draw, 0.08) ? 10 : Math.round(normal(draw, 0, 1.2)),
    activity: between(draw, 0.08, 0.95) ** 1.3,
    usualMinor: logNormal(draw, 6_000, 0.8),
    payees,
    merchants: Array.from({ length: whole(draw, 2, 8) }, () =>
      idOf(seed, 'shop', Math.floor(draw() ** 2 * devices * 0.1)),
    ),
    balanceMinor: Math.round(logNormal(draw, 900_000, 1.1)),
    haunts,
    phones,
    isBinding: false,
    simMs: Math.floor(startMs - between(draw, 0, 2000) * 24 * hourMs),
    boundMs: joinsMs ?? Math.floor(startMs - between(draw, 0.1, 700) * 24 * hourMs),
    passwordMs: joinsMs ?? Math.floor(startMs - between(draw, 0.5, 900) * 24 * hourMs),
    limitMinor: pick(draw, [500_000, 1_000_000, 2_000_000, 5_000_000]),
    changes: 0,
  };
};

const hoursSince = (atMs: number, thenMs: number): number => Math.max(0, Math.floor((atMs - thenMs) / hourMs));

/** What the bank knows of an account when somebody comes in with it. */
export const accountFacts = (person: Person, atMs: number): Readonly<Record<string, number>> => ({
  accountAgeDays: person.accountAgeDays,
  hoursSinceDeviceBind: hoursSince(atMs, person.boundMs),
  hoursSincePasswordChange: hoursSince(atMs, person.passwordMs),
});

/** And when money is to move. */
export const payerFacts = (person: Person, atMs: number): Readonly<Record<string, number>> => ({
  ...accountFacts(person, atMs),
  balanceMinor: person.balanceMinor,
  limitMinor: person.limitMinor,
});

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

/** Age of a person's SIM in whole hours, as the carrier tells it. */
export const simAgeOf = (person: Person, atMs: number): number => hoursSince(atMs, person.simMs);

const loginOf = (person: Person, draw: Draw, atMs: number): readonly Step[] => {
  const known = accountFacts(person, atMs);
  const phone = person.phoneNumber;
  if (chance(draw, 0.2)) return [{ type: 'session-renew', attributes: { accountAgeDays: person.accountAgeDays } }];
  if (chance(draw, 0.6)) return [{ type: 'login-biometric', attributes: { ...known, biometricKind: 'fingerprint' } }];
  if (chance(draw, 0.15)) {
    const simAgeHours = simAgeOf(person, atMs);
    return [
      { type: 'sms-code', entities: { phone }, attributes: { simAgeHours } },
      { type: 'login-sms', entities: { phone }, attributes: { ...known, simAgeHours } },
    ];
  }
  const login = (succeeded: boolean): Act => ({ type: 'login-password', attributes: { ...known, succeeded } });
  return chance(draw, 0.04) ? [login(false), login(true)] : [login(true)];
};

const bindingOf = (person: Person, atMs: number): readonly Step[] =>
  person.isBinding
    ? [
        { report: 'bind' },
        {
          type: 'device-bind',
          entities: { phone: person.phoneNumber },
          attributes: { factor: 'sms', simAgeHours: simAgeOf(person, atMs), accountAgeDays: person.accountAgeDays },
        },
      ]
    : [];

const isReport = (step: Step): step is { readonly report: Tier } => 'report' in step;

/** One sitting of a person. */
export interface PersonVisit {
  readonly atMs: number;
  readonly dayStartMs: number;
  readonly draw: Draw;
  /** Drawn when the sitting begins: a day of everybody's would fill the memory. */
  readonly steps: () => readonly Step[];
  /** Who comes for the first time cannot log in. */
  readonly isFirst?: boolean;
}

/** Plays one sitting of a person, whatever it is for. */
export const sit = (setting: Setting, person: Person, visit: PersonVisit): Visit => {
  const { atMs, dayStartMs, draw, isFirst = false } = visit;
  return {
    atMs,
    play: (stage) => {
      const usual = person.phones[0];
      if (usual === undefined) return;
      const steps = visit.steps();
      const phone = person.phones.length > 1 && chance(draw, 0.15) ? pick(draw, person.phones) : usual;
      setting.tell(phone);
      const { seed } = setting.world;
      const binding = bindingOf(person, atMs);
      if (person.isBinding) person.boundMs = atMs;
      person.isBinding = false;
      const reported: readonly Step[] = steps.some(isReport) ? [] : [{ report: 'login' }];
      playSitting(
        stage,
        {
          seed,
          phone,
          account: person.account,
          access: accessOf(setting, person, draw, atMs, dayStartMs),
          atMs,
          draw,
          evidence: evidenceOfToday(seed, streamOf(seed, 'today', phone.id, dayStartMs)),
          passing: simAgeOf(person, atMs) < 72 ? ['telephony.simChanged'] : [],
        },
        isFirst ? steps : [...reported, ...loginOf(person, draw, atMs), ...binding, ...steps],
      );
    },
  };
};
