import type { Attack } from './attack.ts';
import { bindAttack, otherNumber, saidOf } from './binding-actor.ts';

/** The attacker knows the password and holds a genuine phone with a SIM of their own; the SMS is the victim's. */
export const attack: Attack = bindAttack({
  id: 'bind-forwarded-token',
  title: "a victim is talked into sending the attacker's token by SMS",
  expected: "declined: the attacker's genuine app has no sent item, and no code arrives in its inbox",
  story: async (stage) => {
    const attacker = await stage.actor({ card: otherNumber });
    const token = await attacker.start();
    await stage.carry(token);
    const seen = await attacker.sentItem();
    const claimed = await attacker.confirm();
    return claimed.state === 'bound' ? 'bound' : `${saidOf(seen)}, then ${saidOf(claimed)}`.trim();
  },
  held: (observed) => observed.endsWith('binding.unproven'),
  control: { without: ['possession'] },
});
