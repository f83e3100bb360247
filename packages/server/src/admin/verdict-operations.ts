/** Verdicts about devices for third parties: signed tokens, and the keys that anybody checks them with. */
import { z } from 'zod';
import { verdictKeySet } from '../device/device-verdict.ts';
import { deny } from './admin-problem.ts';
import { scopeOf } from './device-operations.ts';
import { named } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';

/** A signed verdict. */
const deviceVerdictSchema: z.ZodType = named(
  'DeviceVerdict',
  z.object({
    token: z
      .string()
      .describe('EAR (draft-ietf-rats-ear) as JWT: `typ` is `eat+jwt`, ES256, five minutes. Keys: `verdictKeys`.'),
  }),
);

/** The keys of verdicts. */
const verdictKeysSchema: z.ZodType = named(
  'VerdictKeys',
  z.object({ keys: z.array(z.record(z.string(), z.string())) }).describe('JWK Set (RFC 7517).'),
);

const deviceVerdict: Operation = operation({
  id: 'deviceVerdict',
  method: 'GET',
  path: '/apps/{app}/devices/{device}/verdict',
  tag: 'devices',
  summary: 'What the evidence of a device was worth and what the device is now, signed, to be handed to a third party.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  query: {
    nonce: z
      .string()
      .regex(/^[A-Za-z0-9_-]{8,88}$/)
      .optional()
      .describe('What the third party asked to see again: `eat_nonce` of the token.'),
  },
  replies: { 200: { description: 'The verdict.', schema: deviceVerdictSchema } },
  run: async ({ administration, path, query }, caller) => {
    const signed = await administration.devicesOf(scopeOf(caller, path)).verdict(path['device'] ?? '', query.nonce);
    if (signed.ok) return reply(200, { token: signed.value });
    return deny(signed.code === 'verdict-signer-missing' ? 'internal' : 'not-found');
  },
});

const verdictKeys: Operation = operation({
  id: 'verdictKeys',
  method: 'GET',
  path: '/verdict-keys',
  tag: 'devices',
  summary: 'The public keys of signed verdicts.',
  access: { kind: 'open' },
  replies: { 200: { description: 'The keys.', schema: verdictKeysSchema } },
  run: async ({ administration, now }) => reply(200, verdictKeySet(administration.keys, now)),
});

/** Operations on verdicts. */
export const verdictOperations: readonly Operation[] = [deviceVerdict, verdictKeys];
