import type { Attack } from './attack.ts';
import { bindAttack, lastWord } from './binding-actor.ts';

/** The source of an SMS is text that a link writes; the phone's own app says that it was delivered. */
export const attack: Attack = bindAttack({
  id: 'bind-spoofed-sender',
  title: 'a sender is forged over a link that nobody trusts',
  expected: 'ignored: the attempt waits for its SMS',
  story: async (stage) => {
    const phone = await stage.actor({ simTricks: ['unsent-sms', 'hooked-sent-items'] });
    await stage.carry(await phone.start(), { link: 'bulk' });
    return lastWord(phone);
  },
  held: (observed) => observed.startsWith('issued'),
  control: { without: ['trusted-link'] },
});
