/** Who may ask for decisions: API tokens with the right `decisions:decide`. A token that was found good is believed for a few seconds. */
import type { EpochMs } from '@hauberk/primitives';
import { parseSecret, tokenEnd } from '../admin/admin-token.ts';
import { isAllowed, type Roles } from '../admin/right.ts';
import { isRightSecret } from '../admin/token-operations.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { AdminTokenStore } from '../storage/admin-token-store.ts';
import type { Scope } from '../storage/scope.ts';

/** What the check stands on. */
export interface ApiTokenParts {
  readonly tokens: Pick<AdminTokenStore, 'find'>;
  readonly keys: KeyReader;
  readonly roles: Roles;
  readonly organisation: string;
  readonly apps: readonly string[];
  readonly now: () => EpochMs;
}

/** Who asks. */
export interface ApiCaller {
  readonly subject: string;
  /** Apps for which it may ask. */
  readonly apps: readonly string[];
}

const believedMs = 5000;
const mostBelieved = 256;

/** Remembers who a header stands for. */
export class ApiTokens {
  readonly #parts: ApiTokenParts;
  readonly #believed = new Map<string, { readonly caller: ApiCaller; readonly untilMs: number }>();

  constructor(parts: ApiTokenParts) {
    this.#parts = parts;
  }

  /** The caller, at once; undefined when the record has to be asked. */
  known(header: string): ApiCaller | undefined {
    const held = this.#believed.get(header);
    return held !== undefined && held.untilMs > this.#parts.now() ? held.caller : undefined;
  }

  /** The caller behind an `Authorization` header; undefined for whoever has no good token. */
  async find(header: string): Promise<ApiCaller | undefined> {
    const { tokens, now, organisation, roles, apps } = this.#parts;
    const parts = parseSecret('token', /^Bearer ([\x21-\x7e]{1,128})$/i.exec(header)?.[1] ?? '');
    if (parts === undefined) return undefined;
    const held = await tokens.find(parts.id);
    if (!isRightSecret(this.#parts, 'token', held, parts) || held === undefined) return undefined;
    const at = now();
    if (tokenEnd(held, at) !== undefined || held.organisation !== organisation) return undefined;
    const right = { area: 'decisions', verb: 'decide' } as const;
    const caller = {
      subject: held.subject,
      apps: apps.filter((app) => isAllowed(held.grants, roles, { app, ...right })),
    };
    if (this.#believed.size >= mostBelieved) this.#believed.clear();
    this.#believed.set(header, { caller, untilMs: Math.min(at + believedMs, held.expiresAtMs) });
    return caller;
  }

  /** The app of a request: named, or the only one; undefined when it may not ask for it. */
  appOf({ apps }: ApiCaller, named: string | undefined): Scope | undefined {
    const { organisation } = this.#parts;
    const app = named ?? (apps.length === 1 ? apps[0] : undefined);
    return app !== undefined && apps.includes(app) ? { organisation, app } : undefined;
  }
}
