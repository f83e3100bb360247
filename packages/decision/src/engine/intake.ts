/**
 * An event's one step on the memory: under the lock it gets its number, what is due is settled, and each of its entities is read and changed at once. The readers
 * say which facts are written; the rest of the engine works on those alone.
 */
import type { HashValue } from '@hauberk/primitives';
import type { RiskEvent, RiskLabel } from '../event.ts';
import type { LabelTaken } from './engine-options.ts';
import { EntityReader, type FactBuffer, type PlaceOf } from './entity-reader.ts';
import { factPrefix } from './fact-names.ts';
import type { KindTable, OpenedMemory } from './memory.ts';
import { type IdHash, idHash, pseudonymOf, readPseudonym } from './pseudonyms.ts';

/** Due events that one event settles at most; each brings one, so that this keeps up. */
const settledAtOnce = 8;
const dayMs = 86_400_000;

interface Kind extends KindTable {
  readonly hash: IdHash;
  readonly idOf: (event: RiskEvent) => unknown;
  /** Places of its facts that somebody asks. */
  places: Int32Array;
  reader: EntityReader;
  /** Place of `KIND.id`; −1 when nobody asks. */
  idPlace: number;
  /** Its distinct counts by kind of the things that are counted. */
  readonly meets: readonly { readonly at: number; readonly other: number }[];
}

const idGetter = (kind: string): Kind['idOf'] => {
  if (kind === '=type') return (event) => event.type;
  if (!kind.startsWith('=')) return (event) => event.entities[kind];
  const name = kind.slice(1);
  return (event) => event.attributes[name];
};

/** See the top of the file. What it answers of an event stays until the next one. */
export class Intake {
  /** The event's number among everything that changed the memory. */
  order = 0;
  isDuplicate = false;
  /** Of no meaning; what was touched has to go somewhere, or touching it would be left out. */
  warmed = 0;
  /** Halves of the hash of the event's id. */
  readonly id: HashValue = { low: 0, high: 0 };
  /** By kind: halves of the entity's hash, its row (−1 none, −2 not named), the number of its change. */
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly rows: Int32Array;
  readonly orders: Int32Array;
  readonly kinds: readonly Kind[];
  readonly #memory: OpenedMemory;
  readonly #eventHash: IdHash;
  readonly #value: HashValue = { low: 0, high: 0 };
  readonly #deviceAt: number;
  readonly #addressAt: number;
  #event: RiskEvent | undefined;
  #facts: FactBuffer = [];
  readonly #step = (): void => this.#change();

  /** Without a key ids are pseudonyms: of entities, and of events. */
  constructor(memory: OpenedMemory, key: Uint8Array | undefined) {
    this.#memory = memory;
    const names = memory.kinds.map(({ kind }) => kind);
    const hashOf = (kind: string): IdHash => (key === undefined ? readPseudonym : idHash(key, kind));
    this.#eventHash = hashOf('/event');
    this.kinds = memory.kinds.map((table) => ({
      ...table,
      hash: hashOf(table.kind),
      idOf: idGetter(table.kind),
      places: new Int32Array(0),
      reader: new EntityReader('', table.layout, 0, () => -1),
      idPlace: -1,
      meets: table.layout.distinct.flatMap(({ name }, at) => {
        const other = names.indexOf(name);
        return other < 0 ? [] : [{ at, other }];
      }),
    }));
    this.#deviceAt = names.indexOf('device');
    this.#addressAt = names.indexOf('address');
    const count = names.length;
    this.lows = new Int32Array(count);
    this.highs = new Int32Array(count);
    this.rows = new Int32Array(count);
    this.orders = new Int32Array(count);
  }

