import type { Attack } from './attack.ts';
import { chunkedCall, forgeryOutcome, honestPass } from './migrated-client.ts';

/** The chunks of a chunk-signed body are changed, left out, doubled, moved, or come from another request. */
export const attack: Attack = {
  id: 'migration-chunks',
  title: 'the chunks of a chunk-signed body are changed, left out, doubled, moved or exchanged',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => {
      let foreign: readonly string[] = [];
      chunkedCall((chunks) => {
        foreign = chunks;
        return chunks;
      });
      return {
        'a byte changed': chunkedCall(([first = '', ...rest]) => [first.replace('aaa', 'aab'), ...rest]),
        'the first chunk left out': chunkedCall(([, ...rest]) => rest),
        'a chunk doubled': chunkedCall(([first = '', ...rest]) => [first, first, ...rest]),
        'two chunks exchanged': chunkedCall(([first = '', second = '', ...rest]) => [second, first, ...rest]),
        'the end cut off': chunkedCall((chunks) => chunks.slice(0, -1)),
        'cut short before the end': chunkedCall((chunks) => chunks.toSpliced(2, 1)),
        'the last chunk of another request': chunkedCall((chunks) => [...chunks.slice(0, 2), ...foreign.slice(2)]),
        'bytes behind the end': chunkedCall((chunks) => [...chunks, 'x']),
      };
    }),
  control: (world) => honestPass(world, () => [chunkedCall(), chunkedCall()]),
};
