import type { Attack } from './attack.ts';
import { bindAttack, finish, otherNumber, saidOf } from './binding-actor.ts';

/** A race of the victim's SMS and the attacker's own. */
export const attack: Attack = bindAttack({
  id: 'bind-two-numbers',
  title: 'one token comes from two numbers at once',
  expected: 'declined, whichever comes first',
  story: async (stage) => {
    const phone = await stage.actor();
    const token = await phone.start();
    await Promise.all([phone.send(token), stage.carry(token, { from: otherNumber })]);
    return saidOf(await finish(phone));
  },
  held: (observed) => observed.startsWith('declined ') || observed.includes('wrong-state'),
  control: { without: ['one-number', 'number-match'] },
});
