/** Loaded before the gateway in every thread: the verification of requests is exchanged for `ecdsa-verification.ts`, all else stays. */
import { registerHooks } from 'node:module';

const original = new URL('../../packages/channel/src/verified-request.ts', import.meta.url).href;
const variant = new URL('./ecdsa-verification.ts', import.meta.url);
// The device's public key: worker threads have no environment, but they are loaded with the same options.
variant.search = new URL(import.meta.url).search;

registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    return found.url === original && context.parentURL !== variant.href ? { ...found, url: variant.href } : found;
  },
});
