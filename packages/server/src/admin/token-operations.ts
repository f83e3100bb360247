/** Operations on tokens, and those by which somebody gets and loses one. */
import { after as afterTime, type Bytes, days, type EpochMs } from '@hauberk/primitives';
import { deny, type InputError } from './admin-problem.ts';
import {
  type AdminToken,
  hashSecret,
  isSameHash,
  mintSecret,
  parseSecret,
  type SecretParts,
  type StoredAdminToken,
  secretText,
  tokenEnd,
} from './admin-token.ts';
import type { Administration, Caller } from './administration.ts';
import {
  defaultPage,
  issuedTokenSchema,
  loginSchema,
  newTokenSchema,
  pageQuery,
  rolesSchema,
  selfSchema,
  tokenPageSchema,
  tokenSchema,
} from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';
import { lineageOfIssued } from './person.ts';
import { areas, type Grant, isAllowed, isRole, rightsBeyond, rightText, verbs } from './right.ts';
import { storageRefusal } from './storage-problem.ts';

const tokenDocument = (token: AdminToken, now: EpochMs): Readonly<Record<string, unknown>> => {
  const { id, subject, label, grants, createdBy, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs } = token;
  const state = tokenEnd(token, now) ?? 'live';
  const times = { createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs };
  return { id, prefix: `hbk_${id}`, subject, label, grants, state, createdBy, ...times };
};

/** What differs between tokens when they are made. */
export type TokenMaking = Pick<
  AdminToken,
  'organisation' | 'subject' | 'lineage' | 'label' | 'grants' | 'createdBy' | 'expiresAtMs'
>;

/** Makes a token with its secret; nothing is kept yet. */
export const makeToken = (
  administration: Pick<Administration, 'keys'>,
  making: TokenMaking,
  now: EpochMs,
): { readonly token: StoredAdminToken; readonly text: string } => {
  const secret = mintSecret(now);
  const { id: keyId, secret: key } = administration.keys.current('admin-token', now);
  const hash = hashSecret(key.reveal(), 'token', secret);
  const times = { createdAtMs: now, lastUsedAtMs: null, revokedAtMs: null };
  return { token: { ...making, id: secret.id, hash, keyId, ...times }, text: secretText('token', secret) };
};

/** Whether a secret belongs to a hash that was kept. */
export const isRightSecret = (
  { keys }: Pick<Administration, 'keys'>,
  kind: 'token' | 'startup',
  held: { readonly hash: Bytes; readonly keyId: number } | undefined,
  parts: SecretParts,
): boolean => {
  const key = held === undefined ? undefined : keys.find('admin-token', held.keyId);
  // Without a row too: otherwise the time would tell which ids exist.
  const hash = hashSecret(key?.secret.reveal() ?? new Uint8Array(32), kind, parts);
  return held !== undefined && key !== undefined && isSameHash(new Uint8Array(held.hash), hash);
};

const loginRefused = deny('login-required', { detail: 'the start-up secret is unknown, used or expired' });

const login: Operation = operation({
  id: 'login',
  method: 'POST',
  path: '/login',
  tag: 'tokens',
  summary: 'Exchanges the one-time secret of the first start for the token of the local administrator.',
  access: { kind: 'open' },
  body: loginSchema,
  replies: { 201: { description: 'The token, shown this once.', schema: issuedTokenSchema } },
  problems: ['login-required'],
  run: async ({ administration, body, now }) => {
    const parts = parseSecret('startup', body.secret);
    if (parts === undefined) return loginRefused;
    const { adminTokens } = administration.stores;
    const held = await adminTokens.findStartup(parts.id);
    if (!isRightSecret(administration, 'startup', held, parts) || held === undefined) return loginRefused;
    const subject = body.subject ?? 'administrator';
    const expiresAtMs = afterTime(now, days(administration.settings().longestTokenDays));
    const grants = [{ app: '*', role: 'administrator' }];
    const { organisation } = held;
    const making = {
      organisation,
      subject,
      lineage: [],
      label: 'first start',
      grants,
      createdBy: subject,
      expiresAtMs,
    };
    const { token, text } = makeToken(administration, making, now);
    const issued = await adminTokens.redeemStartup(parts.id, token, { actor: subject, now });
    if (issued.ok) return reply(201, { ...tokenDocument(issued.value, now), secret: text });
    return issued.code === 'startup-secret-used' ? loginRefused : storageRefusal({ code: issued.code });
  },
});

const logout: Operation = operation({
  id: 'logout',
  method: 'DELETE',
  path: '/self',
  tag: 'tokens',
  summary: 'Revokes the token that is shown.',
  access: { kind: 'token' },
  replies: { 200: { description: 'The token, revoked.', schema: tokenSchema } },
  run: async ({ administration, now }, caller) => {
    const acting = { actor: caller.subject, now };
    const revoked = await administration.stores.adminTokens.revoke(caller.organisation, caller.token, acting);
    if (revoked.ok) return reply(200, tokenDocument(revoked.value, now));
    return revoked.code === 'token-unknown' ? deny('not-found') : storageRefusal({ code: revoked.code });
  },
});

const rightsOn = (administration: Administration, grants: readonly Grant[], app: string): readonly string[] => {
  const { roles } = administration.settings();
  return areas.flatMap((area) =>
    verbs.flatMap((verb) => (isAllowed(grants, roles, { app, area, verb }) ? [`${area}:${verb}`] : [])),
  );
};

