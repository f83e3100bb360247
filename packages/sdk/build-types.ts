/** The declarations of the built package: those of every module it is made of, with imports that need no workspace. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Doors of the workspace that the declarations name, as files below `types/`. */
const doors: Readonly<Record<string, string>> = {
  '@hauberk/primitives': 'primitives/src/index.js',
  '@hauberk/channel/client': 'channel/src/client.js',
  '@hauberk/rollout/client': 'rollout/src/client.js',
  '@hauberk/privacy/client': 'privacy/src/client.js',
  '@hauberk/device/client': 'device/src/client.js',
};

const compile = (project: string, entries: readonly string[], folder: string): void => {
  const file = join(folder, `tsconfig.${project}.json`);
  const emit = { noEmit: false, emitDeclarationOnly: true, rootDir: join(root, 'packages'), outDir: folder };
  const compilerOptions = { ...emit, typeRoots: [join(root, 'node_modules/@types')] };
  const files = entries.map((entry) => join(root, 'packages', entry));
  const settings = { extends: join(root, `${project}.json`), compilerOptions, files, include: [] };
  writeFileSync(file, JSON.stringify(settings));
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', file], { stdio: 'inherit' });
  // It names folders of this machine.
  rmSync(file);
};

const rewrite = (file: string, folder: string): void => {
  const text = readFileSync(file, 'utf8');
  const rewritten = text.replaceAll(
    /(from |import\()(['"])([^'"]+)\2/g,
    (whole, lead: string, quote: string, name: string) => {
      const door = doors[name];
      const path = door === undefined ? name : relative(dirname(file), join(folder, door)).split(sep).join('/');
      if (door === undefined && !name.startsWith('.')) return whole;
      const dotted = path.startsWith('.') ? path : `./${path}`;
      return `${lead}${quote}${dotted.replace(/\.ts$/, '.js')}${quote}`;
    },
  );
  writeFileSync(file, rewritten);
};

/** Writes the declarations of every entry below a folder that exists. */
export const buildTypes = (folder: string): void => {
  // A module reached through node_modules is emitted only when it is named itself.
  const reached = globSync(
    [
      '{primitives,channel,rollout}/src/*.ts',
      'privacy/src/{client,access-report,call-chain}.ts',
      'device/src/client.ts',
      'device/src/signals/{may-collect-signal,report-chain,signal-canary,signal-report,signal-rules,signal-shape,signal-words}.ts',
    ],
    {
      cwd: join(root, 'packages'),
    },
  );
  compile(
    'tsconfig.browser',
    [
      'sdk/src/web/index.ts',
      'sdk/src/web/trusted.ts',
      'sdk/src/web/directives.ts',
      'sdk/src/web/probes.ts',
      ...reached,
    ],
    folder,
  );
  const others = [
    'node',
    'noble',
    'native-signals',
    'bind',
    'bound',
    'consent',
    'directives',
    'journal',
    'keys',
    'trusted',
    'trusted-node',
    'bridge-conformance',
    'build/index',
    'privacy/web',
    'privacy/mini',
    'privacy/react-native',
  ];
  compile(
    'tsconfig',
    others.map((entry) => `sdk/src/${entry}.ts`),
    folder,
  );
  for (const file of globSync(join(folder, '**/*.d.ts'))) rewrite(file, folder);
};
