/**
 * What the gateway senses in the traffic itself: a browser that does not write its headers as that browser does, hints that deny the user agent, an
 * address of a data centre, a place that nobody can have reached in the time.
 */
import { type SignalCode, signalValueOf, swapNote } from '@hauberk/device';
import type { EpochMs } from '@hauberk/primitives';
import type { RequestHead } from '../gateway/request-head.ts';
import type { NetworkList } from './network-list.ts';
import type { SignalMemory } from './signal-memory.ts';

/** What the senses use. */
export interface TrafficSenses {
  readonly memory: SignalMemory;
  readonly networks: NetworkList;
}

type Head = Pick<RequestHead, 'headers' | 'rawHeaders' | 'address'>;

const textOf = (head: Head, name: string): string | undefined => {
  const value = head.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const chromiumVersion = /\b(?:Chrome|Chromium|HeadlessChrome)\/(\d{1,4})\./;
const systems: readonly (readonly [hint: string, agent: RegExp])[] = [
  ['Android', /Android/],
  ['Windows', /Windows NT/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux(?!; Android)/],
  ['Chrome OS', /CrOS/],
];

/** User agent and client hints of one request. */
const hintSignals = (head: Head): readonly SignalCode[] => {
  const agent = textOf(head, 'user-agent') ?? '';
  const brands = textOf(head, 'sec-ch-ua');
  const version = chromiumVersion.exec(agent)?.[1];
  const found: SignalCode[] = [];
  if (agent.includes('HeadlessChrome') || brands?.includes('HeadlessChrome') === true)
    found.push('automation.headless');
  if (brands === undefined) return found;
  // Hints are Chromium's: whoever sends them names a Chromium, of that version.
  const isSameVersion = version !== undefined && brands.includes(`v="${version}"`);
  const platform = /^"([^"]{1,32})"$/.exec(textOf(head, 'sec-ch-ua-platform') ?? '')?.[1];
  const form = systems.find(([hint]) => hint === platform)?.[1];
  const isOtherSystem = form !== undefined && !form.test(agent);
  const isMobile = textOf(head, 'sec-ch-ua-mobile');
  const isOtherForm = isMobile !== undefined && (isMobile === '?1') !== agent.includes('Mobile');
  if (!isSameVersion || isOtherSystem) found.push('automation.hintsDisagree');
  if (isOtherForm) found.push('identity.agentSpoofed');
  return found;
};

/** Chromium names the encodings that it takes before the languages, and never takes any language. */
const isOddOrder = (head: Head): boolean => {
  const agent = textOf(head, 'user-agent') ?? '';
  if (!chromiumVersion.test(agent)) return false;
  if (textOf(head, 'accept-language') === '*') return true;
  const placeOf = (name: string): number =>
    head.rawHeaders.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name);
  const encoding = placeOf('accept-encoding');
  const language = placeOf('accept-language');
  return encoding >= 0 && language >= 0 && language < encoding;
};

/** Fifteen-minute steps from twelve hours west of UTC: the bucket of `place.zoneOffset`. */
export const zoneMinutesOf = (bucket: number): number => bucket * 15 - 720;
/** An address speaks for a region, a phone for a place: neighbours differ. */
const zoneSlackMinutes = 120;

const placeNote = 0;
const timeNote = 1;
const earthKm = 6371;
/** Faster than airliners, and far enough that a change of the carrier's exit is no journey. */
const fastestKmPerHour = 1100;
const nearKm = 500;

const packedPlace = (latitude: number, longitude: number): number =>
  // Never zero, which says that nothing was noted.
  ((Math.round((latitude + 90) * 90) + 1) << 16) | Math.round((longitude + 180) * 90);
const placeOfNote = (note: number): readonly [latitude: number, longitude: number] => [
  ((note >>> 16) - 1) / 90 - 90,
  (note & 0xffff) / 90 - 180,
];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

const distanceKm = (one: readonly [number, number], other: readonly [number, number]): number => {
  const height = Math.sin(radians(other[0] - one[0]) / 2) ** 2;
  const width = Math.sin(radians(other[1] - one[1]) / 2) ** 2;
  const share = height + Math.cos(radians(one[0])) * Math.cos(radians(other[0])) * width;
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(share)));
};

const isImpossibleTravel = (
  { memory }: TrafficSenses,
  device: string,
  place: { readonly latitude: number; readonly longitude: number },
  now: EpochMs,
): boolean => {
  const nowS = Math.floor(now / 1000);
  const key = memory.keyOf(device);
  const before = swapNote(memory.table, key, placeNote, packedPlace(place.latitude, place.longitude), nowS);
  const since = swapNote(memory.table, key, timeNote, nowS, nowS);
  if (before === 0 || since === 0) return false;
  const km = distanceKm(placeOfNote(before), [place.latitude, place.longitude]);
  const hours = Math.max(0, nowS - since) / 3600;
  return km > nearKm && km > hours * fastestKmPerHour;
};

const networkSignals = (senses: TrafficSenses, device: string, head: Head, now: EpochMs): readonly SignalCode[] => {
  const facts = senses.networks(head.address);
  if (facts === undefined) return [];
  const found: SignalCode[] = [];
  if (facts.isHosting) found.push('network.hosting');
  if (facts.isTor) found.push('network.tor');
  if (facts.isVpn) found.push('network.knownVpn');
  const bucket = signalValueOf(senses.memory.signalsOf(device, now), 'place.zoneOffset');
  // Where the address is no place, its time zone says nothing either.
  const isPlace = !facts.isHosting && !facts.isTor && !facts.isVpn;
  if (!isPlace) return found;
  if (typeof bucket === 'number' && facts.zoneMinutes !== undefined) {
    const apart = Math.abs(zoneMinutesOf(bucket) - facts.zoneMinutes);
    if (apart > zoneSlackMinutes) found.push('network.zoneMismatch');
  }
  if (facts.place !== undefined && isImpossibleTravel(senses, device, facts.place, now))
    found.push('place.impossibleTravel');
  return found;
};

/** What the traffic of one request tells of its device. */
export const senseTraffic = (
  senses: TrafficSenses,
  device: string,
  head: Head,
  now: EpochMs,
): readonly SignalCode[] => [
  ...hintSignals(head),
  ...(isOddOrder(head) ? (['network.headerOrder'] as const) : []),
  ...networkSignals(senses, device, head, now),
];
