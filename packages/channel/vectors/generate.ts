/** Writes every vector file beside this script. `node packages/channel/vectors/generate.ts`; a test compares what it would write with what is there. */
import { writeFileSync } from 'node:fs';
import { chunkedVectors } from './make-chunked.ts';
import { documentVectors } from './make-documents.ts';
import { handshakeVectors } from './make-handshake.ts';
import { replyVectors, requestVectors } from './make-messages.ts';
import { stepUpVectors, windowVectors } from './make-small.ts';
import type { VectorFile } from './vector.ts';

/** Every file by its name, as it must be. */
export const makeVectorFiles = async (): Promise<Readonly<Record<string, VectorFile>>> => ({
  'documents.json': documentVectors(),
  'handshake.json': await handshakeVectors(),
  'requests.json': await requestVectors(),
  'replies.json': await replyVectors(),
  'chunked.json': await chunkedVectors(),
  'step-up.json': stepUpVectors(),
  'window.json': windowVectors(),
});

/** The text of a file. */
export const textOfVectors = (file: VectorFile): string => `${JSON.stringify(file, undefined, 2)}\n`;

if (import.meta.main) {
  for (const [name, file] of Object.entries(await makeVectorFiles())) {
    writeFileSync(new URL(name, import.meta.url), textOfVectors(file));
    process.stdout.write(`${name}: ${file.cases.length} cases\n`);
  }
}
