/** Builds the page with its two SDKs and lets visitors use it, each in a thread of their own. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HauberkTrust } from '@hauberk/example-bank';
import { hauberkEsbuild } from '@hauberk/sdk/build';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('page.ts', import.meta.url));
const folder = fileURLToPath(new URL('..', import.meta.url));

/** One bundle: the aspect, the client and both SDKs, stamped with whose code is where. */
export const buildPage = async (file: string): Promise<void> => {
  await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outfile: file,
    plugins: [hauberkEsbuild({ appFolder: folder })],
    logLevel: 'silent',
  });
};

/** What a visitor needs. */
export interface VisitorOptions {
  readonly bundle: string;
  readonly gateway: string;
  readonly trust: HauberkTrust;
}

/** Starts one visitor. */
export const startVisitor = ({ bundle, gateway, trust }: VisitorOptions): { readonly stop: () => Promise<void> } => {
  const { configKeys, minConfigVersion, organisation, app, service } = trust;
  const workerData = {
    organisation,
    app,
    service,
    endpoints: [gateway],
    trust: { configKeys, minConfigVersion, buildTimeMs: 0 },
  };
  const worker = new Worker(bundle, { workerData });
  // A visitor that falls is a visitor less; the board tells what was seen.
  worker.on('error', () => undefined);
  return { stop: async () => void (await worker.terminate()) };
};
