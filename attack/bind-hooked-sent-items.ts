import type { Attack } from './attack.ts';
import { bindAttack, finish, saidOf } from './binding-actor.ts';

/** The pattern of 2026: the victim's SMS is sent for them, and the attacker's own phone says whatever it likes. */
export const attack: Attack = bindAttack({
  id: 'bind-hooked-sent-items',
  title: "malware sends the token from the victim's phone, a hooked app forges the sent item",
  expected: 'no token: nothing vouches for the phone that asks',
  ground: { name: 'software', software: true },
  story: async (stage) => {
    const attacker = await stage.actor({ kind: 'script' });
    const token = await attacker.start();
    if (token.state !== 'issued') return saidOf(token);
    await stage.carry(token);
    return saidOf(await finish(attacker));
  },
  held: 'declined binding.not-attested',
  control: { without: ['attestation'] },
});
