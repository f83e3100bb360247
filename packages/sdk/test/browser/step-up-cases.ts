/** Cases: step-up and reports. */
import type { SuiteCase } from './core-cases.ts';
import { refused, same } from './expect.ts';

const transfer = (amount: number): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ amount }),
  headers: { 'content-type': 'application/json' },
});

const stepUp: readonly SuiteCase[] = [
  {
    name: 'a transfer is executed once the user has confirmed exactly it, every time anew',
    run: async (lab) => {
      const asked: string[] = [];
      const hauberk = lab.client({
        confirm: async ({ method, path, body, customerId }) => {
          asked.push([method, path, new TextDecoder().decode(body), customerId].join(' '));
          return true;
        },
      });
      same((await hauberk.fetch('/api/transfer', transfer(1))).status, 200, 'first');
      same((await hauberk.fetch('/api/transfer', transfer(2))).status, 200, 'second');
      const shown = [1, 2].map((amount) => `POST /api/transfer {"amount":${amount}} customer-7`);
      same(asked, shown, 'the user was asked');
      const { counts, executions } = await lab.gateway();
      same([counts['enrol-step-up'], executions.length], [1, 2], 'one step-up key');
    },
  },
  {
    name: 'what the user declines is not sent again',
    run: async (lab) => {
      const hauberk = lab.client({ confirm: async () => false });
      const error = await refused(hauberk.fetch('/api/transfer', transfer(1)), 'step-up-declined', 'declined');
      same([error.execution, (await lab.gateway()).executions.length], ['none', 0], 'not executed');
    },
  },
  {
    name: 'without a confirm callback the problem is the reply',
    run: async (lab) => {
      const response = await lab.client().fetch('/api/transfer', transfer(1));
      same([response.status, ((await response.json()) as { code: string }).code], [403, 'step-up-required'], 'problem');
    },
  },
  {
    name: 'a step-up key that the gateway has forgotten is replaced at the next approval',
    run: async (lab) => {
      const hauberk = lab.client({ confirm: async () => true });
      await hauberk.fetch('/api/transfer', transfer(1));
      await lab.gateway({ forgetStepUpKeys: true });
      same((await hauberk.fetch('/api/transfer', transfer(2))).status, 403, 'unknown key');
      same((await hauberk.fetch('/api/transfer', transfer(3))).status, 200, 'new key');
    },
  },
];

const reports: readonly SuiteCase[] = [
  {
    name: 'reports arrive sealed, in one batch, each once',
    run: async (lab) => {
      const hauberk = lab.client();
      hauberk.report('sdk.start', { at: 1 });
      hauberk.report('sdk.sample', { value: 2 }, { loss: 'may-drop' });
      same(hauberk.status().waitingReports, 2, 'waiting');
      await hauberk.flushReports();
      same(hauberk.status().waitingReports, 0, 'acknowledged');
      const { counts, sequences } = await lab.gateway();
      same([counts['report sdk.start'], counts['report sdk.sample'], sequences.length], [1, 1, 1], 'one batch');
    },
  },
  {
    name: 'reports that could not be sent stay queued',
    run: async (lab) => {
      const hauberk = lab.client({ endpoints: [lab.platform.origins[2]] });
      hauberk.report('sdk.start', {});
      await refused(hauberk.flushReports(), 'transport', 'dead');
      same(hauberk.status().waitingReports, 1, 'waiting');
    },
  },
];

/** The cases. */
export const stepUpCases: readonly SuiteCase[] = [...stepUp, ...reports];
