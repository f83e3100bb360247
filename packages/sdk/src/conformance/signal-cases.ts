/** Signals, from version 3 of the contract on. */
import { sha256 } from '@hauberk/crypto/sha256';
import { isSignalCode, nativeCanary, signalRuleOf, skipReasons } from '@hauberk/device/client';
import { bridgeLimits } from '../trusted/bridge-contract.ts';
import type { ConformanceCase } from './form-cases.ts';
import { type ConformanceLab, ConformanceSkip, expect, type Raw, text } from './lab.ts';

const asked: readonly string[] = [
  'root.suBinary',
  'hook.frida',
  'screen.shared',
  'farm.batteryBucket',
  'camera.virtual',
];

const withSignals = async (lab: ConformanceLab): Promise<void> => {
  const { methods } = await lab.about();
  if (!methods.includes('readSignals')) throw new ConformanceSkip('it has no readSignals');
};
const freshNonce = (lab: ConformanceLab): string => text(lab.help.crypto.random(32));
const listIn = (members: Raw, name: string): readonly Raw[] => (members[name] ?? []) as never;
const read = (lab: ConformanceLab, codes: readonly string[], nonce: string): Promise<Raw> =>
  lab.result('readSignals', { codes, nonce });

/** The cases. */
export const signalCases: readonly ConformanceCase[] = [
  {
    name: 'signals-form',
    rule: 'Codes and nonces outside of their form are refused, and too many codes.',
    run: async (lab) => {
      await withSignals(lab);
      const nonce = freshNonce(lab);
      for (const code of ['', 'frida', 'Hook.Frida', 'hook.frida ', 7])
        await lab.refused('readSignals', { codes: [code], nonce }, 'malformed');
      for (const wrong of ['short', `${nonce}=`, null])
        await lab.refused('readSignals', { codes: asked, nonce: wrong }, 'malformed');
      const many = Array.from({ length: bridgeLimits.signals + 1 }, (_, at) => `hook.x${at}`);
      await lab.refused('readSignals', { codes: many, nonce }, 'too-large');
    },
  },
  {
    name: 'signals-explained',
    rule: 'Every code that was asked for ran or was skipped with a reason, once; nothing else is told.',
    run: async (lab) => {
      await withSignals(lab);
      const answer = await read(lab, [...asked, 'hook.notOfThisVersion'], freshNonce(lab));
      const ran = listIn(answer, 'ran').map(String);
      const skipped = listIn(answer, 'skipped');
      const told = [...ran, ...skipped.map(({ code }) => String(code))];
      expect(new Set(told).size === told.length, 'a code is told twice');
      const due = [...asked, 'hook.notOfThisVersion'].toSorted().join();
      expect(told.toSorted().join() === due, `asked for ${due}, told ${told.toSorted().join()}`);
      expect(
        skipped.every(({ why }) => skipReasons.some((reason) => reason === why)),
        'a reason that is none',
      );
      expect(!ran.includes('hook.notOfThisVersion'), 'a check ran that nobody knows');
      for (const { code } of listIn(answer, 'signals'))
        expect(ran.includes(String(code)), `${String(code)} did not run`);
    },
  },
  {
    name: 'signals-values',
    rule: 'A flag is true or false, a bucket a small number, and both are of the native layer.',
    run: async (lab) => {
      await withSignals(lab);
      for (const { code, value } of listIn(await read(lab, asked, freshNonce(lab)), 'signals')) {
        const rule = isSignalCode(String(code)) ? signalRuleOf(String(code)) : undefined;
        expect(rule?.layers.includes('native') === true, `${String(code)} is not of the native layer`);
        expect((typeof value === 'boolean') === (rule.form === 'flag'), `${String(code)}: ${String(value)}`);
      }
    },
  },
  {
    name: 'signals-canary',
    rule: 'The canary is made of the nonce and of what was sensed, anew each time.',
    run: async (lab) => {
      await withSignals(lab);
      for (const nonce of [freshNonce(lab), freshNonce(lab), '']) {
        const answer = await read(lab, asked, nonce);
        const signals = listIn(answer, 'signals').map((signal) => ({ ...signal, source: 'native' })) as never;
        expect(answer['canary'] === nativeCanary(sha256, nonce, signals), 'another canary than that of the answer');
      }
    },
  },
];
