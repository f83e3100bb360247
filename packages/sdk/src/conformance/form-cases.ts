/** The form of messages: versions, ids, exact members, bounds. */
import { utf8 } from '@hauberk/primitives';
import { bridgeLimits, bridgeVersions, keyMethods } from '../trusted/bridge-contract.ts';
import { type ConformanceLab, expect, text } from './lab.ts';

/** One rule and how it is tried. */
export interface ConformanceCase {
  readonly name: string;
  /** What the contract says. */
  readonly rule: string;
  readonly run: (lab: ConformanceLab) => Promise<void>;
}

const signText = (id: unknown, params: object, more: object = {}): string =>
  JSON.stringify({ v: 1, id, method: 'sign', params, ...more });

/** The cases. */
export const formCases: readonly ConformanceCase[] = [
  {
    name: 'hello',
    rule: 'hello names the version and its methods; those of keys are always there.',
    run: async (lab) => {
      const about = await lab.about();
      await lab.version();
      expect(
        keyMethods.every((method) => about.methods.includes(method)),
        'a method is not named',
      );
      expect(about.levels.length > 0 && about.userVerification.includes('none'), 'no level, or no key without a user');
    },
  },
  {
    name: 'hello-highest',
    rule: 'Of several versions the highest common one is taken; none in common is a refusal.',
    run: async (lab) => {
      const about = await lab.result('hello', { versions: [...bridgeVersions, 900] });
      expect(about['version'] === (await lab.version()), `version ${String(about['version'])}`);
      const old = await lab.result('hello', { versions: [1] });
      expect(old['version'] === 1, `version ${String(old['version'])} for a caller of version 1`);
      expect((old['methods'] as readonly string[]).length === keyMethods.length, 'methods that version 1 has not');
      await lab.refused('hello', { versions: [900] }, 'unsupported-version');
      await lab.refused('hello', { versions: [] }, 'unsupported-version', 'malformed');
    },
  },
  {
    name: 'version',
    rule: 'A request of another version is refused before anything is done.',
    run: async (lab) => {
      const { alias } = await lab.key();
      const params = { alias, message: '' };
      const next = (await lab.version()) + 1;
      await lab.refusedText(JSON.stringify({ v: next, id: 7, method: 'sign', params }), 7, 'unsupported-version');
      await lab.refusedText(
        JSON.stringify({ v: 900, id: 8, method: 'deleteKey', params: { alias } }),
        8,
        'unsupported-version',
      );
      await lab.result('getKey', { alias });
    },
  },
  {
    name: 'old-version',
    rule: 'Version 1 stays as it was: its methods, its answers, and none that came later.',
    run: async (lab) => {
      const { alias } = await lab.key();
      const found = await lab.answerAs(1, 'getKey', { alias });
      expect('result' in found, 'a request of version 1 is refused');
      const id = lab.nextId();
      await lab.refusedText(JSON.stringify({ v: 1, id, method: 'simState', params: {} }), id, 'unsupported-method');
    },
  },
  {
    name: 'method',
    rule: 'A method that does not exist is refused.',
    run: async (lab) => {
      for (const method of ['exportKey', 'toString', '__proto__', 'constructor', ''])
        await lab.refusedText(JSON.stringify({ v: 1, id: 9, method, params: {} }), 9, 'unsupported-method');
    },
  },
  {
    name: 'no-json',
    rule: 'Text that is no request is malformed, and the answer bears id 0.',
    run: async (lab) => {
      for (const message of ['', '{', '[]', 'null', '1', '"sign"', '{"v":1}'])
        await lab.refusedText(message, 0, 'malformed');
    },
  },
  {
    name: 'ids',
    rule: 'Ids are integers from 1 to 2^31 - 1, and the answer bears the request’s.',
    run: async (lab) => {
      const { alias } = await lab.key();
      for (const id of [0, -1, 1.5, 2 ** 31, '1', null, [1]])
        await lab.refusedText(signText(id, { alias, message: '' }), 0, 'malformed');
      const raw = await lab.send(signText(2 ** 31 - 1, { alias, message: '' }));
      expect(raw['id'] === 2 ** 31 - 1 && 'result' in raw, 'the highest id is not taken');
    },
  },
  {
    name: 'exact-members',
    rule: 'A member too many or too few, or of another type, is malformed.',
    run: async (lab) => {
      const { alias } = await lab.key();
      const good = { alias, message: 'AA' };
      for (const params of [
        { alias },
        { message: 'AA' },
        { ...good, more: 1 },
        { alias: 1, message: 'AA' },
        { alias, message: 1 },
        { alias, message: null },
      ])
        await lab.refused('sign', params, 'malformed');
      await lab.refusedText(signText(5, good, { more: 1 }), 5, 'malformed');
      await lab.refusedText(JSON.stringify({ v: 1, id: 6, method: 'sign' }), 6, 'malformed');
    },
  },
  {
    name: 'strict-base64url',
    rule: 'Bytes have one spelling: no padding, no other alphabet, no loose bits.',
    run: async (lab) => {
      const { alias } = await lab.key();
      for (const message of ['AA==', 'A', '+/8A', 'AB', 'A A', 'AA\n'])
        await lab.refused('sign', { alias, message }, 'malformed');
    },
  },
  {
    name: 'aliases',
    rule: 'Aliases have 1 to 64 characters of A-Z a-z 0-9 . _ -',
    run: async (lab) => {
      for (const alias of ['', 'a/b', '../a', 'a b', 'é', 'a'.repeat(65)])
        await lab.refused('getKey', { alias }, 'malformed');
    },
  },
  {
    name: 'bounds',
    rule: 'The longest message is taken, a longer one is too large.',
    run: async (lab) => {
      const { alias, publicKey } = await lab.key();
      const longest = new Uint8Array(bridgeLimits.message).fill(7);
      const { signature } = await lab.sign(alias, longest);
      expect(await lab.isSigned(publicKey, longest, signature), 'the longest message is not what was signed');
      await lab.refused('sign', { alias, message: text(new Uint8Array(bridgeLimits.message + 1)) }, 'too-large');
      await lab.refusedText(`"${'a'.repeat(bridgeLimits.requestText)}"`, 0, 'too-large');
    },
  },
  {
    name: 'challenge-length',
    rule: 'Challenges have 16 to 64 bytes.',
    run: async (lab) => {
      const make = (length: number) => ({
        alias: lab.alias(),
        use: 'sign',
        userVerification: 'none',
        level: 'software',
        challenge: text(new Uint8Array(length)),
      });
      await lab.refused('createKey', make(15), 'malformed');
      await lab.refused('createKey', make(65), 'too-large', 'malformed');
    },
  },
  {
    name: 'side-by-side',
    rule: 'Calls may overlap: each is answered once, with its own id and its own result.',
    run: async (lab) => {
      const { alias, publicKey } = await lab.key();
      const messages = Array.from({ length: 24 }, (_, index) => utf8(`message ${index}`));
      const signed = await Promise.all(messages.map((message) => lab.sign(alias, message)));
      for (const [index, { signature }] of signed.entries())
        expect(
          await lab.isSigned(publicKey, messages[index] ?? utf8(''), signature),
          `call ${index} got another call’s result`,
        );
    },
  },
];
