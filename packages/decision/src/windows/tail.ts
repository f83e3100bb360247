/**
 * The newest instants of an entity, one by one and in order of event time, so that short windows are exact whatever the order of arrival. An
 * instant is kept as the low 32 bits of its milliseconds and read as an age before the newest; what is older than 24 days gives way.
 */
import { field } from './profile-layout.ts';
import type { RowView } from './row-view.ts';

/** Ages stay below this, so that 32 bits tell them. */
const maxAge = 2 ** 31;

const heldOf = (state: number): number => state & 0xff;
const nextOf = (state: number): number => (state >>> 8) & 0xff;
const droppedBit = 1 << 16;

const slotOf = (next: number, back: number, tail: number): number => (next - 1 - back + 2 * tail) % tail;

/** Takes an instant; `newest` is the newest before it, 0 when it is the first. Call before the row's newest instant is set. */
export const addToTail = (view: RowView, at: number, newest: number): void => {
  const { tail, tailAt } = view.table.layout;
  const state = view.word(field.tailState);
  if (at >= newest) view.setWord(field.tailState, append(view, state, at, newest, tail, tailAt));
  else view.setWord(field.tailState, insert(view, state, at, newest, tail, tailAt));
};

const ageAt = (view: RowView, newest: number, slot: number): number => ((newest | 0) - view.word(slot)) >>> 0;

const append = (view: RowView, state: number, at: number, newest: number, tail: number, tailAt: number): number => {
  let held = heldOf(state);
  let dropped = state & droppedBit;
  const next = nextOf(state);
  const gap = at - newest;
  while (held > 0 && ageAt(view, newest, tailAt + slotOf(next, held - 1, tail)) + gap >= maxAge) {
    held -= 1;
    dropped = droppedBit;
  }
  view.setWord(tailAt + next, at | 0);
  if (held === tail) dropped = droppedBit;
  else held += 1;
  return held | (((next + 1) % tail) << 8) | dropped;
};

const insert = (view: RowView, state: number, at: number, newest: number, tail: number, tailAt: number): number => {
  const held = heldOf(state);
  const next = nextOf(state);
  const age = newest - at;
  let newer = 0;
  while (newer < held && ageAt(view, newest, tailAt + slotOf(next, newer, tail)) < age) newer += 1;
  if (newer === tail || age >= maxAge) return state | droppedBit;
  const last = held === tail ? held - 1 : held;
  for (let back = last; back > newer; back -= 1)
    view.setWord(tailAt + slotOf(next, back, tail), view.word(tailAt + slotOf(next, back - 1, tail)));
  view.setWord(tailAt + slotOf(next, newer, tail), at | 0);
  return held === tail ? state | droppedBit : (state & ~0xff) | (held + 1);
};

/** Events of (now − span, now], exactly, when the tail reaches back that far; otherwise −1. */
export const countTail = (view: RowView, now: number, span: number): number => {
  const { tail, tailAt } = view.table.layout;
  const state = view.word(field.tailState);
  const held = heldOf(state);
  const next = nextOf(state);
  const newest = view.number(field.lastSeen);
  let count = 0;
  for (let back = 0; back < held; back += 1) {
    const at = Math.floor(newest) - ageAt(view, newest, tailAt + slotOf(next, back, tail));
    if (at <= now - span) return count;
    if (at <= now) count += 1;
  }
  const isWhole = (state & droppedBit) === 0 && (tail > 0 || newest === 0);
  return isWhole ? count : -1;
};
