import type { Attack } from './attack.ts';
import { bindAttack, otherNumber, saidOf } from './binding-actor.ts';

/** Both know the password. */
export const attack: Attack = bindAttack({
  id: 'bind-parallel-sessions',
  title: 'two phones bind one customer at once',
  expected: 'the second gets no token while the first is at it',
  story: async (stage) => {
    const [first, second] = [await stage.actor(), await stage.actor()];
    await first.start();
    return saidOf(await second.start());
  },
  held: 'declined binding.busy',
  control: {
    // One after the other: the first one's attempt is over.
    story: async (stage) => {
      const [first, second] = [await stage.actor({ card: otherNumber }), await stage.actor()];
      await first.send(await first.start());
      return saidOf(await second.start());
    },
    ends: 'issued',
  },
});
