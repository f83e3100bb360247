import type { Attack } from './attack.ts';
import { bindAttack, honestStory } from './binding-actor.ts';

/** A new node must not lengthen the timer. */
export const attack: Attack = bindAttack({
  id: 'bind-after-failover',
  title: 'the SMS comes after the gateway restarted',
  expected: 'the attempt is over: no clock can say how long it took',
  ground: { name: 'restarted' },
  story: async (stage) => {
    const phone = await stage.actor();
    const token = await phone.start();
    await stage.restart();
    return stage.carry(token);
  },
  held: 'declined binding.failover',
  control: { story: honestStory },
});
