import type { Attack } from './attack.ts';
import { bindAttack, honestStory } from './binding-actor.ts';
import type { LoosenedBinding } from './binding-ground.ts';

const loosen: LoosenedBinding = (section) => ({
  ...section,
  apps: Object.fromEntries(Object.keys(section.apps).map((app) => [app, { android: 52, ios: 52 }])),
});

/** The phone attests build 51, its client says 52. */
export const attack: Attack = bindAttack({
  id: 'bind-old-app',
  title: 'an old build claims to be the latest one',
  expected: 'declined: the attested build counts, not the claimed one',
  ground: { name: 'newer', loosen },
  build: 52,
  story: honestStory,
  held: 'declined binding.app-outdated',
  control: {},
});
