/** The model of a snapshot as an engine takes it: read and made ready once for each document. */
import { readModelJson, type ServingModel, serveModel } from '@hauberk/decision';
import { parseJson } from '@hauberk/primitives';
import type { ModelText } from './policy-snapshot.ts';

/** A model that could not be taken over. Decisions go on without a score. */
export class ModelNotRead extends Error {
  override readonly name = 'ModelNotRead';
}

/** Bounds of a kept document. */
export const modelLimits = { maxDepth: 16, maxKeys: 4_194_304, maxLength: 8_388_608 } as const;

/** Makes a model ready; the one in force stays when its document is the same. */
export const servedModel = (
  text: ModelText | null,
  inForce: ServingModel | undefined,
  onFault: (error: unknown) => void,
): ServingModel | undefined => {
  if (text === null) return undefined;
  if (inForce?.hash === text.hash) return inForce;
  const parsed = parseJson(text.document, modelLimits);
  const read = parsed.ok ? readModelJson(parsed.value) : parsed;
  if (read.ok) return serveModel(read.value, text.hash);
  onFault(new ModelNotRead(`model ${text.hash.slice(0, 12)} cannot be read by this program: ${read.code}`));
  return undefined;
};
