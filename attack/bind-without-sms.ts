import type { Attack } from './attack.ts';
import { bindAttack, honestStory, saidOf } from './binding-actor.ts';

/** The calls of a client that leaves out the one thing it does not control. */
export const attack: Attack = bindAttack({
  id: 'bind-without-sms',
  title: 'the endpoint is called directly: token, sent item, confirmation, and no SMS',
  expected: 'nothing is bound: only an SMS leads on',
  story: async (stage) => {
    const attacker = await stage.actor();
    await attacker.start();
    await attacker.sentItem('delivered');
    return saidOf(await attacker.confirm());
  },
  held: (observed) => observed.startsWith('issued '),
  control: { story: honestStory },
});
