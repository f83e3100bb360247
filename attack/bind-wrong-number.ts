import type { Attack } from './attack.ts';
import { bindAttack, lastWord, otherNumber } from './binding-actor.ts';

/** A number of the attacker's own, with the victim's password. */
export const attack: Attack = bindAttack({
  id: 'bind-wrong-number',
  title: "the right token comes from a number that is not the customer's",
  expected: 'declined: sending, declared and registered number are one',
  story: async (stage) => {
    const phone = await stage.actor({ card: otherNumber });
    await phone.send(await phone.start());
    return lastWord(phone);
  },
  held: 'declined binding.number-mismatch',
  control: { without: ['number-match'] },
});
