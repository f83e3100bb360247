/** Bridges with one defect each in what they do with SIM, SMS, codes and the life of the session. */
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { TrustedError } from '@hauberk/sdk/trusted';
import { sharedKeychain } from '@hauberk/simulator';
import { type BrokenBridge, keeping, result } from './broken-bridges.ts';

const isCode = (error: unknown, code: string): boolean => error instanceof TrustedError && error.code === code;

const stateBridges: readonly BrokenBridge[] = [
  {
    name: 'sends, and tells of no SIM',
    caughtBy: 'sim-methods',
    make: result('hello', (members) => ({
      ...members,
      methods: (members['methods'] as readonly string[]).filter((method) => method !== 'simState'),
    })),
  },
  {
    name: 'mends numbers that have no form',
    caughtBy: 'sim-form',
    make: ({ bridge }) => ({
      call: (message) => bridge.call(message.replace('"to":"919811111111"', '"to":"+919811111111"')),
    }),
  },
  {
    name: 'tells the number of the SIM',
    caughtBy: 'sim-state',
    make: result('simState', (members) => ({ ...members, slots: [{ slot: 0, subscription: '919811111111' }] })),
  },
  {
    name: 'knows no airplane mode',
    caughtBy: 'sim-airplane',
    make: result('simState', (members) => ({ ...members, airplane: 'off', cellularWorks: true })),
  },
  {
    name: 'tells of the SIM that was there at the start',
    caughtBy: 'sim-absent',
    make: (phone) => {
      const first = phone.backend.simState({});
      return keeping(() => ({ simState: () => first }))(phone);
    },
  },
];

const smsBridges: readonly BrokenBridge[] = [
  {
    name: 'signs the texts that it sends',
    caughtBy: 'send-sms',
    make: keeping((honest) => ({ sendSms: (params) => honest.sendSms({ ...params, text: `${params.text} - Bank` }) })),
  },
  {
    name: 'sends twice, to be sure',
    caughtBy: 'send-sms',
    make: keeping((honest) => ({
      sendSms: async (params) => {
        await honest.sendSms(params);
        return honest.sendSms(params);
      },
    })),
  },
  {
    name: 'forgets how long the composer had the screen',
    caughtBy: 'send-sms',
    kind: 'iphone',
    make: keeping((honest) => ({ sendSms: async (params) => ({ ...(await honest.sendSms(params)), awayMs: 0 }) })),
  },
  {
    name: 'sends from whatever SIM there is',
    caughtBy: 'send-slot',
    make: keeping((honest) => ({ sendSms: ({ to, text }) => honest.sendSms({ to, text }) })),
  },
  {
    name: 'takes a cancelled composer for a sent one',
    caughtBy: 'composer-cancelled',
    kind: 'iphone',
    make: keeping((honest) => ({
      sendSms: (params) => honest.sendSms(params).catch(() => ({ awayMs: 700 })),
    })),
  },
  {
    name: 'says that there is no SIM where it may not look',
    caughtBy: 'permission',
    make: keeping((honest) => ({
      simState: (params) =>
        honest.simState(params).catch(() => ({
          sim: 'absent' as const,
          airplane: 'off' as const,
          path: 'cellular' as const,
          cellularWorks: true,
          slots: [],
        })),
    })),
  },
  {
    name: 'calls every refusal of the user a failure',
    caughtBy: 'permission',
    make: keeping((honest) => ({
      sendSms: (params) =>
        honest.sendSms(params).catch(() => {
          throw new TrustedError('sms-failed');
        }),
    })),
  },
  {
    name: 'tells of SMS that the app never sent',
    caughtBy: 'sent-item',
    make: keeping((honest) => ({
      sentItem: async (params) => {
        const item = await honest.sentItem(params);
        return item.state === 'absent' ? { state: 'sent' as const } : item;
      },
    })),
  },
  {
    name: 'takes sent for delivered',
    caughtBy: 'sent-item-undelivered',
    make: keeping((honest) => ({
      sentItem: async (params) => {
        const item = await honest.sentItem(params);
        return item.state === 'sent' ? { ...item, state: 'delivered' as const } : item;
      },
    })),
  },
];