  /** Compiles the readers for what is asked from now on; `fields` are all facts with their places. */
  ask(fields: ReadonlyMap<string, { readonly place: number }>, isAsked: (place: number) => boolean): void {
    const placeOf: PlaceOf = (name) => {
      const place = fields.get(name)?.place ?? -1;
      return place >= 0 && isAsked(place) ? place : -1;
    };
    for (const kind of this.kinds) {
      const prefix = factPrefix(kind.kind);
      const own = [...fields].filter(([name]) => name.startsWith(`${prefix}.`) && placeOf(name) >= 0);
      kind.places = Int32Array.from(own, ([, { place }]) => place);
      kind.reader = new EntityReader(prefix, kind.layout, Math.ceil(this.#memory.labelDelay / dayMs), placeOf);
      kind.idPlace = placeOf(`${prefix}.id`);
    }
  }

  /** The pseudonym of the event's entity of a kind. */
  pseudonym(kind: number): string {
    return pseudonymOf(this.lows[kind] as number, this.highs[kind] as number);
  }

  /** Counts the event and writes the facts of its entities as they were before. */
  take(event: RiskEvent, facts: FactBuffer): void {
    this.#eventHash(event.id, this.id);
    const { kinds } = this;
    for (let at = 0; at < kinds.length; at += 1) {
      const kind = kinds[at] as Kind;
      const id = kind.idOf(event);
      this.rows[at] = -2;
      if (typeof id !== 'string') continue;
      kind.hash(id, this.#value);
      this.lows[at] = this.#value.low;
      this.highs[at] = this.#value.high;
      this.rows[at] = -1;
    }
    let warmed = 0;
    for (let at = 0; at < kinds.length; at += 1)
      if (this.rows[at] === -1) warmed += (kinds[at] as Kind).table.touch(this.lows[at] as number);
    this.warmed = warmed;
    this.#event = event;
    this.#facts = facts;
    this.#memory.exclusively(this.#step);
  }

  #change(): void {
    const { book, labelDelay } = this.#memory;
    const { atMs, amountMinor } = this.#event as RiskEvent;
    this.order = book.nextOrder();
    this.isDuplicate = book.find(this.id.low, this.id.high) >= 0;
    for (let turn = 0; turn < settledAtOnce; turn += 1) {
      const slot = book.nextDue(atMs - labelDelay);
      if (slot < 0) break;
      this.#settle(slot, false);
    }
    const amount = Number.isNaN(amountMinor) ? 0 : amountMinor;
    const rate = book.fraudRate;
    for (let at = 0; at < this.kinds.length; at += 1) this.#visit(at, atMs, amount, rate);
    if (this.isDuplicate) book.countDuplicate();
    else book.take(this.id.low, this.id.high, atMs, this.rows);
  }

  /** Reads one entity and changes it. */
  #visit(at: number, atMs: number, amount: number, rate: number): void {
    const kind = this.kinds[at] as Kind;
    const facts = this.#facts;
    const isNamed = this.rows[at] !== -2;
    if (kind.idPlace >= 0) facts[kind.idPlace] = isNamed ? this.pseudonym(at) : undefined;
    const row = isNamed ? this.#rowOf(kind, at) : -2;
    this.rows[at] = row;
    this.orders[at] = -1;
    if (row < 0 || !kind.table.enter(row)) {
      for (const place of kind.places) if (place !== kind.idPlace) facts[place] = undefined;
      return;
    }
    kind.reader.read(kind.profile.open(row), kind.distinct.open(row), atMs, amount, rate, facts);
    if (!this.isDuplicate && kind.profile.add(atMs, amount)) this.#meet(kind, atMs);
    this.orders[at] = kind.table.leave();
  }

  #rowOf({ table }: Kind, at: number): number {
    const [low, high] = [this.lows[at] as number, this.highs[at] as number];
    const row = table.find(low, high);
    if (row >= 0 || this.isDuplicate) return row;
    return this.#mayMint(at) ? table.claim(low, high) : -1;
  }

  /** Whether the source of the event may bring a row of this kind: its device, else its address. What is neither's, and nobody's device or address, has no bound. */
  #mayMint(at: number): boolean {
    const { mints } = this.#memory;
    const source = [this.#deviceAt, this.#addressAt].find((each) => each >= 0 && each !== at && this.rows[each] !== -2);
    if (mints === undefined || source === undefined || at === this.#addressAt) return true;
    return mints.mint(this.lows[source] as number, this.highs[source] as number, (this.#event as RiskEvent).atMs);
  }

  #meet({ meets, layout, distinct }: Kind, atMs: number): void {
    for (const { at, other } of meets) {
      const place = layout.distinct[at];
      if (place !== undefined && this.rows[other] !== -2) distinct.meet(place, this.lows[other] as number, atMs);
    }
  }

  #settle(slot: number, isFraud: boolean): void {
    const { book } = this.#memory;
    const atMs = book.atOf(slot);
    const wasHonest = book.isSettled(slot) && !book.isFraud(slot);
    for (let at = 0; at < this.kinds.length; at += 1) {
      const kind = this.kinds[at] as Kind;
      const row = kind.hasLabels ? book.rowOf(slot, at) : -1;
      if (row < 0 || !kind.table.enter(row)) continue;
      kind.profile.open(row).settle(atMs, isFraud, wasHonest);
      kind.table.leave();
    }
    book.settle(slot, isFraud);
  }

  /** Takes a label. A fraud corrects what was settled as honest; nothing corrects a fraud. */
  label({ eventId, fraud }: RiskLabel): LabelTaken {
    const id: HashValue = { low: 0, high: 0 };
    this.#eventHash(eventId, id);
    return this.#memory.exclusively(() => {
      const { book } = this.#memory;
      const order = book.nextOrder();
      const slot = book.find(id.low, id.high);
      if (slot < 0) book.countUnknownLabel();
      else if (!book.isFraud(slot) && (fraud || !book.isSettled(slot))) this.#settle(slot, fraud);
      return { order, isKnown: slot >= 0 };
    });
  }
}
