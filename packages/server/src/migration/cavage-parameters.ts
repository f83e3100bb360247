/** Reads the credential of draft-cavage: `Authorization: Signature keyId="…",…`, the `Signature` header, or Kong's `hmac username="…",…`. */
import { headerOf, type MigrationRequest } from './migration-request.ts';

/** How the draft is spoken. `draft`: the draft itself. `kong`, `apisix`: what these gateways make of it. */
export type CavageDialect = 'draft' | 'kong' | 'apisix';

/** The parameters of one credential. */
export interface CavageParameters {
  readonly keyId: string;
  readonly algorithm: string | undefined;
  /** Lower-case names in the order in which they are signed. */
  readonly covered: readonly string[];
  readonly signature: string;
  readonly created: number | undefined;
  readonly expires: number | undefined;
}

const parameter = /\s*([A-Za-z]+)\s*=\s*(?:"([^"\\]*)"|(\d{1,15}))\s*(?:,|$)/y;

/** Every parameter once, to the last character: a second `headers` would be read by somebody else. */
const readParameters = (text: string): ReadonlyMap<string, string> | undefined => {
  const found = new Map<string, string>();
  parameter.lastIndex = 0;
  while (parameter.lastIndex < text.length) {
    const match = parameter.exec(text);
    if (match === null) return undefined;
    const name = (match[1] ?? '').toLowerCase();
    if (found.has(name)) return undefined;
    found.set(name, match[2] ?? match[3] ?? '');
  }
  return found;
};

const schemeWord: Readonly<Record<CavageDialect, RegExp>> = {
  draft: /^signature\s+(?=\S)/i,
  kong: /^hmac\s+(?=\S)/i,
  apisix: /^signature\s+(?=\S)/i,
};

/** The credential of a request, without its scheme word; undefined when it shows none. */
export const cavageCredential = (dialect: CavageDialect, request: MigrationRequest): string | undefined => {
  // Kong looks at Proxy-Authorization first.
  const names = dialect === 'kong' ? ['proxy-authorization', 'authorization'] : ['authorization'];
  for (const name of names) {
    const value = headerOf(request, name);
    const word = value === undefined ? null : schemeWord[dialect].exec(value);
    if (value !== undefined && word !== null) return value.slice(word[0].length);
  }
  return dialect === 'draft' ? headerOf(request, 'signature') : undefined;
};

const secondsOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;

/** The draft covers the date alone when nothing is listed (section 2.1.6); Kong the same. */
const defaultCovered: Readonly<Record<CavageDialect, string>> = { draft: 'date', kong: 'date', apisix: '' };

/** Reads a credential; undefined when it is malformed. */
export const readCavage = (dialect: CavageDialect, text: string): CavageParameters | undefined => {
  const found = readParameters(text);
  const keyId = found?.get(dialect === 'kong' ? 'username' : 'keyid');
  const signature = found?.get('signature');
  if (found === undefined || keyId === undefined || keyId === '' || signature === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return undefined;
  const covered = (found.get('headers') ?? defaultCovered[dialect]).toLowerCase().split(' ').filter(Boolean);
  if (covered.length === 0 || new Set(covered).size !== covered.length) return undefined;
  return {
    keyId,
    algorithm: found.get('algorithm')?.toLowerCase(),
    covered,
    signature,
    created: secondsOf(found.get('created')),
    expires: secondsOf(found.get('expires')),
  };
};
