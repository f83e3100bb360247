/** Reads the configuration: file, environment, secret files, schema, rules. Every mistake is told at once, with its place and a hint. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { readFilePolicies } from '../decision/file-policies.ts';
import { readShadowRuns } from '../decision/shadow-runs.ts';
import type { BindingConfig } from './binding-config.ts';
import type { AttestationConfig, AuthzConfig, ClusterConfig, Config, TlsConfig } from './config.ts';
import type { ConfigIssue, ConfigPath, PathIssue } from './config-issue.ts';
import { resolveDecision } from './decision-rules.ts';
import { applyEnvironment } from './environment.ts';
import { unknownNameHint, valueHint } from './hints.ts';
import { configJsonSchema } from './json-schema.ts';
import { judgeConfig } from './rules.ts';
import { configSchema } from './schema.ts';
import { fileSuffix, isTree, resolveSecretFiles, type Tree } from './secrets.ts';
import type { SignalsConfig } from './signals-schema.ts';
import { resolveSms } from './sms-rules.ts';
import { resolveStorage } from './storage-schema.ts';

/** What loading answers. */
export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** A parsed file: its tree, and where each path stands in it. */
interface Source {
  readonly tree: Tree;
  readonly lineOf: (path: ConfigPath) => number | undefined;
}

/** The line of a path, or of the nearest mapping or list above it. */
const lineFinder = (document: Document, lines: LineCounter) => (path: ConfigPath) => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = isTree(node) ? node['range'] : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
  }
  return undefined;
};

const readSource = (file: string): Source | readonly ConfigIssue[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return [
      {
        file,
        path: [],
        message: `cannot be read: ${code}`,
        hint: 'name a file that is there: config check FILE, serve --config FILE',
      },
    ];
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const broken = document.errors.map((error) => ({
    file,
    line: error.linePos?.[0].line ?? 1,
    path: [],
    message: error.message.split('\n', 1)[0] ?? 'is no YAML',
    hint: 'the file is one YAML document',
  }));
  if (broken.length > 0) return broken;
  // An alias bomb ends here: the library refuses more than a hundred expansions.
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  if (!isTree(tree))
    return [{ file, line: 1, path: [], message: 'must be a mapping', hint: 'begin with organisation:' }];
  return { tree, lineOf: lineFinder(document, lines) };
};

const unknownNames = (schema: Tree, issue: z.core.$ZodIssueUnrecognizedKeys): readonly PathIssue[] => {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: 'is not known',
    hint: unknownNameHint(schema, path, key),
  }));
};

const shapeIssues = (error: z.ZodError): readonly PathIssue[] => {
  const schema = configJsonSchema();
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownNames(schema, issue);
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    const message = issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : issue.message;
    return [{ path, message, hint: valueHint(schema, path) }];
  });
};

const resolveCluster = ({ relay, nodes }: ClusterConfig, folder: string): ClusterConfig => ({
  nodes,
  relay: {
    ...relay,
    certificateFile: resolve(folder, relay.certificateFile),
    keyFile: resolve(folder, relay.keyFile),
    caFile: resolve(folder, relay.caFile),
  },
});

const resolveAuthz = (authz: AuthzConfig | undefined, folder: string): AuthzConfig | undefined => {
  if (authz === undefined) return undefined;
  const { socket, tls } = authz;
  return {
    socket: socket === undefined ? undefined : resolve(folder, socket),
    tls:
      tls === undefined
        ? undefined
        : {
            ...tls,
            certificateFile: resolve(folder, tls.certificateFile),
            keyFile: resolve(folder, tls.keyFile),
            clientCaFile: resolve(folder, tls.clientCaFile),
          },
  };
};

const resolveAttestation = (attestation: AttestationConfig, folder: string): AttestationConfig => {
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(folder, file);
  const { roots, approvedBuilds, androidRevocations } = attestation;
  return {
    ...attestation,
    roots: {
      android: absolute(roots.android),
      apple: absolute(roots.apple),
      appleReceipts: absolute(roots.appleReceipts),
      huks: absolute(roots.huks),
      webauthn: absolute(roots.webauthn),
    },
    approvedBuilds: absolute(approvedBuilds),
    androidRevocations: absolute(androidRevocations),
  };
};

