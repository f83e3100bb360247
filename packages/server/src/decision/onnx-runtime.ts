/** The optional runtime for models of ONNX. It is installed by who wants it; nothing of ours needs it. */
import type { OnnxCode, OnnxSession, OnnxTensor } from '@hauberk/decision';
import { accept, type Result, refuse } from '@hauberk/primitives';

/** What is needed of the package. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(path: string): Promise<OnnxSession> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** A text, so that no compiler looks for what may not be there. */
const packageName: string = 'onnxruntime-node';

const hint = `npm install ${packageName} (its own install script wants to download; --ignore-scripts is enough for the processor)`;

const loadPackage = async (): Promise<OnnxRuntime> => {
  const module = (await import(packageName)) as { readonly default?: OnnxRuntime } & OnnxRuntime;
  return module.default ?? module;
};

/** Opens a model. Refused with a hint where the runtime is not installed. */
export const openOnnx = async (
  path: string,
  load: () => Promise<OnnxRuntime> = loadPackage,
): Promise<Result<OnnxSession, OnnxCode>> => {
  let runtime: OnnxRuntime;
  try {
    runtime = await load();
  } catch {
    return refuse('onnx.missing', hint);
  }
  try {
    const session = await runtime.InferenceSession.create(path);
    const tensors = (feeds: Readonly<Record<string, OnnxTensor>>): Readonly<Record<string, OnnxTensor>> =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, { data, dims }]) => [
          name,
          new runtime.Tensor('float32', Float32Array.from(data as ArrayLike<number>), dims),
        ]),
      );
    return accept({
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      run: (feeds) => session.run(tensors(feeds)),
    });
  } catch (error) {
    return refuse('onnx.unreadable', error instanceof Error ? error.message.slice(0, 200) : '');
  }
};
