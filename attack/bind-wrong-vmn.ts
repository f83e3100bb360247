import type { Attack } from './attack.ts';
import { bindAttack, lastWord } from './binding-actor.ts';
import { pool } from './binding-ground.ts';

/** The text leaked, the number it belongs to did not; the app that tries says that its SMS was delivered. */
export const attack: Attack = bindAttack({
  id: 'bind-wrong-vmn',
  title: 'the token is sent to another VMN than the assigned one',
  expected: 'declined and told: a guess shows that the text alone is known',
  story: async (stage) => {
    const phone = await stage.actor({ simTricks: ['unsent-sms', 'hooked-sent-items'] });
    const token = await phone.start();
    const to = pool.find((vmn) => vmn !== token.vmn);
    await stage.carry(token, to === undefined ? {} : { to });
    return lastWord(phone);
  },
  held: 'declined binding.wrong-vmn',
  control: { without: ['assigned-vmn'] },
});
