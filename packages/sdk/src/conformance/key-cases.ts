/** Keys: made once, used for one thing, gone when deleted; signatures, seals, captures, users and evidence. */
import { captureBytes } from '@hauberk/channel/client';
import { type Bytes, concat, equalBytes, utf8 } from '@hauberk/primitives';
import { keyLevels } from '../trusted/bridge-contract.ts';
import type { ConformanceCase } from './form-cases.ts';
import { bytesIn, type ConformanceLab, ConformanceSkip, expect, text } from './lab.ts';

const keyCases: readonly ConformanceCase[] = [
  {
    name: 'signature',
    rule: 'sign makes r ‖ s of ECDSA P-256 with SHA-256 over the message itself, also an empty one.',
    run: async (lab) => {
      const { alias, publicKey } = await lab.key();
      for (const message of [utf8(''), utf8('pay 20.00 EUR'), new Uint8Array(32).fill(9)]) {
        const { signature } = await lab.sign(alias, message);
        expect(await lab.isSigned(publicKey, message, signature), 'the signature does not verify');
        expect(
          !(await lab.isSigned(publicKey, concat(message, utf8('!')), signature)),
          'it verifies for another message',
        );
      }
    },
  },
  {
    name: 'keys-differ',
    rule: 'Every key is generated anew.',
    run: async (lab) => {
      const [one, other] = [await lab.key(), await lab.key()];
      expect(!equalBytes(one.publicKey, other.publicKey), 'two aliases have one key');
    },
  },
  {
    name: 'alias-taken',
    rule: 'A second createKey is key-exists and changes nothing.',
    run: async (lab) => {
      const { alias, publicKey } = await lab.key();
      for (const use of ['sign', 'seal'])
        await lab.refused('createKey', { alias, use, userVerification: 'none', level: 'software' }, 'key-exists');
      const { signature } = await lab.sign(alias, utf8('still'));
      expect(await lab.isSigned(publicKey, utf8('still'), signature), 'the first key is gone');
    },
  },
  {
    name: 'get-key',
    rule: 'getKey answers what createKey answered, without evidence.',
    run: async (lab) => {
      const { alias, members } = await lab.key();
      const found = await lab.result('getKey', { alias });
      for (const name of ['alias', 'use', 'userVerification', 'level', 'publicKey'])
        expect(found[name] === members[name], `${name} differs`);
    },
  },
  {
    name: 'no-such-key',
    rule: 'What needs a key that is not there is refused.',
    run: async (lab) => {
      const alias = lab.alias();
      await lab.refused('getKey', { alias }, 'no-such-key');
      await lab.refused('sign', { alias, message: '' }, 'no-such-key');
      await lab.refused('seal', { alias, plaintext: '', associated: '' }, 'no-such-key');
      await lab.refused('attest', { alias, challenge: text(new Uint8Array(32)) }, 'no-such-key');
    },
  },
  {
    name: 'delete',
    rule: 'deleteKey ends a key; the alias then names another one.',
    run: async (lab) => {
      const { alias, publicKey } = await lab.key();
      expect((await lab.result('deleteKey', { alias }))['deleted'] === true, 'deleted is false');
      expect((await lab.result('deleteKey', { alias }))['deleted'] === false, 'deleted twice');
      await lab.refused('sign', { alias, message: '' }, 'no-such-key');
      const again = await lab.result('createKey', { alias, use: 'sign', userVerification: 'none', level: 'software' });
      expect(!equalBytes(bytesIn(again, 'publicKey'), publicKey), 'the deleted key came back');
    },
  },
  {
    name: 'one-use',
    rule: 'A key does what it was made for and nothing else.',
    run: async (lab) => {
      const [signer, sealer] = [await lab.key(), await lab.sealingKey()];
      await lab.refused('sign', { alias: sealer, message: '' }, 'use-mismatch');
      await lab.refused('seal', { alias: signer.alias, plaintext: '', associated: '' }, 'use-mismatch');
      await lab.refused('capture', { alias: signer.alias, kind: 'photo', binding: '' }, 'use-mismatch', 'unsupported');
    },
  },
  {
    name: 'levels',
    rule: 'A key is never of a lower level than was asked for, and only of one that hello named.',
    run: async (lab) => {
      const { levels } = await lab.about();
      for (const [index, level] of keyLevels.entries()) {
        const params = { alias: lab.alias(), use: 'sign', userVerification: 'none', level };
        const answer = await lab.answer('createKey', params);
        const isPossible = keyLevels.slice(index).some((better) => levels.includes(better));
        if ('code' in answer) {
          expect(!isPossible && answer.code === 'unsupported', `level ${level}: ${answer.code}`);
          continue;
        }
        const given = keyLevels.findIndex((name) => name === answer.result['level']);
        expect(given >= index, `${keyLevels[given] ?? ''} instead of ${level}`);
        expect(
          levels.some((named) => named === keyLevels[given]),
          'a level that hello did not name',
        );
      }
    },
  },
];

