/**
 * Models of ONNX through a runtime that is not ours: rows go in as single precision, and the chance of fraud is picked from what comes out. The runtime answers
 * later and rounds differently, so that such a model is for checks and comparisons, not for the request path.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';

/** A tensor of numbers as runtimes exchange it. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** What is needed of a session. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
}

/** Why an ONNX model cannot be asked. */
export type OnnxCode = 'onnx.missing' | 'onnx.unreadable' | 'onnx.inputs' | 'onnx.outputs';

/** Rows as one tensor: missing values stay NaN. */
export const tensorOf = (rows: readonly ArrayLike<number>[], width: number): OnnxTensor => {
  const data = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries())
    for (let feature = 0; feature < width; feature += 1) data[place * width + feature] = row[feature] ?? Number.NaN;
  return { dims: [rows.length, width], data };
};

/** The chance of the last class of each row: a tensor of rows by one or two columns. */
const chancesOf = (tensor: OnnxTensor | undefined, rows: number): Float64Array | undefined => {
  const columns = tensor === undefined ? 0 : tensor.data.length / rows;
  if (tensor === undefined || (columns !== 1 && columns !== 2)) return undefined;
  const chances = Float64Array.from({ length: rows }, (_, row) => Number(tensor.data[row * columns + columns - 1]));
  return chances.every((each) => each >= 0 && each <= 1) ? chances : undefined;
};

/** Asks a session for the chances of fraud of rows. The last output that can be chances counts: classifiers name labels first. */
export const onnxChances = async (
  session: OnnxSession,
  rows: readonly ArrayLike<number>[],
  width: number,
): Promise<Result<Float64Array, OnnxCode>> => {
  const [input, ...more] = session.inputNames;
  if (input === undefined || more.length > 0) return refuse('onnx.inputs', 'one input of rows by features');
  if (rows.length === 0) return accept(new Float64Array(0));
  const outputs = await session.run({ [input]: tensorOf(rows, width) });
  const chances = session.outputNames
    .map((name) => chancesOf(outputs[name], rows.length))
    .findLast((each) => each !== undefined);
  return chances === undefined ? refuse('onnx.outputs', 'no output is a chance by row') : accept(chances);
};
