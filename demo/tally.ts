/** What happened so far, counted for the view. */

/** Who did it. */
export type Actor = 'customer' | 'phone' | 'attacker';

/** One thing that just happened. */
export interface Happening {
  readonly atMs: number;
  readonly actor: Actor;
  readonly action: string;
  readonly result: string;
  /** A customer was served, or an attack held. */
  readonly isAsItShould: boolean;
}

const keptHappenings = 12;

/** Counters by actor and result, and the latest happenings. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #latest: Happening[] = [];
  #wrong = 0;
  #surprise: Happening | undefined;

  note(actor: Actor, action: string, result: string, isAsItShould: boolean): void {
    const key = `${actor}\n${result}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const happening: Happening = { atMs: Date.now(), actor, action, result, isAsItShould };
    if (!isAsItShould) {
      this.#wrong += 1;
      this.#surprise = happening;
    }
    this.#latest.push(happening);
    if (this.#latest.length > keptHappenings) this.#latest.shift();
  }

  /** Results of an actor, most frequent first. */
  results(actor: Actor): readonly (readonly [string, number])[] {
    return [...this.#counts]
      .filter(([key]) => key.startsWith(`${actor}\n`))
      .map(([key, count]) => [key.slice(actor.length + 1), count] as const)
      .toSorted((left, right) => right[1] - left[1]);
  }

  latest(): readonly Happening[] {
    return this.#latest;
  }

  /** Customers that were not served as they may expect, and attacks that got through. */
  wrong(): number {
    return this.#wrong;
  }

  /** The last of them. */
  surprise(): Happening | undefined {
    return this.#surprise;
  }
}
