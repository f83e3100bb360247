/** Bank, wire and gateway as processes of their own that may be killed, over state that stays. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { fromBase64Url } from '@hauberk/primitives';
import type { Target } from '../../attack/wire-client.ts';
import { redeemSecret } from '../../packages/server/test/operator-token.ts';
import { type BankLink, openBankLink } from './bank-link.ts';
import { type ReadyProcess, startProcess } from './ready-process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const factsKey = 'facts-key-of-the-kill-tests-and-no-other';
const organisation = 'mailbrook';
const app = 'mailbrook-h5';

/** An answer of the admin listener. */
export interface AdminAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** One entry of the list of unknown outcomes. */
export interface ListedOutcome {
  readonly entry: string;
  readonly device: string;
  readonly route: string;
}

interface Trust {
  readonly services: readonly { readonly id: string }[];
  readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[];
}

const targetOf = ({ ready }: ReadyProcess): Target => {
  const trust = ready['trust'] as Trust;
  const configKeys = trust.configKeys.map(({ kid, publicKey }) => {
    const key = fromBase64Url(publicKey);
    if (key === undefined) throw new Error(`${kid} is not base64url`);
    return { kid, publicKey: key };
  });
  return { gateway: String(ready['gateway']), organisation, app, service: trust.services[0]?.id ?? '', configKeys };
};

/**
 * The demo bank's configuration, but with an upstream that is not idempotent: the bank itself runs without any guard, so whatever keeps a
 * repeat from being booked is the gateway.
 */
const writeConfig = (file: string): void => {
  const text = readFileSync(at('examples/bank/hauberk.yaml'), 'utf8');
  const changed = text.replaceAll('upstreamIsIdempotent: true', 'upstreamIsIdempotent: false');
  if (changed === text) throw new Error('the demo bank no longer declares an idempotent upstream');
  writeFileSync(file, changed);
  cpSync(at('examples/bank/policies'), join(dirname(file), 'policies'), { recursive: true });
};

/** Everything that the rounds of killing share. */
export class KillWorld {
  readonly folder: string;
  readonly state: string;
  readonly journal: string;
  readonly config: string;
  readonly link: BankLink;
  #bank: ReadyProcess;
  #gateway: ReadyProcess | undefined;
  #token: string | undefined;
  readonly #workers: number;

  private constructor(bank: ReadyProcess, link: BankLink, folder: string, workers: number) {
    this.folder = folder;
    this.state = join(folder, 'state');
    this.journal = join(folder, 'bank.journal');
    this.config = join(folder, 'hauberk.yaml');
    this.#bank = bank;
    this.link = link;
    this.#workers = workers;
  }

  /** Starts bank, wire and gateway on fresh state. */
  static async start(workers: number): Promise<KillWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-sigkill-'));
    const bank = await startBank(join(folder, 'bank.journal'));
    const link = await openBankLink(String(bank.ready['bank']));
    const world = new KillWorld(bank, link, folder, workers);
    writeConfig(world.config);
    await world.startGateway();
    return world;
  }

  /** The running gateway. */
  get gateway(): ReadyProcess {
    if (this.#gateway === undefined) throw new Error('the gateway is down');
    return this.#gateway;
  }

  /** Where clients find the gateway; changes with each start. */
  get target(): Target {
    return targetOf(this.gateway);
  }

  async startGateway(): Promise<void> {
    this.#gateway = await startProcess([at('packages/server/src/main.ts'), 'serve', '--config', this.config], {
      HAUBERK__state: this.state,
      HAUBERK__workers: String(this.#workers),
      HAUBERK__listen__port: '0',
      HAUBERK__admin__port: '0',
      HAUBERK__admin__requestsPerSecond: '10000',
      HAUBERK__admin__fourEyes__unsuspend: 'never',
      HAUBERK__admin__fourEyes__revoke: 'never',
      HAUBERK__upstreams__bank__origin: this.link.url,
      HAUBERK__upstreams__bank__factsKey: factsKey,
      HAUBERK__log__access: 'none',
      HAUBERK__log__level: 'error',
    });
    const gateway = this.#gateway;
    // Once: a token outlives every crash.
    this.#token ??= await redeemSecret(String(gateway.ready['admin']), gateway.errors);
  }

  /** No warning, no last word. */
  async killGateway(): Promise<void> {
    const gateway = this.gateway;
    this.#gateway = undefined;
    await gateway.end('SIGKILL');
  }

  async killBank(): Promise<void> {
    await this.#bank.end('SIGKILL');
  }

  async restartBank(): Promise<void> {
    this.#bank = await startBank(this.journal);
    this.link.leadTo(String(this.#bank.ready['bank']));
  }

  /** A call of the admin API on the app. */
  async admin(method: 'GET' | 'POST', path: string, body?: object): Promise<AdminAnswer> {
    const reply = await fetch(`${String(this.gateway.ready['admin'])}/admin/v1/apps/${app}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: reply.status, json: (await reply.json()) as Readonly<Record<string, unknown>> };
  }

  async unknownOutcomes(): Promise<readonly ListedOutcome[]> {
    return (await this.admin('GET', '/unknown-outcomes')).json['items'] as readonly ListedOutcome[];
  }

  /** How often each client reference was booked, as the bank's journal has it on the disk. */
  bookings(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const line of readFileSync(this.journal, 'utf8').split('\n')) {
      // The last line may be cut short: what the bank never acknowledged.
      const reference = line.endsWith('}') ? JSON.parse(line.slice(9)).movement?.clientReference : undefined;
      if (typeof reference === 'string') counts.set(reference, (counts.get(reference) ?? 0) + 1);
    }
    return counts;
  }

  /** What the bank says of its own books. */
  async ledgerCheck(): Promise<{ readonly balanced: boolean; readonly duplicates: readonly unknown[] }> {
    const reply = await fetch(`${String(this.#bank.ready['bank'])}/api/ledger/check`);
    return (await reply.json()) as { readonly balanced: boolean; readonly duplicates: readonly unknown[] };
  }

  /** The reasons of all device changes in the audit log. */
  auditedReasons(): ReadonlySet<string> {
    const record = new DatabaseSync(join(this.state, 'record.db'), { readOnly: true });
    try {
      const rows = record.prepare('select entry from audit_entries').all();
      return new Set(rows.map(({ entry }) => String(JSON.parse(String(entry)).facts?.reason)));
    } finally {
      record.close();
    }
  }

  /** `hauberk audit verify --json`. */
  verifyAudit(): { readonly status: number | null; readonly output: string } {
    const args = [at('packages/server/src/main.ts'), 'audit', 'verify', '--json', '--state', this.state];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  }

  async close(): Promise<void> {
    await this.#gateway?.end('SIGKILL');
    await this.#bank.end('SIGKILL');
    await this.link.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const startBank = (journal: string): Promise<ReadyProcess> =>
  startProcess([at('examples/bank/src/serve.ts'), '--port', '0', '--guards', 'bare', '--journal', journal], {
    BANK_FACTS_KEY: factsKey,
  });
