/** What the view shows of binding: who tried, how it ended, and the rule that decided. */

/** How a try ended. */
export interface BindingResult {
  /** As the gateway says it: `bound`, `declined`, … */
  readonly state: string;
  readonly code: string;
  /** Rule of docs/binding.md, or the guard where no rule has the code. */
  readonly rule: string;
}

/** One row of the board. */
export interface BindingRow extends BindingResult {
  readonly who: 'honest' | 'attacker';
  readonly kind: string;
  readonly times: number;
  readonly isAsItShould: boolean;
}

/** The latest end of each kind. */
export class BindingBoard {
  readonly #rows = new Map<string, BindingRow>();
  /** Kinds of attackers that will try. */
  readonly expected: number;
  #told: (row: BindingRow) => void = () => undefined;

  constructor(expected: number) {
    this.expected = expected;
  }

  note(who: BindingRow['who'], kind: string, result: BindingResult, isAsItShould: boolean): void {
    const times = (this.#rows.get(`${who} ${kind}`)?.times ?? 0) + 1;
    const row = { ...result, who, kind, times, isAsItShould };
    this.#rows.set(`${who} ${kind}`, row);
    this.#told(row);
  }

  /** Tells of every further row. */
  onRow(told: (row: BindingRow) => void): void {
    this.#told = told;
  }

  rows(who: BindingRow['who']): readonly BindingRow[] {
    return [...this.#rows.values()].filter((row) => row.who === who);
  }
}

/** One line of a result. */
export const resultLine = ({ state, rule, code }: BindingResult): string =>
  [state, rule, code].filter((part) => part !== '').join(' ');
