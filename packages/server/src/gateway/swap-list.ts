/**
 * What is in flight, in no order: a plain array with swap-remove. A `Set` under steady churn leaves a chain of outgrown tables that keeps
 * whole requests alive until the next full collection: a fifth of the gateway's processor time went there.
 */

/** A member; `place` is kept by the list alone, -1 outside it. */
export interface Placed {
  place: number;
}

/** The list. A member is in at most one. */
export class SwapList<Member extends Placed> {
  private readonly members: Member[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: Member): void {
    member.place = this.members.length;
    this.members.push(member);
  }

  /** Answers whether it was there, so that exactly one of two ends acts. */
  remove(member: Member): boolean {
    const { place } = member;
    if (place < 0) return false;
    member.place = -1;
    const last = this.members.pop();
    if (last === undefined || last === member) return true;
    this.members[place] = last;
    last.place = place;
    return true;
  }

  /** Visits all, from the last: a visit that removes its own member moves only what was visited already. */
  forEach(visit: (member: Member) => void): void {
    for (let index = this.members.length - 1; index >= 0; index -= 1) {
      const member = this.members[index];
      if (member !== undefined) visit(member);
    }
  }
}
