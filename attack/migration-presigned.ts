import type { Attack } from './attack.ts';
import type { Call } from './http-call.ts';
import { forgeryOutcome, honestPass, presignedCall } from './migrated-client.ts';

const respelt = (from: string, to: string): Call => {
  const call = presignedCall('7');
  return { ...call, path: call.path.replace(from, to) };
};

/** A presigned URL is changed: another object, a longer life, a second parameter of a name. */
export const attack: Attack = {
  id: 'migration-presigned',
  title: 'a presigned URL is changed',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'another statement': respelt('statement=7', 'statement=8'),
      'a longer life': respelt('X-Amz-Expires=120', 'X-Amz-Expires=299'),
      'a parameter added': respelt('statement=7', 'statement=7&format=csv'),
      'a parameter twice': respelt('X-Amz-Expires=120', 'X-Amz-Expires=120&X-Amz-Expires=299'),
      'another method': { ...presignedCall('7'), method: 'DELETE' },
      'a body': { ...presignedCall('7'), body: new TextEncoder().encode('x') },
    })),
  control: (world) => honestPass(world, () => [presignedCall('7'), presignedCall('8')]),
};
