/** Cases: trust, enrolment, clocks, sessions and what survives a restart. */
import type { SuiteCase } from './core-cases.ts';
import { holds, refused, same } from './expect.ts';

const dayMs = 86_400_000;

const shiftedClock = (shiftMs: number) => ({
  clock: { monotonic: () => performance.now(), wall: () => Date.now() + shiftMs },
});

const trust: readonly SuiteCase[] = [
  {
    name: 'a config older than one that was seen is refused, also after a restart',
    run: async (lab) => {
      await lab.gateway({ publish: { version: 9, only: true } });
      same((await lab.client().fetch('/api/echo')).status, 200, 'version 9');
      await lab.gateway({ publish: { version: 8, only: true } });
      const error = await refused(
        lab.client().fetch('/api/echo', { method: 'POST', body: '' }),
        'config-refused',
        'rollback',
      );
      same([error.detail, error.phase], ['document.rollback', 'verify'], 'why');
    },
  },
  {
    name: 'a config below the version built into the app is refused',
    run: async (lab) => {
      const { configKeys } = lab.trust;
      const changed = { trust: { configKeys, minConfigVersion: 6, buildTimeMs: Date.now() - dayMs } };
      await refused(lab.client(changed).fetch('/api/echo'), 'config-refused', 'minimum');
    },
  },
  {
    name: 'a config that had expired when the app was built is refused',
    run: async (lab) => {
      const { configKeys } = lab.trust;
      const changed = { trust: { configKeys, minConfigVersion: 1, buildTimeMs: Date.now() + 60 * dayMs } };
      const error = await refused(lab.client(changed).fetch('/api/echo'), 'config-refused', 'expired');
      same(error.detail, 'document.expired', 'why');
    },
  },
  {
    name: 'a config under another key is refused',
    run: async (lab) => {
      const [pinned] = lab.trust.configKeys;
      const changed = { trust: { ...lab.trust, configKeys: [{ kid: 'other', publicKey: pinned?.publicKey ?? '' }] } };
      await refused(lab.client(changed).fetch('/api/echo'), 'config-refused', 'key');
    },
  },
  {
    name: 'an expired status statement ends the handshake',
    run: async (lab) => {
      await lab.gateway({ publish: { version: 6, statusLifeMs: -1, only: true } });
      const error = await refused(lab.client().fetch('/api/echo'), 'handshake-refused', 'status');
      same([error.detail, (await lab.gateway()).executions.length], ['answer.status', 0], 'why');
    },
  },
  {
    name: 'a config that the gateway no longer honours is fetched anew',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.gateway({ publish: { version: 6, only: true }, restart: true });
      const { fetch, status } = lab.client();
      same((await fetch('/api/echo')).status, 200, 'new config');
      same(status().configVersion, 6, 'version');
    },
  },
];

const clocks: readonly SuiteCase[] = [
  ...[dayMs, -dayMs].map(
    (shift): SuiteCase => ({
      name: `a wall clock that is ${shift > 0 ? 'ahead' : 'behind'} by a day costs one round trip and nothing else`,
      run: async (lab) => {
        const { fetch } = lab.client({}, shiftedClock(shift));
        same((await fetch('/api/echo')).status, 200, 'served');
        same((await fetch('/api/keyed', { method: 'POST', body: '' })).status, 200, 'served again');
        same((await lab.gateway()).counts['hello'], 2, 'one nonce');
      },
    }),
  ),
  {
    name: 'a gateway under load asks for a nonce, and gets it',
    run: async (lab) => {
      await lab.gateway({ underLoad: true });
      same((await lab.client().fetch('/api/echo')).status, 200, 'served');
      same((await lab.gateway()).counts['hello'], 2, 'round trips');
    },
  },
  {
    name: 'a monotonic clock that stood still while the device slept is set right by one bound problem',
    run: async (lab) => {
      let asleep = 0;
      const clock = { monotonic: () => performance.now() + asleep, wall: () => Date.now() };
      const { fetch } = lab.client({}, { clock });
      await fetch('/api/echo');
      asleep = -600_000;
      same((await fetch('/api/echo', { method: 'POST', body: 'late' })).status, 200, 'served');
      same((await lab.gateway()).executions.length, 2, 'executed once');
    },
  },
];

