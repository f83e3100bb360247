/** Attackers outside the farms: who they are, when they began, and how a turn of theirs is played. */
import type { Actor, Setting, Visit } from './actor.ts';
import { dayMs, workingMoment } from './calendar.ts';
import { cautionOf } from './difficulty.ts';
import type { AttackKind, ReportChecks, Tier } from './lines.ts';
import type { Person } from './person.ts';
import { bornPhone, evidenceOfToday, type Phone, type PhoneBirth } from './phone.ts';
import type { Access } from './places.ts';
import { between, chance, type Draw, streamOf, whole } from './random.ts';
import { type Act, type Channel, playSitting } from './scene.ts';

/** A gang, or somebody alone. */
export interface Gang {
  readonly setting: Setting;
  readonly name: string;
  readonly kind: AttackKind;
  readonly beganAtMs: number;
  readonly city: number;
}

/** What attackers live off. */
export interface Prey {
  readonly people: readonly Person[];
}

/** A step of a turn. */
export type Step = Act | { readonly report: Tier };

/** One turn of a gang. */
export interface Turn {
  readonly atMs: number;
  /** Names the turn within the gang; decides its draws. */
  readonly name: string;
  readonly phone: Phone;
  readonly account: string;
  readonly access: Access;
  readonly steps: (draw: Draw) => readonly Step[];
  readonly passing?: readonly string[];
  readonly channel?: Channel;
  readonly pace?: number;
  /** The client is its owner's own and does not lie. */
  readonly isTruthful?: boolean;
}

/** Makes the gangs of a kind: so many for twenty thousand devices, at least one. */
export const gangsOf = (
  setting: Setting,
  kind: AttackKind,
  perTwentyThousand: number,
  plan: (gang: Gang) => Actor['plan'],
): readonly Actor[] => {
  const { seed, devices, days, startMs } = setting.world;
  const count = Math.max(1, Math.round((perTwentyThousand * devices) / 20_000));
  return Array.from({ length: count }, (_, index) => {
    const name = `${kind}-${index + 1}`;
    const draw = streamOf(seed, 'gang', name);
    const isNew = chance(draw, 0.4) && index > 0;
    const beganAtMs = Math.floor(startMs + (isNew ? between(draw, 0.1, 0.7) * days * dayMs : 0));
    setting.tellGroup(name, { kind, isNew, beganAtMs, evidence: [] });
    const ofDay = plan({ setting, name, kind, beganAtMs, city: setting.places.someCity(draw) });
    return { plan: (dayStartMs) => ofDay(dayStartMs).filter(({ atMs }) => atMs >= beganAtMs) };
  });
};

/** The draws of a gang for a day or a matter. */
export const drawOf = ({ setting, name }: Gang, ...matter: readonly (string | number)[]): Draw =>
  streamOf(setting.world.seed, name, ...matter);

/** A phone of the gang's own. */
export const gangPhone = (gang: Gang, name: string, birth: Partial<PhoneBirth> = {}): Phone => {
  const { seed, devices } = gang.setting.world;
  const draw = drawOf(gang, 'phone', name);
  return bornPhone({
    seed,
    name: `${gang.name}/${name}`,
    population: devices,
    role: 'attacker',
    group: gang.name,
    platform: 'android',
    sinceMs: Math.floor(gang.beganAtMs - between(draw, 0, 40) * dayMs),
    ...birth,
  });
};

/** A rented address of a carrier, or a machine in a data centre. */
export const rented = (gang: Gang, draw: Draw, hosting: number): Access => {
  const { places } = gang.setting;
  if (chance(draw, hosting)) return places.hosting(draw);
  return places.mobile(draw, gang.city, whole(draw, 0, places.cellsOf(gang.city) - 1));
};

/** How often who knows the trade brings the canary through. */
const skilledKeeps = 0.9;

const isSkilled = (gang: Gang): boolean =>
  chance(drawOf(gang, 'skill'), cautionOf[gang.setting.world.difficulty].skilled);

/** What the server finds of a client that hides something: who silences a signal seldom brings the canary through. */
const lieChecks = (gang: Gang, draw: Draw, isLying: boolean): Partial<ReportChecks> => {
  const { canaryKept } = cautionOf[gang.setting.world.difficulty];
  if (!isLying || chance(draw, isSkilled(gang) ? skilledKeeps : canaryKept)) return {};
  return { canary: chance(draw, 0.5) ? 'absent' : 'wrong' };
};

/** Plays a turn. */
export const turnOf = (gang: Gang, turn: Turn): Visit => {
  const { setting, name, kind } = gang;
  const { seed, difficulty } = setting.world;
  const draw = drawOf(gang, 'turn', turn.name, Math.floor(turn.atMs));
  return {
    atMs: turn.atMs,
    play: (stage) => {
      const { phone, passing = [] } = turn;
      const { spoofed } = cautionOf[difficulty];
      const telling = turn.isTruthful === true ? [] : [...phone.lasting, ...passing];
      const hidden = new Set(telling.filter(() => chance(draw, isSkilled(gang) ? 1 : spoofed)));
      setting.tell(phone, phone.role === 'honest');
      playSitting(
        stage,
        {
          seed,
          phone,
          account: turn.account,
          access: turn.access,
          atMs: turn.atMs,
          draw,
          evidence: evidenceOfToday(seed, streamOf(seed, 'today', phone.id, Math.floor(turn.atMs / dayMs))),
          guilt: { kind, group: name },
          passing,
          hidden,
          checks: lieChecks(gang, draw, hidden.size > 0),
          ...(turn.channel === undefined ? {} : { channel: turn.channel }),
          ...(turn.pace === undefined ? {} : { pace: turn.pace }),
        },
        turn.steps(draw),
      );
    },
  };
};

/** Moments of a day at which a gang works. */
export const momentsOf = (draw: Draw, dayStartMs: number, count: number): readonly number[] =>
  Array.from({ length: count }, () => Math.floor(dayStartMs + workingMoment(draw)));
