/** The honest customer base: each customer has an app with the SDK of their own and comes back again and again. */
import { DEMO_CUSTOMERS, type HauberkTrust, seededRandom, simulateCustomer } from '@hauberk/example-bank';
import { createHauberk } from '@hauberk/sdk/node';
import type { Tally } from './tally.ts';

/** What customers need. */
export interface CustomersOptions {
  readonly gateway: string;
  readonly trust: HauberkTrust;
  readonly count: number;
  readonly tally: Tally;
}

const pauseMs = 400;

/** A sleep that a stop ends at once. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });

const liveOnce = async (
  options: CustomersOptions,
  index: number,
  signal: AbortSignal,
  random: () => number,
): Promise<void> => {
  const { gateway, trust, tally } = options;
  const { configKeys, minConfigVersion, organisation, app, service } = trust;
  const hauberk = createHauberk({
    organisation,
    app,
    service,
    endpoints: [gateway],
    trust: { configKeys, minConfigVersion, buildTimeMs: 0 },
  });
  const customer = DEMO_CUSTOMERS[index % DEMO_CUSTOMERS.length];
  if (customer === undefined) return;
  while (!signal.aborted) {
    const visit = await simulateCustomer({
      fetch: (url, init) => hauberk.fetch(url, init),
      random,
      customer,
      baseUrl: '',
      maxAmountMinor: 5000,
      pause: () => pause(pauseMs * (0.5 + random()), signal),
    });
    if (signal.aborted) return;
    for (const [index, { action, status, code }] of visit.steps.entries()) {
      const isWrong = !visit.satisfied && index === visit.steps.length - 1;
      tally.note('customer', action, code ?? String(status), !isWrong);
    }
    await pause(pauseMs * 4 * random(), signal);
  }
};

/** Starts the customers. */
export const startCustomers = (options: CustomersOptions): { readonly stop: () => Promise<void> } => {
  const ending = new AbortController();
  const lives = Array.from({ length: options.count }, (_, index) =>
    liveOnce(options, index, ending.signal, seededRandom(index + 1)),
  );
  return {
    stop: async () => {
      ending.abort();
      await Promise.allSettled(lives);
    },
  };
};
