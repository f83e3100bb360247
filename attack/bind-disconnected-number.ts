import type { Attack } from './attack.ts';
import { bindAttack, honestStory } from './binding-actor.ts';
import { everyNumberRevoked } from './binding-ground.ts';

/** Every number of the bank is on this list, and the list is of this moment. */
export const attack: Attack = bindAttack({
  id: 'bind-disconnected-number',
  title: 'the SIM of a number that was disconnected',
  expected: 'declined: the number is on the list of revoked ones',
  ground: { name: 'listed', loosen: everyNumberRevoked },
  story: honestStory,
  held: 'declined binding.number-revoked',
  control: {},
});
