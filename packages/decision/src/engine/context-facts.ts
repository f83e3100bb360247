/** The event itself and its context → facts. */
import type { RiskEvent } from '../event.ts';
import { type FactWriter, factWriter, type ReadField } from '../policy/fact-reader.ts';
import { fitsType } from '../policy/schema.ts';
import { maxFactTexts } from '../record/fact-values.ts';
import type { DecisionContext, SignalInForce } from './context.ts';
import type { FactBuffer } from './entity-reader.ts';
import { signalFact } from './fact-names.ts';
import type { FactSchema, ScalarType } from './fact-schema.ts';

const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;

const noSignals: readonly SignalInForce[] = [];
const noCodes: readonly string[] = [];

const codesOf = (signals: readonly SignalInForce[], source: string | undefined): readonly string[] => {
  const codes: string[] = [];
  for (const signal of signals)
    if (codes.length < maxFactTexts && (source === undefined || signal.source === source)) codes.push(signal.code);
  return codes;
};

interface Declared {
  readonly place: number;
  readonly type: ScalarType;
}

/** Writes them. All of them: they cost little and every record should have them. */
export class ContextFacts {
  readonly #zoneMinutes: number;
  readonly #attributes: readonly ReadField[];
  readonly #writeAttributes: FactWriter;
  readonly #signals: ReadonlyMap<string, Declared>;
  readonly #places: ReadonlyMap<string, number>;
  /** Places in the order of `#event` and `#context`. */
  readonly #eventPlaces: Int32Array;
  readonly #contextPlaces: Int32Array;

  constructor(schema: FactSchema) {
    const { fields } = schema.policy;
    const placeOf = (name: string): number => fields.get(name)?.place ?? -1;
    this.#zoneMinutes = schema.zoneMinutes;
    this.#attributes = [...schema.attributes].map(([name, type]) => ({ name, type, place: placeOf(`attr.${name}`) }));
    this.#writeAttributes = factWriter(this.#attributes);
    const signals = Object.entries(schema.declaration.signals ?? {});
    this.#signals = new Map(signals.map(([code, type]) => [code, { type, place: placeOf(signalFact(code)) }]));
    this.#places = new Map([...fields].map(([name, { place }]) => [name, place]));
    this.#eventPlaces = this.#placed(eventNames);
    this.#contextPlaces = this.#placed(contextNames);
  }

  #placed(names: readonly string[]): Int32Array {
    return Int32Array.from(names, (name) => this.#places.get(name) ?? -1);
  }

  /** Places that this writes, whatever the event. */
  get places(): readonly number[] {
    return [
      ...this.#eventPlaces,
      ...this.#contextPlaces,
      ...this.#attributes.map(({ place }) => place),
      ...[...this.#signals.values()].map(({ place }) => place),
    ].filter((place) => place >= 0);
  }

  write(event: RiskEvent, context: DecisionContext, isDuplicate: boolean, facts: FactBuffer): void {
    this.#writeEvent(event, isDuplicate, facts);
    this.#writeContext(context, facts);
    this.#writeAttributes(event.attributes, facts);
    if (this.#signals.size > 0) this.#writeSignals(context.signals ?? noSignals, facts);
  }

  #writeEvent({ type, atMs, amountMinor }: RiskEvent, isDuplicate: boolean, facts: FactBuffer): void {
    const minute = Math.floor(atMs / 60_000) + this.#zoneMinutes;
    const places = this.#eventPlaces;
    facts[places[0] as number] = type;
    facts[places[1] as number] = atMs;
    facts[places[2] as number] = finite(amountMinor);
    facts[places[3] as number] = Math.floor(minute / 60) % 24;
    facts[places[4] as number] = minute % 1440;
    facts[places[5] as number] = (Math.floor(minute / 1440) + 4) % 7;
    facts[places[6] as number] = isDuplicate;
  }

  #writeContext(context: DecisionContext, facts: FactBuffer): void {
    const { channel, device, identity, cluster, signals } = context;
    const places = this.#contextPlaces;
    const has = places[6] as number;
    facts[places[0] as number] = channel?.result;
    facts[places[1] as number] = channel === undefined ? undefined : channel.result === 'verified';
    facts[places[2] as number] = channel?.mode;
    facts[places[3] as number] = finite(channel?.clockSkewMs);
    facts[places[4] as number] = context.bindingState;
    facts[places[5] as number] = signals === undefined ? undefined : signals.length;
    facts[has] = signals === undefined ? undefined : codesOf(signals, undefined);
    facts[places[7] as number] = signals === undefined ? undefined : codesOf(signals, 'tee');
    facts[places[8] as number] = (context.touchedTraps ?? noCodes).slice(0, maxFactTexts);
    facts[places[9] as number] = finite(device?.tier);
    facts[places[10] as number] = device?.isAttested;
    facts[places[11] as number] = device?.isAppApproved;
    facts[places[12] as number] = device?.bootState;
    facts[places[13] as number] = device?.isLocked;
    facts[places[14] as number] = finite(device?.score);
    facts[places[15] as number] = device?.band;
    facts[places[16] as number] = finite(identity?.aliasConfidence);
    facts[places[17] as number] = identity?.isPossibleTwin;
    facts[places[18] as number] = finite(cluster?.size);
    facts[places[19] as number] = finite(cluster?.kinds);
    facts[places[20] as number] = finite(cluster?.score);
    facts[places[21] as number] = cluster?.grade;
  }

  #writeSignals(signals: readonly SignalInForce[], facts: FactBuffer): void {
    for (const { place } of this.#signals.values()) facts[place] = undefined;
    for (const { code, value } of signals) {
      const declared = this.#signals.get(code);
      if (declared !== undefined && fitsType(value, declared.type)) facts[declared.place] = value;
    }
  }
}

const eventNames = [
  'event.type',
  'event.atMs',
  'event.amountMinor',
  'event.hour',
  'event.minuteOfDay',
  'event.weekday',
  'event.isDuplicate',
];

const contextNames = [
  'channel.result',
  'channel.isVerified',
  'channel.mode',
  'channel.clockSkewMs',
  'binding.state',
  'signals.count',
  'signals.codes',
  'signals.fromTee',
  'traps.touched',
  'device.tier',
  'device.isAttested',
  'device.isAppApproved',
  'device.bootState',
  'device.isLocked',
  'device.score',
  'device.band',
  'identity.aliasConfidence',
  'identity.isPossibleTwin',
  'cluster.size',
  'cluster.kinds',
  'cluster.score',
  'cluster.grade',
];