const early: readonly SuiteCase[] = [
  {
    name: 'after a reload the first safe request travels with the resuming hello',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      const response = await lab.client().fetch('/api/echo');
      same(((await response.json()) as { early: boolean }).early, true, 'early data');
      const { counts } = await lab.gateway();
      same([counts['early'], counts['hello'], counts['enrol']], [1, 1, 1], 'round trips');
    },
  },
  {
    name: 'a POST without a key never travels early',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.client().fetch('/api/echo', { method: 'POST', body: 'x' });
      const { counts, executions } = await lab.gateway();
      same([counts['early'], counts['resumed'], executions.length], [undefined, 1, 2], 'resumed only');
    },
  },
  {
    name: 'refused early data is sent again in the session that the same hello opened',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.gateway({ lever: 'refuse-early' });
      const response = await lab.client().fetch('/api/keyed', { method: 'POST', body: 'x' });
      same([response.status, ((await response.json()) as { early: boolean }).early], [200, false], 'in session');
      const { counts, executions } = await lab.gateway();
      same([counts['early'], counts['hello'], executions.length], [1, 1, 2], 'executed once');
    },
  },
  {
    name: 'a bent reply to early data is not believed',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.gateway({ lever: 'tamper-body' });
      const response = await lab.client().fetch('/api/keyed', { method: 'POST', body: 'x' });
      same(response.status, 200, 'asked again');
      same((await lab.gateway()).executions.length, 2, 'executed once');
    },
  },
  {
    name: 'early data can be switched off',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.client({ early: false }).fetch('/api/echo');
      same((await lab.gateway()).counts['early'], undefined, 'no early data');
    },
  },
];

const sessions: readonly SuiteCase[] = [
  {
    name: 'two tabs share the device and never a session',
    run: async (lab) => {
      // A tab that comes later could resume with a request on its hello, which has a key of its own.
      const tabs = [lab.client({ early: false }), lab.client({ early: false })];
      await Promise.all(tabs.flatMap(({ fetch }) => [fetch('/api/echo'), fetch('/api/signed/x'), fetch('/api/echo')]));
      const ids = tabs.map(({ status }) => status().deviceId);
      same(ids[0], ids[1], 'one device');
      const { sequences } = await lab.gateway();
      same(new Set(sequences.map((entry) => entry.split(':')[0])).size, 2, 'two sessions');
      same(new Set(sequences).size, sequences.length, 'no repetition');
    },
  },
  {
    name: 'evicted storage means a new device, enrolled without a word',
    run: async (lab) => {
      const before = await lab.client().connect();
      await lab.platform.evict(lab.storageName);
      const after = await lab.client().connect();
      holds(before.deviceId !== after.deviceId && after.deviceId !== undefined, 'new device');
    },
  },
  {
    name: 'a gateway that lost its devices gets the same key again',
    run: async (lab) => {
      await lab.client().fetch('/api/echo');
      await lab.gateway({ forgetDevices: true });
      same((await lab.client().fetch('/api/echo')).status, 200, 'served');
      same((await lab.gateway()).counts['enrol'], 2, 'enrolled again');
    },
  },
  {
    name: 'a restarted gateway is resumed with, and what must not run twice is left to the caller',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ restart: true });
      same((await fetch('/api/echo')).status, 200, 'safe method');
      await lab.gateway({ restart: true });
      const error = await refused(fetch('/api/echo', { method: 'POST', body: 'x' }), 'unbound', 'no key');
      same(error.detail, 'handshake-required', 'why');
      same((await fetch('/api/echo', { method: 'POST', body: 'x' })).status, 200, 'next call');
    },
  },
  {
    name: 'a gateway that knows no session is asked three times a minute and no more',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ lever: 'inject-none', times: 20 });
      await refused(fetch('/api/echo'), 'no-affinity', 'budget');
      await refused(lab.client().fetch('/api/echo'), 'no-affinity', "the budget is the device's");
    },
  },
  {
    name: 'a session that nears its end is replaced before it ends',
    run: async (lab) => {
      await lab.gateway({ ticketLifeMs: 5000 });
      const { fetch } = lab.client();
      await fetch('/api/echo', { method: 'POST', body: '1' });
      await fetch('/api/echo', { method: 'POST', body: '2' });
      const { counts, executions } = await lab.gateway();
      same([counts['hello'], executions.length], [2, 2], 'one session each');
    },
  },
  {
    name: 'a network that fails for a moment is asked again',
    run: async (lab) => {
      await lab.gateway({ lever: 'drop-hello', times: 2 });
      same((await lab.client().fetch('/api/echo', { method: 'POST', body: 'x' })).status, 200, 'served');
      same((await lab.gateway()).executions.length, 1, 'executed once');
    },
  },
  {
    name: 'logout forgets the session and its resume ticket, not the device',
    run: async (lab) => {
      const hauberk = lab.client();
      const before = await hauberk.connect();
      await hauberk.logout();
      same(hauberk.status().session, 'none', 'session');
      const after = await hauberk.connect();
      same(after.deviceId, before.deviceId, 'device');
      const { counts } = await lab.gateway();
      same([counts['enrol'], counts['resumed']], [1, undefined], 'a full handshake');
    },
  },
];

/** The cases. */
export const sessionCases: readonly SuiteCase[] = [...trust, ...clocks, ...early, ...sessions];
