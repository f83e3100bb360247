/** `hauberk config check|print|schema`: judge, show or describe a configuration without running it. */
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import { issueText, pathText } from '../config/config-issue.ts';
import { configJsonSchemaText } from '../config/json-schema.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { redact } from '../config/secrets.ts';
import { warningsOf } from '../config/warnings.ts';

/** What `--help` prints. */
export const usage: string =
  'usage: hauberk config check FILE [--json] | config print FILE --redacted [--json] | config schema\n';

const fail = (text: string): number => {
  process.stderr.write(text);
  return 2;
};

/** Writes what is wrong, one mistake a line. */
export const reportIssues = (loaded: Extract<LoadedConfig, { readonly ok: false }>): void => {
  for (const issue of loaded.issues) process.stderr.write(`${issueText(issue)}\n`);
};

/** Writes what is seldom meant, one warning a line. */
export const reportWarnings = (config: Config): void => {
  for (const { path, message, hint } of warningsOf(config))
    process.stderr.write(`warning: ${pathText(path)}: ${message} (hint: ${hint})\n`);
};

const check = (loaded: LoadedConfig, json: boolean): number => {
  if (!loaded.ok) reportIssues(loaded);
  const issues = loaded.ok ? [] : loaded.issues.map((issue) => ({ ...issue, path: pathText(issue.path) }));
  const warnings = loaded.ok ? warningsOf(loaded.config).map((each) => ({ ...each, path: pathText(each.path) })) : [];
  if (loaded.ok) reportWarnings(loaded.config);
  if (json) process.stdout.write(`${JSON.stringify({ ok: loaded.ok, issues, warnings })}\n`);
  else if (loaded.ok) process.stdout.write('ok\n');
  return loaded.ok ? 0 : 1;
};

const print = (loaded: LoadedConfig, json: boolean): number => {
  if (!loaded.ok) {
    reportIssues(loaded);
    return 1;
  }
  const shown = redact(loaded.config);
  process.stdout.write(json ? `${JSON.stringify(shown)}\n` : stringify(shown, { sortMapEntries: false }));
  return 0;
};

/** Runs `hauberk config`. */
export const config = async (args: readonly string[]): Promise<number> => {
  let parsed: { readonly values: { json?: boolean; redacted?: boolean }; readonly positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, redacted: { type: 'boolean' } },
    });
  } catch (error) {
    return fail(`hauberk config: ${error instanceof Error ? error.message : 'wrong arguments'}\n${usage}`);
  }
  const { values, positionals } = parsed;
  const [action, file, ...rest] = positionals;
  if (action === 'schema' && file === undefined) {
    process.stdout.write(configJsonSchemaText());
    return 0;
  }
  if (file === undefined || rest.length > 0) return fail(usage);
  if (action === 'check') return check(loadConfig(file, process.env), values.json === true);
  // Secrets are never printed; asking for --redacted makes that plain to whoever reads the script.
  if (action === 'print' && values.redacted === true) return print(loadConfig(file, process.env), values.json === true);
  return fail(action === 'print' ? `hauberk config print: say --redacted\n${usage}` : usage);
};
