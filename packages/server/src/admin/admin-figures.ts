/** What the administration counts of itself: calls by operation and outcome, and proposals that wait. */

import { maxOpenApprovals } from '../storage/approval-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { AdminProblemCode } from './admin-problem.ts';
import type { Administration } from './administration.ts';
import type { OperationName } from './operation-names.ts';

/** How a call ended. */
export type AdminOutcome = 'done' | AdminProblemCode;

/** How many calls of an operation ended so; `none` stands for calls that named no operation. */
export interface CallFigure {
  readonly operation: OperationName | 'none';
  readonly outcome: AdminOutcome;
  readonly count: number;
}

/** Proposals of an app that nobody has carried out yet. */
export interface ApprovalFigure {
  readonly app: string;
  readonly state: 'pending' | 'approved' | 'executing';
  readonly count: number;
}

/** Both. */
export interface AdminFigures {
  readonly calls: readonly CallFigure[];
  readonly approvals: readonly ApprovalFigure[];
}

/** Counts calls. Both names come from closed lists, so nobody can make the counts grow without end. */
export class CallCounts {
  readonly #counts = new Map<string, CallFigure>();

  add(operation: CallFigure['operation'], outcome: AdminOutcome): void {
    const name = `${operation} ${outcome}`;
    const { count } = this.#counts.get(name) ?? { count: 0 };
    this.#counts.set(name, { operation, outcome, count: count + 1 });
  }

  figures(): readonly CallFigure[] {
    return [...this.#counts.values()];
  }
}

const waiting = ['pending', 'approved', 'executing'] as const;

/** What is counted now. */
export const adminFigures = async ({
  calls,
  stores,
  organisation,
  appsOf,
  now,
}: Administration): Promise<AdminFigures> => {
  const scopes: readonly Scope[] = appsOf(organisation).map((app) => ({ organisation, app }));
  const at = now();
  const figures = scopes.flatMap((scope) =>
    waiting.map(async (state): Promise<ApprovalFigure> => {
      const page = { state, newestFirst: true, limit: maxOpenApprovals };
      const listed = await stores.approvals.list(scope, page);
      // What was being carried out when its time ended is still to be carried out.
      const open = listed.filter(({ expiresAtMs }) => state === 'executing' || expiresAtMs > at);
      return { app: scope.app, state, count: open.length };
    }),
  );
  return { calls: calls.figures(), approvals: await Promise.all(figures) };
};
