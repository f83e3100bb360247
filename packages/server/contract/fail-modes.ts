/**
 * What happens on each kind of route when a dependency fails: the one table that docs/overload.md shows and that
 * `packages/server/test/fail-mode-table.test.ts` checks cell by cell, against a gateway whose dependency is cut.
 */
import type { Execution } from '@hauberk/primitives';
import type { Reason } from '../src/gateway/reasons.ts';

/** Kinds of routes: the classes under protection, an observed one and an open one. */
export const routeKinds = ['money', 'bind', 'login', 'read', 'observed', 'open'] as const;

/** One of them. */
export type RouteKind = (typeof routeKinds)[number];

/** What may fail, and how. */
export const failures = {
  'upstream-down': 'the upstream takes no connection',
  'upstream-silent': 'the upstream does not answer',
  'upstream-broken': 'the same, and its breaker is open',
  'writer-full': 'the disk is full',
  'writer-slow': 'the writer does not answer',
  'record-unreadable': 'the record cannot be read',
  'replay-table-lost': 'the replay table is gone (a restart)',
  'keys-unreachable': 'the keys cannot be renewed',
  'config-refused': 'a new configuration is refused',
  'peer-down': 'the node that owns the session is gone',
} as const;

/** One of them. */
export type Failure = keyof typeof failures;

/** What becomes of a request; a refusal has its inner reason and tells whether the upstream may have acted. */
export type Fate =
  | { readonly fate: 'served' }
  /** Forwarded, but the upstream is told of no login. */
  | { readonly fate: 'served-without-login' }
  /** Forwarded as from an unverified client, as observed routes do. */
  | { readonly fate: 'served-unverified' }
  | { readonly fate: 'refused'; readonly reason: Reason; readonly execution: Execution };

const served: Fate = { fate: 'served' };
const refused = (reason: Reason, execution: Execution): Fate => ({ fate: 'refused', reason, execution });
const onAll = (fate: Fate): Readonly<Record<RouteKind, Fate>> => ({
  money: fate,
  bind: fate,
  login: fate,
  read: fate,
  observed: fate,
  open: fate,
});

/** The table. */
export const failModes: Readonly<Record<Failure, Readonly<Record<RouteKind, Fate>>>> = {
  'upstream-down': onAll(refused('upstream.unreachable', 'none')),
  'upstream-silent': onAll(refused('upstream.timeout', 'unknown')),
  'upstream-broken': onAll(refused('upstream.open', 'none')),
  'writer-full': {
    ...onAll(served),
    money: refused('storage.full', 'none'),
    login: refused('storage.full', 'unknown'),
  },
  'writer-slow': {
    ...onAll(served),
    money: refused('storage.slow', 'none'),
    login: refused('storage.slow', 'unknown'),
  },
  'record-unreadable': {
    money: refused('storage.fault', 'none'),
    bind: refused('storage.fault', 'none'),
    login: refused('storage.fault', 'unknown'),
    read: { fate: 'served-without-login' },
    observed: served,
    open: served,
  },
  'replay-table-lost': {
    ...onAll(refused('request.ticket-boot', 'unknown')),
    observed: { fate: 'served-unverified' },
    open: served,
  },
  'keys-unreachable': onAll(served),
  'config-refused': onAll(served),
  'peer-down': { ...onAll(refused('request.ticket-node', 'unknown')), open: served },
};

const shown = (fate: Fate): string => {
  switch (fate.fate) {
    case 'served':
      return 'served';
    case 'served-without-login':
      return 'served without login';
    case 'served-unverified':
      return 'served as unverified';
    case 'refused':
      return `\`${fate.reason}\`, ${fate.execution}`;
  }
};

/** The table as docs/overload.md shows it. */
export const failModeTable = (): string => {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const names = Object.keys(failures) as Failure[];
  return [
    row(['when', ...routeKinds.map((kind) => `\`${kind}\``)]),
    row(['when', ...routeKinds].map(() => '---')).replaceAll(' ', ''),
    ...names.map((name) => row([failures[name], ...routeKinds.map((kind) => shown(failModes[name][kind]))])),
  ].join('');
};