const resolveBinding = (binding: BindingConfig | undefined, folder: string): BindingConfig | undefined => {
  if (binding === undefined) return undefined;
  const { revoked, risk, publishersFile } = binding.feeds;
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(folder, file);
  const feeds = { revoked: absolute(revoked), risk: absolute(risk), publishersFile: absolute(publishersFile) };
  const operator =
    binding.operator === undefined
      ? {}
      : { operator: { ...binding.operator, keyFile: absolute(binding.operator.keyFile) } };
  return { ...binding, ...operator, feeds };
};

const resolveSignals = (signals: SignalsConfig, folder: string): SignalsConfig =>
  signals.networksFile === undefined ? signals : { ...signals, networksFile: resolve(folder, signals.networksFile) };

const resolveTls = ({ certificateFile, keyFile }: TlsConfig, folder: string): TlsConfig => ({
  certificateFile: resolve(folder, certificateFile),
  keyFile: resolve(folder, keyFile),
});

/** The one token of earlier versions stood outside of rights and four eyes. It is refused by name: ignored, it would seem to be in force. */
const judgeGone = ({ admin }: Tree): readonly PathIssue[] =>
  ['token', `token${fileSuffix}`].flatMap((name) =>
    isTree(admin) && admin[name] !== undefined
      ? [
          {
            path: ['admin', name],
            message: 'config.admin-token-gone: there is no one token of the configuration any more',
            hint: 'remove it, and issue API tokens with rights: hauberk admin login, hauberk token create (docs/upgrade.md)',
          },
        ]
      : [],
  );

const judge = (tree: Tree, folder: string): Config | readonly PathIssue[] => {
  const gone = judgeGone(tree);
  if (gone.length > 0) return gone;
  const parsed = configSchema.safeParse(tree, { reportInput: true });
  if (!parsed.success) return shapeIssues(parsed.error);
  const config = { ...parsed.data, state: resolve(folder, parsed.data.state) };
  const { tls } = config.listen;
  const listen =
    tls === undefined
      ? config.listen
      : {
          ...config.listen,
          tls: resolveTls(tls, folder),
        };
  const { admin } = config;
  const adminTls = admin.tls === undefined ? undefined : resolveTls(admin.tls, folder);
  const issues = judgeConfig(config);
  const cluster = config.cluster === undefined ? undefined : resolveCluster(config.cluster, folder);
  const attestation = resolveAttestation(config.attestation, folder);
  if (issues.length > 0) return issues;
  const whole = {
    ...config,
    listen,
    admin: { ...admin, tls: adminTls },
    cluster,
    attestation,
    authz: resolveAuthz(config.authz, folder),
    binding: resolveBinding(config.binding, folder),
    decision: resolveDecision(config.decision, folder),
    signals: resolveSignals(config.signals, folder),
    sms: resolveSms(config.sms, folder),
    storage: resolveStorage(config.storage, folder),
  };
  // Last: policies are read by what the whole configuration declares.
  const policies = readFilePolicies(whole, readShadowRuns(whole.state));
  return policies.ok ? whole : policies.issues;
};

const isConfig = (value: Config | readonly PathIssue[]): value is Config => !Array.isArray(value);

/** Loads and judges a configuration file under an environment. File names in it are relative to its folder. */
export const loadConfig = (file: string, environment: Environment = {}): LoadedConfig => {
  const source = readSource(file);
  if (!('tree' in source)) return { ok: false, issues: source };
  const folder = dirname(resolve(file));
  const placed = (issues: readonly PathIssue[]): LoadedConfig => ({
    ok: false,
    issues: issues.map((issue) => {
      const line = source.lineOf(issue.path);
      return { file, ...(line === undefined ? {} : { line }), ...issue };
    }),
  });
  const early = [
    ...applyEnvironment(source.tree, environment),
    ...resolveSecretFiles(source.tree, (name) => readFileSync(resolve(folder, name), 'utf8')),
  ];
  if (early.length > 0) return placed(early);
  const judged = judge(source.tree, folder);
  return isConfig(judged) ? { ok: true, config: judged } : placed(judged);
};

/** Judges a configuration that is made by a program, as if it stood in a file of this name. */
export const parseConfig = (tree: unknown, file: string): LoadedConfig => {
  const judged = judge(isTree(tree) ? tree : {}, dirname(resolve(file)));
  return isConfig(judged)
    ? { ok: true, config: judged }
    : { ok: false, issues: judged.map((issue) => ({ file, ...issue })) };
};
