/** `hauberk trust update`, `make` and `status`: signed snapshots of roots and revocation lists, without a network. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { TrustSnapshot } from '@hauberk/attestation';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { makeTrust, presentSnapshot, TrustError, updateTrust } from '../device/trust-snapshots.ts';

/** How they are called. */
export const snapshotUsage: string = [
  'usage: hauberk trust --state DIR [--json]',
  '       hauberk trust update --state DIR --from FILE [--publisher PEM] [--json]',
  '       hauberk trust status --state DIR [--json]',
  '       hauberk trust make --plan FILE --key PEM --out FILE',
  '',
].join('\n');

const hour = 3_600_000;

const summaryOf = ({ sequence, takenAt, anchors, revocations }: TrustSnapshot, now: EpochMs) => ({
  sequence,
  takenAt: new Date(takenAt).toISOString(),
  ageHours: Math.floor((now - takenAt) / hour),
  roots: Object.fromEntries(
    Object.entries(anchors).map(([name, roots]) => [name, 'size' in roots ? roots.size : roots.length]),
  ),
  revoked: Object.fromEntries(Object.entries(revocations).map(([name, { statuses }]) => [name, statuses.size])),
});

const print = (snapshot: TrustSnapshot, isJson: boolean): void => {
  const summary = summaryOf(snapshot, epochMs(Date.now()));
  const lines = [
    `sequence ${summary.sequence}, taken ${summary.takenAt} (${summary.ageHours} h ago)`,
    ...Object.entries(summary.roots).map(([name, count]) => `roots ${name}: ${count}`),
    ...Object.entries(summary.revoked).map(([name, count]) => `revoked ${name}: ${count}`),
  ];
  process.stdout.write(isJson ? `${JSON.stringify(summary)}\n` : `${lines.join('\n')}\n`);
};

const text = { type: 'string' } as const;
const options = {
  state: text,
  from: text,
  publisher: text,
  plan: text,
  key: text,
  out: text,
  json: { type: 'boolean' },
} as const;

type Values = { readonly [Name in keyof typeof options]?: Name extends 'json' ? boolean : string };

const actions: Readonly<Record<string, (values: Values, now: EpochMs) => number | undefined>> = {
  update: ({ state, from, publisher, json = false }, now) => {
    if (state === undefined || from === undefined) return undefined;
    print(updateTrust({ state, from, publisher, now }), json);
    return 0;
  },
  status: ({ state, json = false }, now) => {
    if (state === undefined) return undefined;
    const present = presentSnapshot(state, now);
    if (present === undefined)
      throw new TrustError('trust.missing', `${state} holds no snapshot`, 'hauberk trust update');
    print(present, json);
    return 0;
  },
  make: ({ plan, key, out }, now) => {
    if (plan === undefined || key === undefined || out === undefined) return undefined;
    writeFileSync(out, makeTrust({ plan, key, now }), { mode: 0o644 });
    return 0;
  },
};

/** Whether the first word names one of them. */
export const isSnapshotAction = (word: string | undefined): word is string =>
  word !== undefined && Object.hasOwn(actions, word);

const parse = (args: readonly string[]): Values | undefined => {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch {
    return undefined;
  }
};

/** Runs one of them; answers the exit code. */
export const runSnapshotAction = (action: string, args: readonly string[]): number => {
  const values = parse(args);
  try {
    const code = values === undefined ? undefined : actions[action]?.(values, epochMs(Date.now()));
    if (code === undefined) process.stderr.write(snapshotUsage);
    return code ?? 2;
  } catch (error) {
    const isSystem = error instanceof Error && 'code' in error;
    if (!isSystem) throw error;
    const hint = error instanceof TrustError ? error.hint : 'check the path';
    process.stderr.write(`hauberk trust: ${String(error.code)}: ${error.message} (hint: ${hint})\n`);
    return 1;
  }
};
