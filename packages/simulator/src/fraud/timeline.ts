/** Everybody's days as one stream in order of time. An hour is in memory at once, never a day of everybody. */

import { createAccountAttacks } from './account-attacks.ts';
import { type Actor, type GroupStory, type Setting, truthOf, type Visit } from './actor.ts';
import { createAppAttacks } from './app-attacks.ts';
import { createBotAttacks } from './bot-attacks.ts';
import { dayMs, hourMs } from './calendar.ts';
import { createFarms } from './farm.ts';
import { type FraudLabel, labelOf } from './labels.ts';
import type { DeviceTruth, FraudEvent, FraudReport, FraudWorld, GroupTruth, Guilt } from './lines.ts';
import { createPaperAttacks } from './paper-attacks.ts';
import { createPlaces } from './places.ts';
import { createSociety } from './society.ts';

/** Version of the world: another one writes other bytes for the same arguments. */
export const fraudWorldVersion = 1;

/** What one hour adds to the files. */
export interface FraudBatch {
  readonly events: readonly (FraudEvent & { readonly id: string })[];
  readonly reports: readonly FraudReport[];
  readonly labels: readonly FraudLabel[];
  /** By event id. */
  readonly attacks: readonly (readonly [string, Guilt])[];
}

/** What is known when the last hour is over. */
export interface FraudTruth {
  readonly devices: Readonly<Record<string, DeviceTruth>>;
  readonly groups: Readonly<Record<string, GroupTruth>>;
}

/** A world on its way. */
export interface FraudPlay {
  readonly batches: () => Generator<FraudBatch>;
  /** Complete after the last batch. */
  readonly truth: () => FraudTruth;
}

interface Pending {
  readonly events: { readonly event: FraudEvent; readonly guilt: Guilt | undefined }[];
  readonly reports: FraudReport[];
}

/** Takes what is before an instant, in order of time; ties keep the order in which they came. */
const takeBefore = <Item>(items: Item[], atOf: (item: Item) => number, endMs: number): readonly Item[] => {
  const taken = items.filter((item) => atOf(item) < endMs).sort((left, right) => atOf(left) - atOf(right));
  const left = items.filter((item) => atOf(item) >= endMs);
  items.length = 0;
  for (const item of left) items.push(item);
  return taken;
};

const byHour = (actors: readonly Actor[], dayStartMs: number): readonly Visit[][] => {
  const hours: Visit[][] = Array.from({ length: 24 }, () => []);
  for (const actor of actors)
    for (const visit of actor.plan(dayStartMs)) {
      // Days of night workers reach into the next morning; the first hour of a day takes what is before it.
      const hour = Math.min(23, Math.max(0, Math.floor((visit.atMs - dayStartMs) / hourMs)));
      hours[hour]?.push(visit);
    }
  return hours;
};

function* playHours(
  world: FraudWorld,
  actors: readonly Actor[],
  firstEvents: Map<string, number>,
): Generator<FraudBatch> {
  const pending: Pending = { events: [], reports: [] };
  const stage = {
    event: (event: FraudEvent, guilt?: Guilt) => pending.events.push({ event, guilt }),
    report: (report: FraudReport) => pending.reports.push(report),
  };
  let count = 0;
  const finish = (endMs: number): FraudBatch => {
    const taken = takeBefore(pending.events, ({ event }) => event.atMs, endMs);
    const named = taken.map(({ event, guilt }) => {
      count += 1;
      if (guilt !== undefined && !firstEvents.has(guilt.group)) firstEvents.set(guilt.group, event.atMs);
      return { event: { id: `e${count}`, ...event }, guilt };
    });
    return {
      events: named.map(({ event }) => event),
      reports: takeBefore(pending.reports, ({ atMs }) => atMs, endMs),
      labels: named.flatMap(({ event, guilt }) => labelOf(world.seed, event.id, event, guilt) ?? []),
      attacks: named.flatMap(({ event, guilt }) => (guilt === undefined ? [] : [[event.id, guilt] as const])),
    };
  };
  for (let day = 0; day < world.days; day += 1) {
    const dayStartMs = world.startMs + day * dayMs;
    for (const [hour, visits] of byHour(actors, dayStartMs).entries()) {
      for (const visit of visits.sort((left, right) => left.atMs - right.atMs)) visit.play(stage);
      yield finish(dayStartMs + (hour + 1) * hourMs);
    }
  }
}

/** Share of the devices that farms have. */
const farmShare = 0.025;

/** Sets a world up; the same world, the same play. */
export const playFraud = (world: FraudWorld): FraudPlay => {
  const devices: Record<string, DeviceTruth> = {};
  const groups: Record<string, GroupStory> = {};
  const firstEvents = new Map<string, number>();
  const setting: Setting = {
    world,
    places: createPlaces(world.seed, world.devices),
    usedPhones: [],
    tell: (phone, isVictim = false) => {
      const known = (devices[phone.id] ??= truthOf(phone));
      if (isVictim && known.traits?.includes('victim') !== true)
        devices[phone.id] = { ...known, traits: [...(known.traits ?? []), 'victim'] };
    },
    tellGroup: (name, group) => {
      groups[name] = group;
    },
  };
  const farmDevices = Math.max(24, Math.round(world.devices * farmShare));
  const society = createSociety(setting, world.devices - farmDevices);
  const actors = [
    ...society.actors,
    ...createFarms(setting, farmDevices),
    ...createAppAttacks(setting, society),
    ...createAccountAttacks(setting, society),
    ...createBotAttacks(setting),
    ...createPaperAttacks(setting),
  ];
  return {
    batches: () => playHours(world, actors, firstEvents),
    truth: () => {
      const sizes = new Map<string, number>();
      for (const { group } of Object.values(devices))
        if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
      const told = Object.entries(groups).map(([name, story]) => {
        const firstEventMs = firstEvents.get(name);
        const group: GroupTruth = { ...story, devices: sizes.get(name) ?? 0 };
        return [name, firstEventMs === undefined ? group : { ...group, firstEventMs }];
      });
      return { devices, groups: Object.fromEntries(told) };
    },
  };
};
