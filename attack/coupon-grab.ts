import type { DemoCustomer } from '@hauberk/example-bank';
import type { Attack } from './attack.ts';
import type { ObservedBank } from './observed-bank.ts';
import { bareCall, bareLogin, newVictim, nextCustomer, victimCall } from './victim.ts';

const calls = 200;

const timesPaidOut = async (bank: ObservedBank, { customerId }: DemoCustomer): Promise<number> =>
  (await bank.bookings()).filter((booking) => booking.kind === 'coupon' && booking.customerId === customerId).length;

/** One customer claims one coupon by 200 parallel calls. */
export const attack: Attack = {
  id: 'coupon-grab',
  title: '200 parallel coupon calls',
  expected: 'the rate limit of the device holds: one coupon at most',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const answers = await Promise.all(
      Array.from({ length: calls }, () =>
        victimCall(victim, 'POST', '/api/coupons/transit-12/claim', {
          headers: { 'idempotency-key': `claim-${victim.customer.customerId}` },
        }),
      ),
    );
    const claimed = answers.filter(({ status }) => status < 300).length;
    const limited = answers.filter(({ code }) => code === 'limited').length;
    const paid = await timesPaidOut(world.bank, victim.customer);
    return {
      observed: `${claimed} answers of success, ${limited} limited, paid out ${paid} times`,
      held: paid <= 1 && limited > 0,
    };
  },
  control: async (world) => {
    const customer = nextCustomer();
    const authorization = await bareLogin(world.bareBank, customer);
    await Promise.all(
      Array.from({ length: calls }, () =>
        bareCall(world.bareBank, 'POST', '/api/coupons/welcome-5/claim', { authorization }, '{}'),
      ),
    );
    return (await timesPaidOut(world.bareBank, customer)) > 1;
  },
};
