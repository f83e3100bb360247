import type { Attack } from './attack.ts';
import { bareCall, bareJson, nextCustomer, nextReference, passwordStep } from './victim.ts';
import { call, enrol, openSession } from './wire-client.ts';

const guesses = 16;

/** Passwords of one customer are guessed from many fresh devices, all at once, so that no limit per device is ever met. */
export const attack: Attack = {
  id: 'login-guess',
  title: 'passwords of one customer are guessed from many devices',
  expected: 'after a few wrong ones the bank is not asked any more for this name; customers log in all the same',
  needs: 'own-gateway',
  run: async (world) => {
    const username = nextReference();
    const target = world.target();
    const before = world.received.length;
    const answers = await Promise.all(
      Array.from({ length: guesses }, async (_, index) => {
        const session = await openSession(target, await enrol(target));
        const body = JSON.stringify({ username, password: `guess-${index}` });
        return call(target, session, 'POST', '/api/login', { body });
      }),
    );
    const asked = world.received.slice(before).filter((received) => received.target.startsWith('/api/login')).length;
    const limited = answers.filter(({ code }) => code === 'limited').length;
    const honest = await passwordStep(target, await openSession(target, await enrol(target)), nextCustomer());
    return {
      observed: `${asked} of ${guesses} guesses reached the bank, ${limited} were held back; a customer's login ${honest.status}`,
      held: asked < guesses && asked + limited === guesses && limited > 0 && honest.status === 200,
    };
  },
  control: async (world) => {
    const username = nextCustomer().username;
    const body = (index: number): string => JSON.stringify({ username, password: `guess-${index}` });
    const replies = await Promise.all(
      Array.from({ length: guesses }, (_, index) => bareCall(world.bareBank, 'POST', '/api/login', {}, body(index))),
    );
    // The bare bank judges every one of them.
    return replies.every((reply) => reply.status === 401 && bareJson(reply)['code'] !== 'limited');
  },
};
