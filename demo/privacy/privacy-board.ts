/** What the privacy officer sees: findings, what was stopped, and the proof that it was. Asked for over the admin API, as the command does. */
import { type AdminApi, createAdminClient } from '@hauberk/admin-client';

/** A finding as the board shows it. */
export interface FindingRow {
  readonly rule: string;
  readonly severity: string;
  readonly owner: string;
  readonly api: string;
  readonly chain: string;
  readonly state: string;
}

/** A stop as the board shows it. */
export interface StopRow {
  readonly chain: string;
  readonly devices: number;
  readonly calls: number;
}

/** What the board shows. */
export interface PrivacyRows {
  readonly findings: readonly FindingRow[];
  readonly stops: readonly StopRow[];
}

const everyMs = 1000;
const most = 4;

const readRows = async (api: AdminApi, app: string): Promise<PrivacyRows> => {
  const { value: page } = await api.listPrivacyFindings({ app, limit: most });
  const { value: stopped } = await api.listPrivacyStops({ app });
  const stops = await Promise.all(
    stopped.stops.map(async ({ chain }) => {
      const { value } = await api.findPrivacyChain({ app, chain });
      const calls = value.effects.reduce((sum, effect) => sum + effect.stopped, 0);
      return { chain, devices: Math.max(0, ...value.effects.map(({ devices }) => devices)), calls };
    }),
  );
  const findings = page.items.map(({ kind, severity, owner, api: name, chain, state }) => ({
    rule: kind,
    severity,
    owner,
    api: name,
    chain,
    state,
  }));
  return { findings, stops };
};

/** The board; `rows` are as of the last second. */
export class PrivacyBoard {
  /** Whose findings these are. */
  readonly app: string;
  rows: PrivacyRows = { findings: [], stops: [] };
  #listener: (line: string) => void = () => undefined;
  readonly #told = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(connection: { readonly url: string; readonly token: string }, app: string) {
    this.app = app;
    const api = createAdminClient(connection);
    let isAsking = false;
    this.#timer = setInterval(() => {
      if (isAsking) return;
      isAsking = true;
      readRows(api, app)
        .then((rows) => this.#show(rows))
        .catch(() => undefined)
        .finally(() => {
          isAsking = false;
        });
    }, everyMs);
  }

  /** Told once of every finding, of its states, and of the first proof of every stop. */
  onLine(listener: (line: string) => void): void {
    this.#listener = listener;
  }

  #show(rows: PrivacyRows): void {
    this.rows = rows;
    for (const row of rows.findings) this.#tell(findingText(row));
    for (const { chain, calls } of rows.stops)
      if (calls > 0) this.#tell(`chain ${chain} is stopped, and devices proved it`);
  }

  #tell(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#listener(line);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** `high background: @adpulse/web web:navigator.geolocation.getCurrentPosition chain 0a1b2c3d4e5f6071 open`. */
export const findingText = ({ rule, severity, owner, api, chain, state }: FindingRow): string =>
  `${severity} ${rule}: ${owner} ${api} chain ${chain} ${state}`;
