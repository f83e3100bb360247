/** What was decided in the demo: counts by outcome, and the latest decisions that let nobody simply pass. Read from the access log, as an operator would. */
import { closeSync, openSync, readSync } from 'node:fs';

/** A decision that is worth a look. */
export interface DecisionRow {
  readonly atMs: number;
  readonly outcome: string;
  readonly route: string;
  /** Codes of the rules that fired. */
  readonly reasons: string;
  /** To be asked about. */
  readonly id: string;
}

const everyMs = 500;
/** Of a read; a log that grows faster is read in the next turn. */
const mostBytes = 1_048_576;
const mostKept = 5;
const interesting: ReadonlySet<string> = new Set(['slow', 'challenge', 'deny', 'trap']);

const rowOf = (line: string): (DecisionRow & { readonly isDecided: boolean }) | undefined => {
  try {
    const { at, outcome, route, reasons, decision } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return {
      atMs: Number(at),
      outcome: String(outcome),
      route: String(route),
      reasons: typeof reasons === 'string' ? reasons : '',
      id: typeof decision === 'string' ? decision : '',
      isDecided: typeof decision === 'string',
    };
  } catch {
    return undefined;
  }
};

/** See the top of the file. */
export class DecisionBoard {
  readonly #counts = new Map<string, number>();
  readonly #latest: DecisionRow[] = [];
  readonly #file: string;
  readonly #timer: NodeJS.Timeout;
  #listener: (row: DecisionRow) => void = () => undefined;
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
    this.#timer = setInterval(() => this.#read(), everyMs);
  }

  /** Hears of every interesting decision. */
  onRow(listener: (row: DecisionRow) => void): void {
    this.#listener = listener;
  }

  /** Decisions by outcome. */
  count(outcome: string): number {
    return this.#counts.get(outcome) ?? 0;
  }

  /** The latest interesting decisions, newest first. */
  latest(): readonly DecisionRow[] {
    return this.#latest;
  }

  #take(line: string): void {
    const row = rowOf(line);
    if (row?.isDecided !== true) return;
    this.#counts.set(row.outcome, this.count(row.outcome) + 1);
    if (!interesting.has(row.outcome)) return;
    this.#latest.unshift(row);
    this.#latest.splice(mostKept);
    this.#listener(row);
  }

  #read(): void {
    let file: number;
    try {
      file = openSync(this.#file, 'r');
    } catch {
      // Nothing was logged yet.
      return;
    }
    try {
      const buffer = Buffer.alloc(mostBytes);
      const read = readSync(file, buffer, 0, mostBytes, this.#offset);
      this.#offset += read;
      const lines = (this.#rest + buffer.toString('utf8', 0, read)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    } finally {
      closeSync(file);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
