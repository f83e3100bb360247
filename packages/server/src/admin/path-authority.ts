/** Rights for the operators' paths beside `/admin/v1`: the same tokens, the same rights, the same audit log. */
import type { JsonValue } from '@hauberk/primitives';
import type { Administration, Caller } from './administration.ts';
import { authenticate, noteUse } from './authenticate.ts';
import { type Area, isAllowed, type Verb } from './right.ts';

/** What may be asked of it. */
export interface PathAuthority {
  /** The caller behind an `Authorization` header who has a right on the whole organisation, or why there is none. */
  readonly judge: (
    authorization: string | undefined,
    right: { readonly area: Area; readonly verb: Verb },
  ) => Promise<Caller | 'login-required' | 'right-missing'>;
  /** Puts what somebody did into the audit log of the organisation. */
  readonly record: (caller: Caller, action: string, facts: { readonly [name: string]: JsonValue }) => Promise<void>;
}

/** The authority of an administration. */
export const pathAuthority = (administration: Administration): PathAuthority => ({
  judge: async (authorization, right) => {
    const now = administration.now();
    const found = await authenticate(administration, authorization, now);
    if (!found.ok || found.value.organisation !== administration.organisation) return 'login-required';
    await noteUse(administration, found.value, now).catch(() => undefined);
    const { roles } = administration.settings();
    return isAllowed(found.value.grants, roles, { app: '*', ...right }) ? found.value : 'right-missing';
  },
  record: async ({ organisation, subject }, action, facts) => {
    const entry = { actor: subject, action, subject: 'gateway', facts };
    await administration.stores.audit.append({ organisation, app: '' }, entry, administration.now());
  },
});
