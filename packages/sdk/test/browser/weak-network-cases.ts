/** Cases: calls on a network that stalls and breaks. */
import type { SuiteCase } from './core-cases.ts';
import { refused, same } from './expect.ts';

const usualReads = 10;

/** The cases. */
export const weakNetworkCases: readonly SuiteCase[] = [
  {
    name: 'a read that stalls is asked a second time beside, long before its limit',
    run: async (lab) => {
      const { fetch } = lab.client({ timeoutMs: 600_000, minTimeoutMs: 600_000 });
      for (let read = 0; read < usualReads; read += 1) await fetch('/api/echo');
      await lab.gateway({ lever: 'stall' });
      same((await fetch('/api/echo')).status, 200, 'served');
    },
  },
  {
    name: 'a read that stalls is given up as soon as replies of its origin are usually there, and sent again',
    run: async (lab) => {
      const { fetch } = lab.client({ timeoutMs: 600_000, minTimeoutMs: 50, hedge: false });
      for (let read = 0; read < usualReads; read += 1) await fetch('/api/echo');
      await lab.gateway({ lever: 'stall' });
      same((await fetch('/api/echo')).status, 200, 'served');
    },
  },
  {
    name: 'an error says unknown when any attempt may have arrived, whatever became of the last one',
    run: async (lab) => {
      const [live, , dead] = lab.platform.origins;
      const { fetch } = lab.client({ endpoints: [live, dead], attempts: 2 });
      await fetch('/api/echo', { method: 'POST', body: 'open a session' });
      await lab.gateway({ lever: 'cut-after', times: 2 });
      const error = await refused(fetch('/api/keyed', { method: 'POST', body: 'x' }), 'transport', 'cut, then dead');
      same(error.execution, 'unknown', 'execution');
    },
  },
  {
    name: 'an origin that failed is left by the next start too',
    run: async (lab) => {
      const [live, , dead] = lab.platform.origins;
      const endpoints = [dead, live];
      same((await lab.client({ endpoints }).fetch('/api/echo')).status, 200, 'failed over');
      const next = lab.client({ endpoints });
      await next.connect();
      same(next.status().endpoint, live, 'from the start');
    },
  },
];