const change = (bytes: Bytes, at: number): Bytes => {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

const sealing = async (lab: ConformanceLab) => {
  const alias = await lab.sealingKey();
  const seal = async (plaintext: Bytes, associated: Bytes): Promise<Bytes> =>
    bytesIn(await lab.result('seal', { alias, plaintext: text(plaintext), associated: text(associated) }), 'sealed');
  return { alias, seal };
};

const sealCases: readonly ConformanceCase[] = [
  {
    name: 'seal',
    rule: 'What was sealed opens as it was, also nothing at all; it hides its contents and never looks the same twice.',
    run: async (lab) => {
      const { alias, seal } = await sealing(lab);
      for (const plaintext of [utf8(''), utf8('card number 4111 1111 1111 1111'), new Uint8Array(100_000).fill(3)]) {
        const [sealed, again] = [await seal(plaintext, utf8('label')), await seal(plaintext, utf8('label'))];
        const opened = await lab.result('unseal', { alias, sealed: text(sealed), associated: text(utf8('label')) });
        expect(equalBytes(bytesIn(opened, 'plaintext'), plaintext), 'something else came out');
        expect(!equalBytes(sealed, again), 'sealed twice it looks the same');
        const isReadable = plaintext.length > 8 && toText(sealed).includes(toText(plaintext.slice(0, 16)));
        expect(!isReadable, 'the plaintext can be read');
      }
    },
  },
  {
    name: 'seal-binding',
    rule: 'It opens only under the same key with the same associated bytes, and only unchanged.',
    run: async (lab) => {
      const { alias, seal } = await sealing(lab);
      const sealed = await seal(utf8('secret'), utf8('label'));
      const label = text(utf8('label'));
      const other = await lab.sealingKey();
      await lab.refused('unseal', { alias, sealed: text(sealed), associated: '' }, 'not-sealed-here');
      await lab.refused('unseal', { alias: other, sealed: text(sealed), associated: label }, 'not-sealed-here');
      await lab.refused('unseal', { alias, sealed: '', associated: label }, 'not-sealed-here');
      for (const at of [0, Math.floor(sealed.length / 2), sealed.length - 1])
        await lab.refused('unseal', { alias, sealed: text(change(sealed, at)), associated: label }, 'not-sealed-here');
    },
  },
];

const toText = (bytes: Bytes): string => String.fromCharCode(...bytes.slice(0, 4096));

const captureCases: readonly ConformanceCase[] = [
  {
    name: 'capture',
    rule: 'Captured media are signed with binding, type and time, by a key that signs nothing else.',
    run: async (lab) => {
      const [kind] = (await lab.about()).captures;
      if (kind === undefined) throw new ConformanceSkip('it captures nothing');
      lab.help.user?.next('approve');
      const { alias, publicKey } = await lab.key({ use: 'capture' });
      const binding = utf8('binding');
      const taken = await lab.result('capture', { alias, kind, binding: text(binding) });
      const { crypto } = lab.help;
      const digests = {
        binding: await crypto.sha256(binding),
        media: await crypto.sha256(bytesIn(taken, 'media')),
        mediaType: await crypto.sha256(utf8(String(taken['mediaType']))),
      };
      const at = Number(taken['capturedAtMs']);
      const signature = bytesIn(taken, 'signature');
      expect(
        await lab.isSigned(publicKey, captureBytes(digests, at), signature),
        'the signature is not over media, type, time and binding',
      );
      await lab.refused('sign', { alias, message: text(captureBytes(digests, at)) }, 'use-mismatch');
      await lab.refused('capture', { alias, kind: 'thoughts', binding: '' }, 'unsupported');
    },
  },
];

const prompt = { title: 'Payment', text: 'Pay 20.00 EUR to Bob?' };

const userCases: readonly ConformanceCase[] = [
  {
    name: 'user-approves',
    rule: 'A key that requires the user signs after they were verified, and says so; one that does not never claims it.',
    run: async (lab) => {
      const user = lab.user();
      user.next('approve');
      const { alias, publicKey } = await lab.key({ userVerification: 'required' });
      const before = user.shown().length;
      const signed = await lab.sign(alias, utf8('pay'), prompt);
      expect(user.shown().length === before + 1, 'the user was not asked');
      expect(signed.userVerified, 'userVerified is false');
      expect(await lab.isSigned(publicKey, utf8('pay'), signed.signature), 'the signature does not verify');
      const free = await lab.key();
      expect(
        !(await lab.sign(free.alias, utf8('pay'))).userVerified,
        'a key that asks nobody says that a user was verified',
      );
    },
  },
  {
    name: 'user-each-time',
    rule: 'Each use asks anew.',
    run: async (lab) => {
      const user = lab.user();
      user.next('approve');
      const { alias } = await lab.key({ userVerification: 'required' });
      await lab.sign(alias, utf8('one'), prompt);
      user.next('cancel');
      await lab.refused('sign', { alias, message: text(utf8('two')), prompt }, 'user-cancelled');
      user.next('approve');
    },
  },
  {
    name: 'user-declines',
    rule: 'Who cancels or fails signs nothing.',
    run: async (lab) => {
      const user = lab.user();
      user.next('approve');
      const { alias } = await lab.key({ userVerification: 'required' });
      user.next('cancel');
      await lab.refused('sign', { alias, message: '', prompt }, 'user-cancelled');
      user.next('fail');
      await lab.refused('sign', { alias, message: '', prompt }, 'user-not-verified');
      // A request without words does not pass by the user either.
      await lab.refused('sign', { alias, message: '' }, 'user-not-verified', 'malformed');
      user.next('approve');
    },
  },
  {
    name: 'prompt',
    rule: 'The words are shown exactly as they were given.',
    run: async (lab) => {
      const user = lab.user();
      user.next('approve');
      const { alias } = await lab.key({ userVerification: 'required' });
      for (const words of [prompt, { title: 'Überweisung 转账', text: 'a\nb <b>c</b> %s \u202e0.02 RUE' }]) {
        await lab.sign(alias, utf8('x'), words);
        const shown = user.shown().at(-1);
        expect(shown?.title === words.title && shown.text === words.text, 'other words were shown');
      }
    },
  },
  {
    name: 'user-unavailable',
    rule: 'A bridge without user verification refuses keys that require it.',
    run: async (lab) => {
      const { userVerification } = await lab.about();
      if (userVerification.includes('required')) throw new ConformanceSkip('it verifies users');
      await lab.refused(
        'createKey',
        { alias: lab.alias(), use: 'sign', userVerification: 'required', level: 'software' },
        'user-unavailable',
        'unsupported',
      );
    },
  },
];

const challengeOf = (lab: ConformanceLab): Bytes => lab.help.crypto.random(32);
const statementsOf = (
  members: Readonly<Record<string, unknown>>,
): readonly { readonly kind: string; readonly statement: string }[] => (members['evidence'] ?? []) as never;

const evidenceCases: readonly ConformanceCase[] = [
  {
    name: 'no-challenge-no-evidence',
    rule: 'Without a challenge there is no evidence.',
    run: async (lab) => {
      const { members } = await lab.key();
      expect(statementsOf(members).length === 0, 'evidence for no challenge');
    },
  },
  {
    name: 'evidence',
    rule: 'Evidence is of a kind that hello named, for this challenge and this key, each time anew.',
    run: async (lab) => {
      const { evidence: kinds } = await lab.about();
      if (kinds.length === 0) throw new ConformanceSkip('it has no evidence');
      const challenge = challengeOf(lab);
      const { alias, members } = await lab.key({ challenge: text(challenge) });
      const made = statementsOf(members);
      expect(made.length > 0, 'no evidence');
      expect(
        made.every(({ kind }) => kinds.includes(kind)),
        'a kind that hello did not name',
      );
      const later = await lab.answer('attest', { alias, challenge: text(challengeOf(lab)) });
      if ('code' in later) return expect(later.code === 'attestation-unavailable', `attest: ${later.code}`);
      const fresh = statementsOf(later.result);
      expect(fresh.length > 0 && fresh[0]?.statement !== made[0]?.statement, 'old evidence for a new challenge');
    },
  },
  {
    name: 'evidence-verifies',
    rule: 'A verifier believes it for this challenge and this key, and for no other.',
    run: async (lab) => {
      const { verifyEvidence } = lab.help;
      const { evidence: kinds } = await lab.about();
      if (verifyEvidence === undefined || kinds.length === 0) throw new ConformanceSkip('no verifier, or no evidence');
      const challenge = challengeOf(lab);
      const other = (await lab.key()).publicKey;
      const { alias, publicKey, members } = await lab.key({ challenge: text(challenge) });
      const fresh = challengeOf(lab);
      for (const { kind, statement } of statementsOf(members)) {
        expect(await verifyEvidence(kind, statement, challenge, publicKey, 'made'), `${kind} is not believed`);
        const elsewhere = await verifyEvidence(kind, statement, fresh, publicKey, 'made');
        expect(!elsewhere, `${kind} is believed for another challenge`);
        expect(
          !(await verifyEvidence(kind, statement, challenge, other, 'made')),
          `${kind} is believed for another key`,
        );
      }
      const later = await lab.answer('attest', { alias, challenge: text(fresh) });
      if ('code' in later) return expect(later.code === 'attestation-unavailable', `attest: ${later.code}`);
      for (const { kind, statement } of statementsOf(later.result)) {
        expect(
          await verifyEvidence(kind, statement, fresh, publicKey, 'later'),
          `${kind}, made later, is not believed`,
        );
        const elsewhere = await verifyEvidence(kind, statement, challenge, publicKey, 'later');
        expect(!elsewhere, `${kind}, made later, is believed for another challenge`);
      }
    },
  },
];

const assertion = 'app-attest-assertion';

const assertionCases: readonly ConformanceCase[] = [
  {
    name: 'assertion-counter',
    rule: 'Assertions of one App Attest key count up, so that none is believed twice and a copy of the key is found.',
    run: async (lab) => {
      const { verifyEvidence } = lab.help;
      const { evidence: kinds } = await lab.about();
      if (verifyEvidence === undefined || !kinds.includes(assertion)) throw new ConformanceSkip('no assertions');
      const challenge = challengeOf(lab);
      const { alias, publicKey, members } = await lab.key({ challenge: text(challenge) });
      for (const { kind, statement } of statementsOf(members))
        expect(await verifyEvidence(kind, statement, challenge, publicKey, 'made'), `${kind} is not believed`);
      const asserted: (() => Promise<boolean>)[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const fresh = challengeOf(lab);
        const [found] = statementsOf(await lab.result('attest', { alias, challenge: text(fresh) }));
        expect(found?.kind === assertion, `${found?.kind ?? 'nothing'} instead of an assertion`);
        const verify = () => verifyEvidence(found.kind, found.statement, fresh, publicKey, 'later');
        expect(await verify(), `assertion ${turn + 1} is not believed: its counter did not rise`);
        asserted.push(verify);
      }
      for (const verify of asserted) expect(!(await verify()), 'an assertion is believed twice');
    },
  },
];

/** The cases. */
export const workCases: readonly ConformanceCase[] = [
  ...keyCases,
  ...sealCases,
  ...captureCases,
  ...userCases,
  ...evidenceCases,
  ...assertionCases,
];
