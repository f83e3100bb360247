/**
 * Who may do what: a right is organisation x app x area x verb. A token belongs to one organisation and holds grants; a grant gives a role, or one
 * right, on one app or on all. Roles are named sets of rights: some are built in, a configuration may name more.
 */

/** What there is to administrate. */
export const areas = [
  'devices',
  'binding',
  'numbers',
  'privacy',
  'policy',
  'decisions',
  'intelligence',
  'keys',
  'audit',
  'outcomes',
  'tokens',
  'approvals',
] as const;
/** What may be done. `approve` is only asked for in the area `approvals`, `decide` in the area `decisions`. */
export const verbs = ['read', 'write', 'approve', 'decide'] as const;

/** One thing to administrate. */
export type Area = (typeof areas)[number];
/** One thing to do. */
export type Verb = (typeof verbs)[number];

/** What an operation asks for. `app: '*'` stands for the organisation as a whole: only a grant on all apps gives it. */
export interface Right {
  readonly app: string;
  readonly area: Area;
  readonly verb: Verb;
}

/** What a token was given. */
export interface Grant {
  /** An app, or `*` for every app of the organisation, also later ones. */
  readonly app: string;
  /** Name of a role, or a single right as `area:verb`, where `*` stands for every one. */
  readonly role: string;
}

/** Role → rights as `area:verb`. */
export type Roles = Readonly<Record<string, readonly string[]>>;

/** The roles that every installation has. */
export const builtInRoles: Roles = {
  administrator: ['*:*'],
  operator: [
    'devices:read',
    'devices:write',
    'binding:read',
    'binding:write',
    'outcomes:read',
    'outcomes:write',
    'audit:read',
    'approvals:read',
  ],
  approver: [
    'devices:read',
    'binding:read',
    'privacy:read',
    'policy:read',
    'decisions:read',
    'audit:read',
    'approvals:read',
    'approvals:approve',
  ],
  'policy-author': ['policy:read', 'policy:write', 'decisions:read', 'devices:read', 'approvals:read'],
  'risk-analyst': ['decisions:read', 'decisions:write', 'policy:read', 'devices:read', 'audit:read', 'approvals:read'],
  // A partner bank: reads the collections of TAXII, or adds to them as well.
  'intelligence-reader': ['intelligence:read'],
  'intelligence-partner': ['intelligence:read', 'intelligence:write'],
  // A service without the gateway in front of it: asks for decisions and tells how they turned out.
  'decision-client': ['decisions:decide'],
  'privacy-officer': ['privacy:read', 'privacy:write', 'devices:read', 'audit:read', 'approvals:read'],
  // Everything but what people's numbers are.
  auditor: areas.filter((area) => area !== 'numbers').map((area) => `${area}:read`),
  viewer: ['devices:read', 'binding:read'],
};

interface Pattern {
  readonly area: string;
  readonly verb: string;
}

const isOneOf = (names: readonly string[], name: string): boolean => name === '*' || names.includes(name);

/** Reads `area:verb`; undefined when it names no right. */
const parsePattern = (text: string): Pattern | undefined => {
  const [area = '', verb = '', ...rest] = text.split(':');
  return rest.length === 0 && isOneOf(areas, area) && isOneOf(verbs, verb) ? { area, verb } : undefined;
};

/** Whether a text names rights as `area:verb`. */
export const isRightPattern = (text: string): boolean => parsePattern(text) !== undefined;

/** The patterns of a role or of a single right. A role that is gone gives nothing. */
const patternsOf = (role: string, roles: Roles): readonly Pattern[] => {
  const texts = Object.hasOwn(roles, role) ? (roles[role] ?? []) : [role];
  return texts.flatMap((text) => parsePattern(text) ?? []);
};

/** Whether a name is a role or a single right. */
export const isRole = (role: string, roles: Roles): boolean => Object.hasOwn(roles, role) || isRightPattern(role);

/** Whether grants give a right. */
export const isAllowed = (grants: readonly Grant[], roles: Roles, right: Right): boolean =>
  grants.some(
    (grant) =>
      (grant.app === '*' || grant.app === right.app) &&
      patternsOf(grant.role, roles).some(
        ({ area, verb }) => (area === '*' || area === right.area) && (verb === '*' || verb === right.verb),
      ),
  );

/** Every right that a grant gives, one by one. */
export const rightsOf = (grant: Grant, roles: Roles): readonly Right[] =>
  areas.flatMap((area) =>
    verbs.flatMap((verb) => {
      const right = { app: grant.app, area, verb };
      return isAllowed([grant], roles, right) ? [right] : [];
    }),
  );

/** Rights that a grant would give beyond those that somebody holds: nobody gives what they do not have. */
export const rightsBeyond = (grants: readonly Grant[], held: readonly Grant[], roles: Roles): readonly Right[] =>
  grants.flatMap((grant) => rightsOf(grant, roles)).filter((right) => !isAllowed(held, roles, right));

/** A right as people write it. */
export const rightText = ({ app, area, verb }: Right): string =>
  `${area}:${verb} on ${app === '*' ? 'every app' : app}`;
