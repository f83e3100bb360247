/** `hauberk trust --state DIR`: the public keys that apps pin, read from the state folder whether the gateway runs or not; and its snapshots. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toBase64Url } from '@hauberk/primitives';
import { verdictKeySetOf } from '../device/device-verdict.ts';
import { kidOf } from '../gateway/channel-keys.ts';
import { readKeyring } from '../keys/file-keys.ts';
import { StateError } from '../storage/index.ts';
import { isSnapshotAction, runSnapshotAction, snapshotUsage } from './trust-snapshot.ts';

/** What `--help` prints. */
export const usage: string = snapshotUsage;

type Purpose = 'config-signing' | 'verdict-signing';

const published = (state: string, wanted: Purpose, now: number) =>
  readKeyring(join(state, 'keys')).filter(
    ({ purpose, expiresAtMs }) => purpose === wanted && (expiresAtMs === null || expiresAtMs > now),
  );

const pinned = (state: string, now: number) =>
  published(state, 'config-signing', now).flatMap((key) =>
    key.publicKey === null ? [] : [{ kid: kidOf(key), publicKey: toBase64Url(key.publicKey) }],
  );

const print = (state: string, json: boolean): number => {
  const now = Date.now();
  const configKeys = pinned(state, now);
  if (configKeys.length === 0) {
    process.stderr.write(`hauberk trust: ${state} holds no config-signing key (hint: start the gateway once)\n`);
    return 1;
  }
  const lines = configKeys.map(({ kid, publicKey }) => `${kid} ${publicKey}\n`);
  const verdictKeys = verdictKeySetOf(published(state, 'verdict-signing', now));
  process.stdout.write(json ? `${JSON.stringify({ configKeys, verdictKeys })}\n` : lines.join(''));
  return 0;
};

/** Runs `hauberk trust`. */
export const trust = (args: readonly string[]): Promise<number> => {
  const [action, ...rest] = args;
  if (isSnapshotAction(action)) return Promise.resolve(runSnapshotAction(action, rest));
  let values: { readonly state?: string; readonly json?: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options: { state: { type: 'string' }, json: { type: 'boolean' } } }));
  } catch {
    values = {};
  }
  if (values.state === undefined) {
    process.stderr.write(usage);
    return Promise.resolve(2);
  }
  try {
    return Promise.resolve(print(values.state, values.json === true));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    process.stderr.write(`hauberk trust: ${error.code}: ${error.message} (hint: ${error.hint})\n`);
    return Promise.resolve(1);
  }
};
