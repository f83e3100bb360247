/** The tables of docs/device-matrix.md that come from the program: written here, compared in test/device-matrix-page.test.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  deviceFamilies,
  keyProtocols,
  keyRequirements,
  keyUserAuthentications,
  protocolsOf,
  trustTiers,
} from '@hauberk/attestation';
import type { SignatureAlgorithm } from '@hauberk/primitives';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const requirements = (): string =>
  table(
    ['protocol', 'least tier', 'user', 'algorithms', 'why'],
    keyRequirements.map((row) => [
      `\`${row.protocol}\``,
      row.tierWithTrustedScreen === undefined
        ? row.leastTier
        : `${row.leastTier}, or ${row.tierWithTrustedScreen} with the trusted screen`,
      row.userAuthentication,
      row.algorithms.join(', '),
      row.reason,
    ]),
  );

const algorithms: readonly SignatureAlgorithm[] = [...new Set(keyRequirements.flatMap((row) => row.algorithms))];

const allowed = (): string =>
  table(
    ['tier', 'user', ...algorithms],
    trustTiers.flatMap((tier) =>
      keyUserAuthentications.map((userAuthentication) => [
        tier,
        userAuthentication,
        ...algorithms.map((algorithm) => {
          const protocols = protocolsOf({ tier, userAuthentication, algorithm, trustedScreen: false });
          return protocols.length === keyProtocols.length ? 'all' : protocols.join(', ') || '-';
        }),
      ]),
    ),
  );

const kinds = ['android-key', 'play-integrity', 'app-attest', 'huks', 'webauthn'] as const;

const families = (): string =>
  table(
    ['maker', 'system', 'Google services', ...kinds.map((kind) => `\`${kind}\``), 'first', 'remark'],
    deviceFamilies.map(({ brand, system, googleServices, evidence, first, remark }) => [
      brand,
      system,
      googleServices ? 'yes' : 'no',
      ...kinds.map((kind) => evidence[kind] ?? 'absent'),
      `\`${first}\``,
      remark,
    ]),
  );

const tables: Readonly<Record<string, () => string>> = { requirements, allowed, families };

/** The page with every table made anew, between `<!-- NAME -->` and `<!-- /NAME -->`. */
export const withDeviceTables = (page: string): string =>
  Object.entries(tables).reduce((text, [name, make]) => {
    const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the page has no place for the table ${name}`);
    return text.slice(0, from + start.length) + make() + text.slice(to);
  }, page);

if (import.meta.main) {
  const file = new URL('../docs/device-matrix.md', import.meta.url);
  writeFileSync(file, withDeviceTables(readFileSync(file, 'utf8')));
}