const otpBridges: readonly BrokenBridge[] = [
  {
    name: 'reads the inbox from its beginning',
    caughtBy: 'read-otp',
    make: keeping((honest, { sim }) => ({
      readOtp: async (params) => {
        const code = /\b\d{8}\b/.exec(sim.inbox().at(-1) ?? '')?.[0];
        return code === undefined ? honest.readOtp(params) : { code };
      },
    })),
  },
  {
    name: 'lets a newer call wait for an older one',
    caughtBy: 'read-otp-late',
    make: keeping((honest) => {
      let reading = false;
      return {
        readOtp: async (params) => {
          if (reading) throw new TrustedError('busy');
          reading = true;
          return honest.readOtp(params).finally(() => {
            reading = false;
          });
        },
      };
    }),
  },
  {
    name: 'reads what the user keeps',
    caughtBy: 'read-otp-declined',
    make: keeping((honest, { sim }) => ({
      readOtp: (params) =>
        honest.readOtp(params).catch((error: unknown) => {
          if (!isCode(error, 'user-cancelled')) throw error;
          return { code: /\d{8}/.exec(sim.inbox().at(-1) ?? '')?.[0] ?? '' };
        }),
    })),
  },
];

const lifeBridges: readonly BrokenBridge[] = [
  {
    name: 'forgets events once they were told',
    caughtBy: 'sim-events',
    make: keeping((honest) => {
      let told = 0;
      return {
        simEvents: async (params) => {
          const { events, last } = await honest.simEvents(params);
          const fresh = events.filter(({ number }) => number > told);
          told = events.at(-1)?.number ?? told;
          return { events: fresh, last };
        },
      };
    }),
  },
  {
    name: 'forgets that it was killed',
    caughtBy: 'sim-events-lost',
    make: keeping((honest) => ({
      simEvents: async ({ after }) => {
        const { last } = await honest.simEvents({});
        return after === undefined || after > last ? { events: [], last } : honest.simEvents({ after });
      },
    })),
  },
  {
    name: 'makes a shared key at each call',
    caughtBy: 'shared-key',
    make: keeping((honest) => ({
      signShared: async (params) => {
        await honest.signShared(params);
        const { publicKey, privateKey } = await sharedKeychain().pair();
        return { publicKey, signature: await nodeAsyncCrypto.sign(privateKey, params.message) };
      },
    })),
  },
  {
    name: 'signs whatever a page likes with the shared key',
    caughtBy: 'shared-key',
    make: keeping((honest) => {
      const keychain = sharedKeychain();
      return {
        signShared: async (params) => {
          if (params.route !== 'vendor-bridge') return honest.signShared(params);
          const { publicKey, privateKey } = await keychain.pair();
          return { publicKey, signature: await nodeAsyncCrypto.sign(privateKey, params.message) };
        },
      };
    }),
  },
  {
    name: 'asserts with a counter that stands still',
    caughtBy: 'assertion-counter',
    kind: 'iphone',
    tricks: ['counter-rollback'],
    make: ({ bridge }) => bridge,
  },
];

const signalBridges: readonly BrokenBridge[] = [
  {
    name: 'takes any text for a code',
    caughtBy: 'signals-form',
    make: ({ bridge }) => ({
      call: (message) => bridge.call(message.replace('"codes":["frida"]', '"codes":["hook.frida"]')),
    }),
  },
  {
    name: 'leaves out what it does not know',
    caughtBy: 'signals-explained',
    make: result('readSignals', (members) => ({ ...members, skipped: [] })),
  },
  {
    name: 'tells of what the page asks the hardware',
    caughtBy: 'signals-values',
    make: result('readSignals', (members) => ({
      ...members,
      signals: [{ code: 'hook.frida', value: 3, observedAtMs: 0 }],
    })),
  },
  {
    name: 'is silenced between its checks and its answer',
    caughtBy: 'signals-canary',
    make: (phone) => {
      phone.signals.show('hook.frida');
      return result('readSignals', (members) => ({ ...members, signals: [] }))(phone);
    },
  },
  {
    name: 'makes its canary once and for all',
    caughtBy: 'signals-canary',
    make: keeping((honest) => ({
      readSignals: async (params) => honest.readSignals({ ...params, nonce: '' }),
    })),
  },
];

/** All of them. */
export const brokenSims: readonly BrokenBridge[] = [
  ...stateBridges,
  ...smsBridges,
  ...otpBridges,
  ...lifeBridges,
  ...signalBridges,
];
