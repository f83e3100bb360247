import type { Attack } from './attack.ts';
import { bindAttack, honestStory } from './binding-actor.ts';
import type { LoosenedBinding } from './binding-ground.ts';

const loosen: LoosenedBinding = (section) => ({ ...section, policy: { ...section.policy, onSwapSilence: 'decline' } });

/** The attacker has number, password and a genuine phone: a SIM with the number is in it. */
export const attack: Attack = bindAttack({
  id: 'bind-cloned-sim',
  title: "a swapped or cloned SIM in the attacker's own phone",
  expected: 'declined where nobody can say when the SIM changed and policy says so',
  ground: { name: 'swap-strict', loosen },
  story: honestStory,
  held: 'declined binding.sim-changed',
  control: {},
});
