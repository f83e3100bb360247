/** Serves the built H5 app from memory, under a content security policy that leaves no room for injected code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HauberkTrust } from './bank-api.ts';
import type { Answer } from './call.ts';

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/index.html': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const;

interface AppFile {
  readonly contentType: string;
  readonly body: Buffer;
}

/** What `GET` of a path answers, when the path is the app's. */
export type AppFiles = ReadonlyMap<string, AppFile>;

/** Reads what `buildApp` wrote. */
export async function readAppFiles(folder: string): Promise<AppFiles> {
  const files = Object.entries(FILES).map(
    async ([path, [name, contentType]]) => [path, { contentType, body: await readFile(join(folder, name)) }] as const,
  );
  return new Map(await Promise.all(files));
}

/** The app may talk to its own origin and to the gateway's endpoints, nothing else. */
export function appAnswer({ contentType, body }: AppFile, trust: HauberkTrust | null): Answer {
  const headers = {
    'content-type': contentType,
    'content-security-policy': contentSecurityPolicy(trust?.endpoints ?? []),
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    'cross-origin-opener-policy': 'same-origin',
  };
  return { kind: 'complete', status: 200, headers, body };
}

const contentSecurityPolicy = (endpoints: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...endpoints.map((endpoint) => new URL(endpoint).origin)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
