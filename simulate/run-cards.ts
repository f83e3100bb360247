/** `hauberk simulate cards`: card payments with fraud and late labels, as files for `hauberk learn`. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type CardPayment, type CardWorld, simulateCards } from './cards.ts';

/** What `--help` prints of it. */
export const cardsUsage: string = `       hauberk simulate cards --out DIR [--seed S] [--days D] [--cards N] [--terminals N] [--start DATE] [--json]

  --out    where events.jsonl and labels.jsonl are written; labels are known after 7 days
`;

const dayMs = 86_400_000;

const eventLine = ({ atMs, card, terminal, amountMinor }: CardPayment, id: string): string =>
  JSON.stringify({
    id,
    type: 'card.payment',
    atMs,
    entities: { card: `c${card}`, terminal: `t${terminal}` },
    amountMinor,
    attributes: {},
  });

const writeWorld = async (
  world: CardWorld,
  out: string,
): Promise<{ readonly events: number; readonly frauds: number }> => {
  mkdirSync(out, { recursive: true });
  const events = createWriteStream(join(out, 'events.jsonl'));
  const labels = createWriteStream(join(out, 'labels.jsonl'));
  const counts = { events: 0, frauds: 0 };
  for (const payment of simulateCards(world)) {
    const id = `p${counts.events}`;
    counts.events += 1;
    if (!events.write(`${eventLine(payment, id)}\n`)) await once(events, 'drain');
    if (!payment.isFraud) continue;
    counts.frauds += 1;
    labels.write(
      `${JSON.stringify({ eventId: id, fraud: true, knownAtMs: payment.atMs + world.labelDelayDays * dayMs })}\n`,
    );
  }
  events.end();
  labels.end();
  await Promise.all([finished(events), finished(labels)]);
  return counts;
};

/** Runs it; undefined means wrong usage. */
export const runCards = async (args: readonly string[]): Promise<number | undefined> => {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  let options: Readonly<Record<string, string | boolean | undefined>>;
  try {
    options = parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        seed: text('1'),
        days: text('137'),
        cards: text('5000'),
        terminals: text('10000'),
        start: text('2018-04-01'),
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch {
    return undefined;
  }
  const [seed, days, cards, terminals] = ['seed', 'days', 'cards', 'terminals'].map((name) => Number(options[name]));
  const startMs = Date.parse(`${options['start']}T00:00:00Z`);
  const { out } = options;
  const counts = [seed, days, cards, terminals].every((count) => Number.isSafeInteger(count) && (count as number) > 0);
  if (typeof out !== 'string' || !counts || Number.isNaN(startMs)) return undefined;
  const world = { seed, days, cards, terminals, startMs, labelDelayDays: 7 } as CardWorld;
  const report = await writeWorld(world, out);
  process.stdout.write(
    options['json'] === true
      ? `${JSON.stringify({ seed, ...report })}\n`
      : `${report.events} payments, ${report.frauds} of them fraud, in ${out}\n`,
  );
  return 0;
};
