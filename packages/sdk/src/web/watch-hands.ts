/** What hands do to a page and how it moves, in counts: no key, no place and no text is kept. */
import type { InputLook, MotionLook } from '../probes/probe-world.ts';

/** The counts, for as long as a page lives. */
export interface PageWatch {
  readonly input: () => InputLook;
  readonly motion: () => MotionLook | undefined;
  readonly stop: () => void;
}

/** Gaps between keys that are remembered. */
const mostGaps = 24;
/** The attribute by which an app names fields: `data-hauberk-field="amount"` or `"payee"`. */
const fieldMark = 'data-hauberk-field';

const watched = ['pointerdown', 'click', 'touchstart', 'keydown', 'input', 'paste'] as const;

const markOf = (event: Event): string | undefined => {
  const { target } = event;
  const field = target instanceof Element ? target.closest(`[${fieldMark}]`) : null;
  return field?.getAttribute(fieldMark) ?? undefined;
};

class Hands {
  events = 0;
  untrusted = 0;
  touches = 0;
  pressureless = 0;
  whileHidden = 0;
  readonly gaps: number[] = [];
  readonly pasted = new Set<string>();
  #lastKeyAt = 0;

  readonly see = (event: Event): void => {
    this.events += 1;
    if (!event.isTrusted) {
      // Some libraries click for the user and say so; only what looks like hands counts.
      if (event instanceof UIEvent) this.untrusted += 1;
      return;
    }
    if (document.visibilityState === 'hidden') this.whileHidden += 1;
    if (event.type === 'touchstart') this.#touch(event as TouchEvent);
    if (event.type === 'keydown') this.#key(event as KeyboardEvent);
    if (event.type === 'paste') {
      const mark = markOf(event);
      if (mark === 'amount' || mark === 'payee') this.pasted.add(mark);
    }
  };

  #touch({ changedTouches }: TouchEvent): void {
    for (const touch of changedTouches) {
      this.touches += 1;
      if (touch.force === 0 && touch.radiusX === 0 && touch.radiusY === 0) this.pressureless += 1;
    }
  }

  #key({ timeStamp, repeat }: KeyboardEvent): void {
    if (repeat) return;
    const gap = timeStamp - this.#lastKeyAt;
    this.#lastKeyAt = timeStamp;
    // A pause begins another word.
    if (gap > 2000) this.gaps.length = 0;
    else this.gaps.push(gap);
    if (this.gaps.length > mostGaps) this.gaps.shift();
  }
}

class Motion {
  samples = 0;
  readonly #least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  readonly #most = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

  readonly see = ({ accelerationIncludingGravity: told }: DeviceMotionEvent): void => {
    if (told === null || told.x === null || told.y === null || told.z === null) return;
    this.samples += 1;
    for (const [axis, value] of [told.x, told.y, told.z].entries()) {
      this.#least[axis] = Math.min(this.#least[axis] ?? value, value);
      this.#most[axis] = Math.max(this.#most[axis] ?? value, value);
    }
  };

  get spread(): number {
    return Math.max(...this.#most.map((most, axis) => most - (this.#least[axis] ?? most)));
  }
}

/** Begins to count. Listeners are passive and change nothing. */
export const watchPageHands = (): PageWatch => {
  const hands = new Hands();
  const motion = new Motion();
  const options = { capture: true, passive: true } as const;
  for (const type of watched) globalThis.addEventListener(type, hands.see, options);
  globalThis.addEventListener('devicemotion', motion.see, options);
  return {
    input: () => ({
      events: hands.events,
      untrusted: hands.untrusted,
      touches: hands.touches,
      pressureless: hands.pressureless,
      keyGaps: [...hands.gaps],
      pasted: [...hands.pasted],
      whileHidden: hands.whileHidden,
    }),
    motion: () => (motion.samples === 0 ? undefined : { samples: motion.samples, spread: motion.spread }),
    stop: () => {
      for (const type of watched) globalThis.removeEventListener(type, hands.see, options);
      globalThis.removeEventListener('devicemotion', motion.see, options);
    },
  };
};
