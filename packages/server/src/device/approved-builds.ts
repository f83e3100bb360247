/** Which builds of the bank's apps may run. A port, for banks take it from their release system; here as a file that such a system writes. */
import type { AppIdentities } from '@hauberk/attestation';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { z } from 'zod';
import { watchedFile } from './watched-file.ts';

/** The builds of each app. */
export interface ApprovedBuilds {
  /** The identities of an app; undefined when none is known: then no evidence of hardware can be judged. */
  readonly of: (app: string, now: EpochMs) => AppIdentities | undefined;
}

const word = z.string().min(1).max(256);
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');

const appSchema = z.strictObject({
  android: z
    .strictObject({ packages: z.array(word).min(1), signers: z.array(digest).min(1), builds: z.array(word).optional() })
    .optional(),
  apple: z.strictObject({ appId: word, builds: z.array(word).optional() }).optional(),
  harmony: z
    .strictObject({ bundleName: word, appIds: z.array(word).min(1), appIdentifier: word.optional() })
    .optional(),
  web: z.strictObject({ rpId: word, origins: z.array(word).min(1) }).optional(),
});

const fileSchema = z.strictObject({ apps: z.record(word, appSchema) });

type AppEntry = z.infer<typeof appSchema>;

const buildsOf = (builds: readonly string[] | undefined) => (builds === undefined ? {} : { builds: new Set(builds) });

const harmonyOf = ({ bundleName, appIds, appIdentifier }: NonNullable<AppEntry['harmony']>) => ({
  bundleName,
  appIds: new Set(appIds),
  ...(appIdentifier === undefined ? {} : { appIdentifier }),
});

const identitiesOf = ({ android, apple, harmony, web }: AppEntry): AppIdentities => ({
  ...(android === undefined
    ? {}
    : {
        android: {
          packages: new Set(android.packages),
          digests: new Set(android.signers),
          ...buildsOf(android.builds),
        },
      }),
  ...(apple === undefined ? {} : { apple: { appId: apple.appId, ...buildsOf(apple.builds) } }),
  ...(harmony === undefined ? {} : { harmony: harmonyOf(harmony) }),
  ...(web === undefined ? {} : { web }),
});

/** Reads the file: `{"apps": {"mobile": {"android": {"packages", "signers", "builds"}, "apple": {"appId", "builds"}, "web": …}}}`. */
export const readApprovedBuilds = (text: string): Result<ReadonlyMap<string, AppIdentities>, 'approved-builds'> => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('approved-builds', 'no JSON');
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) return refuse('approved-builds', parsed.error.issues[0]?.message ?? '');
  return accept(new Map(Object.entries(parsed.data.apps).map(([app, entry]) => [app, identitiesOf(entry)])));
};

/** The port over a file; without one no app is known. */
export const fileApprovedBuilds = (
  path: string | undefined,
  onRefused: (path: string, reason: string) => void,
): ApprovedBuilds => {
  if (path === undefined) return { of: () => undefined };
  const file = watchedFile(path, (bytes) => readApprovedBuilds(bytes.toString('utf8')), onRefused);
  return { of: (app, now) => file.read(now)?.get(app) };
};
