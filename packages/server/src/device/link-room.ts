/** The identities of one app as the link sees them: ids by number, attributes in an index that grows by doubling. */
import {
  type FoundVerdict,
  judgeFound,
  type LinkFound,
  LinkIndex,
  type LinkModel,
  type Observation,
} from '@hauberk/device';

const leastCapacity = 1024;

/** Identities of one app in memory. */
export class LinkRoom {
  /** Identities beyond the bound: they are never linked by attributes. */
  refused = 0;
  readonly #model: LinkModel;
  readonly #key: Uint8Array;
  readonly #most: number;
  readonly #ids: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #held: Int32Array[] = [];
  #capacity = leastCapacity;
  #index: LinkIndex;
  readonly #found: LinkFound = { best: -1, bits: 0, second: 0, candidates: 0 };

  constructor(model: LinkModel, key: Uint8Array, most: number) {
    this.#model = model;
    this.#key = key;
    this.#most = most;
    this.#index = this.#newIndex();
  }

  #newIndex(): LinkIndex {
    return new LinkIndex({ model: this.#model, capacity: this.#capacity, key: this.#key });
  }

  /** Identities with attributes. */
  get size(): number {
    return this.#index.size;
  }

  #numberOf(id: string): number {
    const held = this.#numbers.get(id);
    if (held !== undefined) return held;
    const number = this.#ids.length;
    if (number >= this.#most) return -1;
    this.#ids.push(id);
    this.#numbers.set(id, number);
    return number;
  }

  /** Twice the room, with everything put in anew. */
  #grow(): void {
    this.#capacity = Math.min(this.#most, this.#capacity * 2);
    this.#index = this.#newIndex();
    for (const [number, values] of this.#held.entries()) if (values !== undefined) this.#index.put(number, values);
  }

  /** Takes the attributes of an identity. */
  put(id: string, attributes: Readonly<Record<string, string>>): void {
    const number = this.#numberOf(id);
    if (number < 0) {
      this.refused += 1;
      return;
    }
    const values = this.#index.newValues();
    this.#index.read(attributes, values);
    this.#held[number] = values;
    while (number >= this.#capacity) this.#grow();
    this.#index.put(number, values);
    if (this.#index.refused > 0 && this.#capacity < this.#most) this.#grow();
  }

  /** An identity that was merged into another is no candidate. */
  drop(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#index.drop(number);
    this.#held[number] = this.#index.newValues();
  }

  /** Whom attributes point to. */
  find({ attributes, collision }: Observation): { readonly verdict: FoundVerdict; readonly identity?: string } {
    const values = this.#index.newValues();
    this.#index.read(attributes, values);
    this.#index.find(values, this.#found);
    const verdict = judgeFound(this.#model, this.#found, this.#index.size, collision);
    const identity = verdict.kind === 'none' ? undefined : this.#ids[verdict.identity];
    return identity === undefined ? { verdict: { kind: 'none' } } : { verdict, identity };
  }
}
