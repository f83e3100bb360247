/** `hauberk serve`: runs the gateway until SIGTERM or Ctrl-C; SIGHUP or a change of the file reloads the configuration, SIGHUP reopens the log. */
import { parseArgs } from 'node:util';
import { issueStartupSecret } from '../admin/startup-secret.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { watchFile } from '../config/watch.ts';
import { ListenError } from '../gateway/listen-error.ts';
import { createLog, type Log } from '../gateway/log.ts';
import { type RunningGateway, startGateway } from '../gateway/supervisor.ts';
import { telemetryVariables } from '../observability/tracing-settings.ts';
import { openStorage, StateError, suppliedMasterKey } from '../storage/index.ts';
import { reportIssues, reportWarnings } from './config.ts';
import { packageVersion } from './version.ts';

/** What `--help` prints. */
export const usage: string = 'usage: hauberk serve [--config FILE]\n';

/** Beyond the drain of requests, closing the storage may take this long. */
const closeGraceMs = 15_000;

const fileOf = (args: readonly string[]): string | undefined => {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string', short: 'c' } } });
    return values.config ?? process.env['HAUBERK_CONFIG'] ?? 'hauberk.yaml';
  } catch {
    return undefined;
  }
};

const start = async (config: Config, configFile: string, log: Log): Promise<RunningGateway> => {
  const storage = await openStorage({
    folder: config.state,
    master: suppliedMasterKey(process.env),
    previousMaster: suppliedMasterKey(process.env, 'HAUBERK_PREVIOUS_MASTER_KEY'),
  });
  const telemetry = telemetryVariables(process.env);
  return startGateway({ config, storage, configFile, log, telemetry, version: packageVersion() });
};

/** Why the gateway stops: asked to, or because its storage can no longer keep what it promises. */
const untilStopped = (gateway: RunningGateway, log: Log): Promise<number> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        log.info('gateway.stopping', { signal });
        resolve(0);
      });
    }
    void gateway.failed.then((error) => {
      log.error('storage.failed', { error });
      resolve(1);
    });
  });

/** At the first start, to the one who started it. Whoever else reads this stream could be faster, but not unnoticed: it counts once. */
const tellStartupSecret = async ({ administration, adminUrl }: RunningGateway): Promise<void> => {
  const issued = await issueStartupSecret(administration, false);
  if (!issued.ok) return;
  process.stderr.write(
    `administrator: exchange this secret once, within 24 hours, for a token (hauberk admin login --url ${adminUrl}):\n${issued.value.text}\n`,
  );
};

const run = async (gateway: RunningGateway, configFile: string, drainMs: number, log: Log): Promise<number> => {
  const reload = (): void => {
    gateway.reload().catch((error: unknown) => log.error('config.reload-failed', { error }));
  };
  const stopWatching = watchFile(configFile, reload);
  // One signal for both: that is what log rotation sends, and what people send after a change.
  const hangUp = (): void => {
    gateway.reopenLogs();
    reload();
  };
  process.on('SIGHUP', hangUp);
  const ready = { gateway: gateway.url, admin: gateway.adminUrl, trust: gateway.trust() };
  process.stdout.write(`ready ${JSON.stringify(ready)}\n`);
  const code = await untilStopped(gateway, log);
  stopWatching();
  process.off('SIGHUP', hangUp);
  // A storage that has failed may never close: the process ends all the same, and the next start finds out what was kept.
  setTimeout(() => process.exit(code), drainMs + closeGraceMs).unref();
  await gateway.stop();
  return code;
};

const refusal = (error: unknown): string | undefined => {
  if (error instanceof StateError) return `${error.code}: ${error.message} (hint: ${error.hint})`;
  if (error instanceof ListenError) return `${error.code}: ${error.message} (hint: choose another listen.port)`;
  if (error instanceof Error && 'code' in error && 'syscall' in error) return `${String(error.code)}: ${error.message}`;
  return undefined;
};

/** Runs `hauberk serve`. */
export const serve = async (args: readonly string[]): Promise<number> => {
  const configFile = fileOf(args);
  if (configFile === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const loaded = loadConfig(configFile, process.env);
  if (!loaded.ok) {
    reportIssues(loaded);
    return 1;
  }
  reportWarnings(loaded.config);
  const log = createLog(loaded.config.log.level);
  try {
    const gateway = await start(loaded.config, configFile, log);
    if (loaded.config.admin.api) await tellStartupSecret(gateway);
    return await run(gateway, configFile, loaded.config.limits.drainMs, log);
  } catch (error) {
    const text = refusal(error);
    if (text === undefined) throw error;
    process.stderr.write(`hauberk serve: ${text}\n`);
    return 1;
  }
};
