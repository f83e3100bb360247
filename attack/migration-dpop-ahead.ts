import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { dpopCall, leaks, migratedPath, onMigratedGateway, reached } from './migrated-client.ts';

const path = migratedPath.dpopNonce;
const now = (): number => Math.floor(Date.now() / 1000);
/** Of the right form, issued by nobody. */
const invented = Buffer.alloc(24, 7).toString('base64url');

/** Who holds the device for a minute makes proofs for later: without the gateway's nonce of then they are worth nothing. */
export const attack: Attack = {
  id: 'migration-dpop-ahead',
  title: 'DPoP proofs made ahead, for a time when the device is out of reach',
  expected: 'none reaches the bank: each needs a nonce that nobody knows yet',
  needs: 'own-gateway',
  run: (world) =>
    onMigratedGateway(world, async (gateway) => {
      const ahead = {
        'made for a minute from now': dpopCall({ path, claims: { iat: now() + 60 } }),
        'without nonce': dpopCall({ path }),
        'under an invented nonce': dpopCall({ path, claims: { nonce: invented } }),
        'under a nonce that is no text': dpopCall({ path, claims: { nonce: 7 } }),
      };
      const leaked = await leaks(world, gateway, ahead);
      return {
        observed: leaked.length === 0 ? `${Object.keys(ahead).length} proofs refused` : `passed: ${leaked.join(', ')}`,
        held: leaked.length === 0,
      };
    }),
  control: (world) =>
    onMigratedGateway(world, async (gateway) => {
      const { headers } = await send(gateway.target().gateway, dpopCall({ path }));
      return (await reached(world, gateway, [dpopCall({ path, claims: { nonce: headers['dpop-nonce'] } })])) === 1;
    }),
};
