import type { Attack } from './attack.ts';
import type { Call } from './http-call.ts';
import { cavageCall, forgeryOutcome, honestPass, sigv4Call } from './migrated-client.ts';

const withHeader = (call: Call, name: string, value: string): Call => ({
  ...call,
  headers: { ...call.headers, [name]: value },
});

/** Requests that an old app signed are changed on the way: body, target, headers, and a digest that is left out. */
export const attack: Attack = {
  id: 'migration-tamper',
  title: 'requests signed with draft-cavage or SigV4 are changed on the way',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'cavage, another body': { ...cavageCall(), body: new TextEncoder().encode('{"amount":9}') },
      'cavage, another query': { ...cavageCall(), path: `${cavageCall().path}?to=me` },
      'cavage, another method': { ...cavageCall(), method: 'PUT' },
      'cavage, digest left out': cavageCall({ covered: ['(request-target)', 'host', 'date'] }),
      'cavage, target left out': cavageCall({ covered: ['host', 'date', 'digest'] }),
      'cavage, another host': { ...cavageCall(), headers: { ...cavageCall().headers, host: 'evil.example' } },
      'sigv4, another body': { ...sigv4Call(), body: new TextEncoder().encode('{"amount":9}') },
      'sigv4, an unsigned header added': withHeader(sigv4Call(), 'x-amz-acl', 'public-read'),
      'sigv4, an unsigned payload': withHeader(sigv4Call(), 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'),
      'sigv4, another type': withHeader(sigv4Call(), 'content-type', 'text/xml'),
    })),
  control: (world) => honestPass(world, () => [cavageCall(), sigv4Call()]),
};
