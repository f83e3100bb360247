/**
 * Card payments at terminals with three kinds of fraud, in the shape of the public card simulations: cards and terminals stand in a
 * square, cards pay near by, some 0.8 % of the payments are fraud and nothing but windows and late labels gives most of it away.
 */
import { pick, type Random, seededRandom } from '@hauberk/example-bank';
import { normal, poisson, uniform } from './random.ts';

/** What to simulate. */
export interface CardWorld {
  readonly seed: number;
  readonly days: number;
  readonly cards: number;
  readonly terminals: number;
  /** First midnight (UTC), in epoch milliseconds. */
  readonly startMs: number;
  /** How long after a payment its label is known. */
  readonly labelDelayDays: number;
}

/** One payment and what it truly was. */
export interface CardPayment {
  readonly atMs: number;
  readonly card: number;
  readonly terminal: number;
  readonly amountMinor: number;
  readonly isFraud: boolean;
}

interface Card {
  readonly mean: number;
  readonly perDay: number;
  readonly near: readonly number[];
}

const dayMs = 86_400_000;
const side = 100;
const radius = 5;
/** Amounts above this are fraud, always. */
const plainFraudMinor = 22_000;
const terminalFraud = { perDay: 2, days: 28 };
const cardFraud = { perDay: 3, days: 14, share: 1 / 3, factor: 5 };

const place = (random: Random): { readonly x: number; readonly y: number } => ({
  x: uniform(random, 0, side),
  y: uniform(random, 0, side),
});

const createCards = (world: CardWorld, random: Random): readonly Card[] => {
  const terminals = Array.from({ length: world.terminals }, () => place(random));
  return Array.from({ length: world.cards }, () => {
    const { x, y } = place(random);
    const near = terminals.flatMap((terminal, index) =>
      Math.hypot(terminal.x - x, terminal.y - y) < radius ? [index] : [],
    );
    return { mean: uniform(random, 5, 100), perDay: uniform(random, 0, 4), near };
  }).filter(({ near }) => near.length > 0);
};

const amountOf = (card: Card, random: Random): number => {
  const drawn = normal(random, card.mean, card.mean / 2);
  return Math.round((drawn < 0 ? uniform(random, 0, card.mean * 2) : drawn) * 100);
};

/** Sets of entities that are bad for a span of days from the day on which they were drawn. */
const createOutbreak = (
  count: number,
  perDay: number,
  spanDays: number,
  random: Random,
): ((day: number) => Set<number>) => {
  const drawn: number[][] = [];
  return (day) => {
    drawn[day] = Array.from({ length: perDay }, () => Math.floor(random() * count));
    return new Set(drawn.slice(Math.max(0, day - spanDays + 1)).flat());
  };
};

const payOnce = (card: Card, random: Random): { readonly second: number; readonly amount: number } | undefined => {
  const second = Math.floor(normal(random, 43_200, 20_000));
  return second > 0 && second < 86_400 ? { second, amount: amountOf(card, random) } : undefined;
};

/** Payments of every day in order of time. */
export function* simulateCards(world: CardWorld): Generator<CardPayment> {
  const random = seededRandom(world.seed);
  const cards = createCards(world, random);
  const badTerminals = createOutbreak(world.terminals, terminalFraud.perDay, terminalFraud.days, random);
  const badCards = createOutbreak(cards.length, cardFraud.perDay, cardFraud.days, random);
  for (let day = 0; day < world.days; day += 1) {
    const [terminalsOfToday, cardsOfToday] = [badTerminals(day), badCards(day)];
    const payments: CardPayment[] = [];
    for (const [index, card] of cards.entries()) {
      for (let count = poisson(random, card.perDay); count > 0; count -= 1) {
        const paid = payOnce(card, random);
        if (paid === undefined) continue;
        const terminal = pick(random, card.near);
        const isStolen = cardsOfToday.has(index) && random() < cardFraud.share;
        const amountMinor = isStolen ? paid.amount * cardFraud.factor : paid.amount;
        const isFraud = isStolen || amountMinor > plainFraudMinor || terminalsOfToday.has(terminal);
        payments.push({
          atMs: world.startMs + day * dayMs + paid.second * 1000,
          card: index,
          terminal,
          amountMinor,
          isFraud,
        });
      }
    }
    yield* payments.sort((left, right) => left.atMs - right.atMs);
  }
}