const self: Operation = operation({
  id: 'self',
  method: 'GET',
  path: '/self',
  tag: 'tokens',
  summary: 'Who the token stands for, and what it may do.',
  access: { kind: 'token' },
  replies: { 200: { description: 'The caller.', schema: selfSchema } },
  run: async ({ administration }, { organisation, subject, token, grants, held }) =>
    reply(200, {
      organisation,
      subject,
      token,
      expiresAtMs: held.expiresAtMs,
      grants,
      apps: administration
        .appsOf(organisation)
        .map((id) => ({ id, rights: rightsOn(administration, grants, id) }))
        .filter(({ rights }) => rights.length > 0),
      organisationRights: rightsOn(administration, grants, '*'),
    }),
});

const listRoles: Operation = operation({
  id: 'listRoles',
  method: 'GET',
  path: '/roles',
  tag: 'tokens',
  summary: 'Roles that tokens may be given: the built-in ones and those of the configuration.',
  access: { kind: 'token' },
  replies: { 200: { description: 'The roles.', schema: rolesSchema } },
  run: async ({ administration }) =>
    reply(200, {
      roles: Object.entries(administration.settings().roles).map(([name, rights]) => ({ name, rights })),
    }),
});

const listTokens: Operation = operation({
  id: 'listTokens',
  method: 'GET',
  path: '/tokens',
  tag: 'tokens',
  summary: 'Tokens of the organisation, oldest first; never their secrets.',
  access: { kind: 'organisation', area: 'tokens', verb: 'read' },
  query: pageQuery,
  replies: { 200: { description: 'A page.', schema: tokenPageSchema } },
  run: async ({ administration, query, now }, caller) => {
    const { limit = defaultPage, after } = query;
    const page = { limit, ...(after === undefined ? {} : { afterId: after }) };
    const listed = await administration.stores.adminTokens.list(caller.organisation, page);
    const next = listed.length === limit ? (listed.at(-1)?.id ?? null) : null;
    return reply(200, { items: listed.map((token) => tokenDocument(token, now)), next });
  },
});

const findToken: Operation = operation({
  id: 'findToken',
  method: 'GET',
  path: '/tokens/{token}',
  tag: 'tokens',
  summary: 'A token without its secret.',
  access: { kind: 'organisation', area: 'tokens', verb: 'read' },
  replies: { 200: { description: 'The token.', schema: tokenSchema } },
  run: async ({ administration, path, now }, caller) => {
    const held = await administration.stores.adminTokens.find(path['token'] ?? '');
    return held?.organisation === caller.organisation ? reply(200, tokenDocument(held, now)) : deny('not-found');
  },
});

const grantErrors = (
  administration: Administration,
  caller: Caller,
  grants: readonly Grant[],
): readonly InputError[] => {
  const { roles } = administration.settings();
  const apps = ['*', ...administration.appsOf(caller.organisation)];
  return grants.flatMap(({ app, role }, index) => [
    ...(apps.includes(app)
      ? []
      : [{ in: 'body', pointer: `/grants/${index}/app`, message: 'names no app of the organisation' } as const]),
    ...(isRole(role, roles)
      ? []
      : [{ in: 'body', pointer: `/grants/${index}/role`, message: 'names neither a role nor a right' } as const]),
  ]);
};

const createToken: Operation = operation({
  id: 'createToken',
  method: 'POST',
  path: '/tokens',
  tag: 'tokens',
  summary: 'Issues a token with rights that the caller has.',
  access: { kind: 'organisation', area: 'tokens', verb: 'write' },
  body: newTokenSchema,
  replies: { 201: { description: 'The token, shown this once.', schema: issuedTokenSchema } },
  problems: ['grant-beyond'],
  run: async ({ administration, body, now }, caller) => {
    const { longestTokenDays, roles } = administration.settings();
    const errors = grantErrors(administration, caller, body.grants);
    if (errors.length > 0) return deny('malformed', { errors });
    const life = body.days ?? longestTokenDays;
    if (life > longestTokenDays)
      return deny('malformed', { errors: [{ in: 'body', pointer: '/days', message: `at most ${longestTokenDays}` }] });
    const [beyond] = rightsBeyond(body.grants, caller.grants, roles);
    if (beyond !== undefined) return deny('grant-beyond', { right: rightText(beyond) });
    const { subject, label, grants } = body;
    const expiresAtMs = afterTime(now, days(life));
    const { organisation, subject: createdBy } = caller;
    const lineage = lineageOfIssued(caller);
    const { token, text } = makeToken(
      administration,
      { organisation, subject, lineage, label, grants, createdBy, expiresAtMs },
      now,
    );
    const issued = await administration.stores.adminTokens.issue(token, { actor: createdBy, now });
    return issued.ok
      ? reply(201, { ...tokenDocument(issued.value, now), secret: text })
      : storageRefusal({ code: issued.code });
  },
});

const revokeToken: Operation = operation({
  id: 'revokeToken',
  method: 'DELETE',
  path: '/tokens/{token}',
  tag: 'tokens',
  summary: 'Revokes a token at once; again, it changes nothing.',
  access: { kind: 'organisation', area: 'tokens', verb: 'write' },
  replies: { 200: { description: 'The token, revoked.', schema: tokenSchema } },
  run: async ({ administration, path, now }, caller) => {
    const acting = { actor: caller.subject, now };
    const { adminTokens } = administration.stores;
    const revoked = await adminTokens.revoke(caller.organisation, path['token'] ?? '', acting);
    if (revoked.ok) return reply(200, tokenDocument(revoked.value, now));
    return revoked.code === 'token-unknown' ? deny('not-found') : storageRefusal({ code: revoked.code });
  },
});

/** Operations on tokens. */
export const tokenOperations: readonly Operation[] = [
  login,
  self,
  logout,
  listRoles,
  listTokens,
  createToken,
  findToken,
  revokeToken,
];
