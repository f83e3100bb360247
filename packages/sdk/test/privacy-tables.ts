/** The tables of docs/privacy-surfaces.md: the registry as data, and what a run in Chromium showed of it. */
import { sensitiveApiOf } from '@hauberk/privacy';
import { buildSdk } from '../build.ts';
import { mySurfaces, type Surface, wxSurfaces } from '../src/privacy/mini.ts';
import { nativeSurfaces } from '../src/privacy/react-native.ts';
import { webSurfaces } from '../src/privacy/web-surfaces.ts';
import { bundleForPage } from './chromium.ts';
import type { PrivacyLab } from './privacy-lab.ts';
import type { RealmProof, SurfaceProof } from './privacy-proof.ts';

const aspect = '/hauberk-privacy.js';
const zone = '/zone.js';
const sentry = '/sentry.js';
const names: Readonly<Record<string, string>> = { [aspect]: 'aspect', [zone]: 'zone.js', [sentry]: 'Sentry' };
/** Nothing inline, no eval. */
const strictPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'";

/** The orders in which scripts that patch the same functions are loaded. */
export const loadOrders: readonly (readonly string[])[] = [
  [aspect],
  [aspect, zone],
  [zone, aspect],
  [aspect, sentry],
  [sentry, aspect],
  [aspect, zone, sentry],
  [sentry, zone, aspect],
];

const inner = 'void navigator.userAgent; globalThis.readLater = () => navigator.userAgent;';

/** Serves the scripts and pages that the runs need. */
export const servePrivacyPages = async (lab: PrivacyLab): Promise<void> => {
  const built = (await buildSdk()).find(({ name }) => name === 'hauberk-privacy.js');
  lab.serve(aspect, 'text/javascript', new TextDecoder().decode(built?.bytes));
  lab.serve(zone, 'text/javascript', await bundleForPage('peer-zone.ts'));
  lab.serve(sentry, 'text/javascript', await bundleForPage('peer-sentry.ts'));
  lab.serve('/inner', 'text/html', `<!doctype html><script>${inner}</script>`);
  lab.serve('/inner-first', 'text/html', `<!doctype html><script src="${aspect}"></script><script>${inner}</script>`);
};

/** What still holds on a page with these scripts, under a strict policy. */
export const runPeers = (lab: PrivacyLab, first: readonly string[]): Promise<Readonly<Record<string, boolean>>> =>
  lab.visit({ script: 'privacy-peers.ts', name: 'provePeers', first, policy: strictPolicy });

/** Which realms are seen. */
export const runRealms = (lab: PrivacyLab): Promise<readonly RealmProof[]> =>
  lab.visit({
    script: 'privacy-realms.ts',
    name: 'proveRealms',
    first: [aspect],
    input: [lab.origin.replace('localhost', '127.0.0.1')],
  });

const code = (text: string): string => `\`${text}\``;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The table of the load orders. */
export const peersTable = (results: readonly Readonly<Record<string, boolean>>[]): string => {
  const checks = [...new Set(results.flatMap((result) => Object.keys(result)))].toSorted();
  const head = ['what holds', ...loadOrders.map((order) => order.map((path) => names[path]).join(', '))];
  const cell = (value: boolean | undefined): string => (value === undefined ? '–' : value ? 'yes' : '**no**');
  return table(
    head,
    checks.map((check) => [check, ...results.map((result) => cell(result[check]))]),
  );
};

/** The table of the realms. */
export const realmsTable = (proofs: readonly RealmProof[]): string =>
  table(
    ['realm', 'the page reaches into it', 'its scripts while it loads', 'its scripts afterwards'],
    proofs.map(({ name, reached, loading, later }) => [name, reached, loading, later]),
  );

const surfaceCells = ({ path, kind, api, empty, denial }: Surface): readonly string[] => {
  const items = sensitiveApiOf(api)?.yields ?? [];
  const name = api.slice(api.indexOf(':') + 1);
  return [
    code(path),
    kind,
    name === path ? '' : code(name),
    items.length === 0 ? 'way out' : items.join(', '),
    empty === '-' ? 'denied' : empty,
    denial === '=' ? 'empty' : denial,
  ];
};
const surfaceHead = ['surface', 'kind', 'function', 'yields', 'empty', 'denied'];

/** The table of the web's surfaces, with what the run showed: `proven`, `not here`, or `same` as another. */
export const webTable = (proofs: readonly SurfaceProof[], there: readonly string[]): string => {
  const proven = new Set(proofs.map(({ kind, path }) => `${kind} ${path}`));
  const result = ({ kind, path }: Surface): string => {
    if (proven.has(`${kind} ${path}`)) return 'proven';
    return there.includes(`${kind} ${path}`) ? 'same function as another' : 'not here';
  };
  return table(
    [...surfaceHead, 'in the browser'],
    webSurfaces.map((surface) => [...surfaceCells(surface), result(surface)]),
  );
};

/** The tables that no browser is needed for. */
export const otherTables: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ wx: wxSurfaces, my: mySurfaces, 'react-native': nativeSurfaces }).map(([name, surfaces]) => [
    name,
    table(surfaceHead, surfaces.map(surfaceCells)),
  ]),
);

/** Puts a table between its marks in a page. */
export const withTable = (page: string, name: string, text: string): string => {
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for the table ${name}`);
  return page.slice(0, from + start.length) + text + page.slice(to);
};

/** Everything, from one browser. */
export const measureTables = async (lab: PrivacyLab): Promise<Readonly<Record<string, string>>> => {
  await servePrivacyPages(lab);
  const proofs = await lab.run<readonly SurfaceProof[]>('privacy-probes.ts', 'proveSurfaces');
  const there = await lab.run<readonly string[]>('privacy-probes.ts', 'thereIs');
  const peers: Readonly<Record<string, boolean>>[] = [];
  for (const order of loadOrders) peers.push(await runPeers(lab, order));
  return {
    browser: `Chromium ${lab.browser.version().split('.')[0]}: ${proofs.length} surfaces proven.`,
    web: webTable(proofs, there),
    ...otherTables,
    realms: realmsTable(await runRealms(lab)),
    peers: peersTable(peers),
  };
};
