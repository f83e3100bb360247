/** Source maps (revision 3), as far as the stamp needs them: which source each piece of a built file comes from. */

/** The members that are read. */
export interface SourceMap {
  readonly sources: readonly (string | null)[];
  readonly mappings: string;
}

/** From this place on (line from 1, column from 0) code comes from that source; undefined: from none. */
export type Segment = readonly [line: number, column: number, source: number | undefined];

const digits = new Map(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').map((sign, value) => [sign, value]),
);

/** The numbers of one segment: base-64 digits of five bits each, the least first, the sign in the lowest bit. */
const numbersOf = (text: string): readonly number[] => {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const sign of text) {
    const digit = digits.get(sign);
    if (digit === undefined || shift > 30) throw new Error(`source map: ${text.slice(0, 20)} is no segment`);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit >= 32) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    value = 0;
    shift = 0;
  }
  return numbers;
};

/** Reads the mappings; throws when they are none. */
export const segmentsOf = ({ mappings }: SourceMap): readonly Segment[] => {
  const segments: Segment[] = [];
  let source = 0;
  for (const [index, line] of mappings.split(';').entries()) {
    let column = 0;
    for (const text of line === '' ? [] : line.split(',')) {
      const [columnStep = 0, sourceStep] = numbersOf(text);
      column += columnStep;
      if (sourceStep !== undefined) source += sourceStep;
      segments.push([index + 1, column, sourceStep === undefined ? undefined : source]);
    }
  }
  return segments;
};
