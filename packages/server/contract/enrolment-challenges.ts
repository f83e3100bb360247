/** What every store of challenges keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { enrolmentChallengeLife } from '../src/storage/enrolment-challenges.ts';
import {
  accepted,
  bank,
  bytes,
  type OpenStorageHarness,
  otherApp,
  otherBank,
  refused,
  withStorage,
} from './harness.ts';

// Keys come from the folder's own clock, so challenges are counted from the real now.
const now = epochMs(Date.now());
const later = (ms: number) => epochMs(now + ms);

const onceRules = (open: OpenStorageHarness): void => {
  test(
    'a challenge is 32 bytes, differs from every other, and is accepted once',
    withStorage(open, async ({ stores, other }) => {
      const challenges = await Promise.all(Array.from({ length: 100 }, () => stores.challenges.issue(bank, now)));
      assert.equal(new Set(challenges.map((challenge) => Buffer.from(challenge).toString('hex'))).size, 100);
      const challenge = challenges[0] ?? bytes(0, 0);
      assert.equal(challenge.length, 32);
      assert.equal(accepted(await other.challenges.consume(bank, challenge, later(1))).issuedAtMs, now);
      assert.equal(refused(await stores.challenges.consume(bank, challenge, later(2))), 'challenge-used');
    }),
  );
  test(
    'of many uses at once from two clients exactly one is accepted',
    withStorage(open, async ({ stores, other }) => {
      const challenge = await stores.challenges.issue(bank, now);
      const racing = Array.from({ length: 60 }, (_, index) =>
        (index % 2 === 0 ? stores : other).challenges.consume(bank, challenge, later(index)),
      );
      const answers = await Promise.all(racing);
      assert.equal(answers.filter(({ ok }) => ok).length, 1);
      assert.equal(answers.filter((answer) => !answer.ok && answer.code === 'challenge-used').length, 59);
    }),
  );
};

/** The contract of `EnrolmentChallenges`. */
export const enrolmentChallengesContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`challenges, ${adapter}`, () => {
    onceRules(open);
    test(
      'a challenge counts for five minutes and not a millisecond longer, nor before it was issued',
      withStorage(open, async ({ stores }) => {
        const challenge = await stores.challenges.issue(bank, now);
        const life = enrolmentChallengeLife;
        assert.equal(refused(await stores.challenges.consume(bank, challenge, later(life))), 'challenge-expired');
        assert.equal(refused(await stores.challenges.consume(bank, challenge, later(-1))), 'challenge-expired');
        accepted(await stores.challenges.consume(bank, challenge, later(life - 1)));
      }),
    );
    test(
      'a challenge of another app or organisation is foreign, and asking does not use it up',
      withStorage(open, async ({ stores }) => {
        const challenge = await stores.challenges.issue(bank, now);
        for (const scope of [otherApp, otherBank]) {
          assert.equal(refused(await stores.challenges.consume(scope, challenge, now)), 'challenge-foreign');
        }
        accepted(await stores.challenges.consume(bank, challenge, now));
      }),
    );
    test(
      'a challenge with any bit changed, cut or made up is foreign',
      withStorage(open, async ({ stores }) => {
        const challenge = await stores.challenges.issue(bank, now);
        for (let bit = 0; bit < 256; bit += 1) {
          const changed = challenge.slice();
          changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          assert.equal(refused(await stores.challenges.consume(bank, changed, now)), 'challenge-foreign', `bit ${bit}`);
        }
        for (const other of [challenge.slice(0, 31), bytes(0, 0), bytes(32, 9), bytes(64, 1)]) {
          assert.equal(refused(await stores.challenges.consume(bank, other, now)), 'challenge-foreign');
        }
      }),
    );
  });
};
