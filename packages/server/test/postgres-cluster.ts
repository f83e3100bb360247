/** A PostgreSQL of its own in a temporary folder, reached over a unix socket or by TLS, for tests. The server refuses to run as root. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { PostgresConfig } from '../src/config/storage-config.ts';

const folders = globSync('/usr/lib/postgresql/*/bin').toSorted(
  (one, other) => Number(other.split('/')[4]) - Number(one.split('/')[4]),
);
const bin = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));

/** Why tests of PostgreSQL cannot run here; false when they can. */
export const noPostgres: string | false = bin === undefined ? 'no PostgreSQL (Debian: postgresql)' : false;

/** A running server. */
export interface PostgresCluster {
  readonly config: PostgresConfig;
  /** Runs SQL as the owner of the cluster. */
  readonly sql: (text: string) => string;
  readonly start: () => void;
  /** `immediate` is a crash: nothing is written before the end. */
  readonly stop: (mode: 'fast' | 'immediate') => void;
  readonly remove: () => void;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whoever runs the tests, or, in place of root, the user that the package made. */
const ownerOf = (): Owner | undefined => {
  if (userInfo().uid !== 0) return undefined;
  const number = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
};

/** TLS of the cluster, on a free port of the loopback address. */
export interface ClusterTls {
  readonly certificate: string;
  readonly key: string;
  readonly port: number;
}

/** Makes a cluster and starts it. The user `hauberk` owns the database `hauberk`. */
export const startCluster = (tls?: ClusterTls): PostgresCluster => {
  if (bin === undefined) throw new Error('no PostgreSQL');
  const owner = ownerOf();
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-pg-'));
  chmodSync(folder, 0o755);
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const run = (program: string, args: readonly string[], input?: string): string => {
    const done = spawnSync(join(bin, program), args, {
      encoding: 'utf8',
      cwd: folder,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
      ...owner,
    });
    if (done.status !== 0) throw new Error(`${program}: ${done.stderr}${done.stdout}`);
    return done.stdout.trim();
  };
  // The server must not keep our pipes, or waiting for pg_ctl would be waiting for the server.
  const control = (args: readonly string[]): void => {
    const done = spawnSync(join(bin, 'pg_ctl'), ['-D', data, '-w', '-l', join(folder, 'log'), ...args], {
      cwd: folder,
      stdio: 'ignore',
      ...owner,
    });
    if (done.status !== 0)
      throw new Error(
        `pg_ctl ${args.join(' ')}: ${existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : ''}`,
      );
  };
  run('initdb', [
    '-D',
    data,
    '-U',
    'owner',
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ]);
  const settings = [
    `unix_socket_directories = '${folder}'`,
    'shared_buffers = 8MB',
    'max_connections = 60',
    'log_min_messages = fatal',
  ];
  if (tls === undefined) settings.push("listen_addresses = ''");
  else {
    const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
    writeFileSync(certificate, tls.certificate);
    writeFileSync(key, tls.key, { mode: 0o600 });
    if (owner !== undefined) chownSync(key, owner.uid, owner.gid);
    settings.push(
      "listen_addresses = '127.0.0.1'",
      `port = ${tls.port}`,
      'ssl = on',
      `ssl_cert_file = '${certificate}'`,
      `ssl_key_file = '${key}'`,
    );
    writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
  }
  appendFileSync(join(data, 'postgresql.conf'), `${settings.join('\n')}\n`);
  const port = tls?.port ?? 5432;
  const sql = (text: string): string =>
    run(
      'psql',
      ['-h', folder, '-p', String(port), '-U', 'owner', '-d', 'hauberk', '-AtqX', '-v', 'ON_ERROR_STOP=1'],
      text,
    );
  control(['start']);
  run('createuser', ['-h', folder, '-p', String(port), '-U', 'owner', 'hauberk']);
  run('createdb', ['-h', folder, '-p', String(port), '-U', 'owner', '-O', 'hauberk', 'hauberk']);
  return {
    config: {
      host: folder,
      port,
      database: 'hauberk',
      user: 'hauberk',
      schema: 'hauberk',
      tls: 'none',
      connections: 8,
      calls: 512,
      connectTimeoutMs: 20_000,
      statementTimeoutMs: 20_000,
    },
    sql,
    start: () => control(['start']),
    stop: (mode) => control(['stop', '-m', mode]),
    remove: () => {
      try {
        control(['stop', '-m', 'immediate']);
      } catch {
        // It was stopped already.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
