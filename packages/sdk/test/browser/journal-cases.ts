/** Cases: the journal over kills, owners, expiry, logout and step-up, on each platform's own storage. */

import type { EntryEvent, EntryState } from '../../src/core/journal-port.ts';
import { JournalError, type JournalOptions, openJournal, type QueuedRequest } from '../../src/journal.ts';
import type { SuiteCase } from './core-cases.ts';
import { type Death, dyingStorage } from './dying-storage.ts';
import { holds, same, thrown } from './expect.ts';
import type { Lab } from './lab.ts';

const order = (body: string, url = '/api/keyed'): QueuedRequest => ({
  url,
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body,
});

/** What a user hears, over all starts of the app. */
class Ear {
  readonly events: EntryEvent[] = [];
  #waiting: (() => void)[] = [];

  readonly onEntry = (event: EntryEvent): void => {
    this.events.push(event);
    for (const check of this.#waiting) check();
  };

  /** Waits until something (with that description, where one is given) ended so. */
  hear(state: EntryState, describe?: string): Promise<EntryEvent> {
    return new Promise((resolve) => {
      const check = (): void => {
        const event = this.events.find(
          (candidate) => candidate.state === state && (describe === undefined || candidate.describe === describe),
        );
        if (event !== undefined) resolve(event);
      };
      this.#waiting.push(check);
      check();
    });
  }
}

const quick: JournalOptions = { retryMs: 10, leaseMs: 100 };

/** One start of an app that may be killed. */
const start = (lab: Lab, journal: JournalOptions, changed: Parameters<Lab['client']>[0] = {}, death?: Death) => {
  const { storage, kill, died } = dyingStorage(lab.platform.storage(lab.storageName), death);
  const hauberk = lab.client({ journal: openJournal({ ...quick, ...journal }), ...changed }, { storage });
  return { hauberk, kill, died };
};

const offline = (lab: Lab) => ({ endpoints: [lab.platform.origins[2]], attempts: 1 });

/** An app without network: what it queues stays, and then it is killed. */
const queueOffline = async (lab: Lab, owner: string, ...requests: readonly QueuedRequest[]): Promise<void> => {
  const { hauberk, kill } = start(lab, {}, offline(lab));
  await hauberk.owner(owner);
  for (const request of requests) await hauberk.enqueue({ ...request }, { describe: 'secret words' });
  kill();
};

const bodies = async (lab: Lab): Promise<readonly string[]> => (await lab.gateway()).executions.map(({ body }) => body);

const kills: readonly SuiteCase[] = [
  {
    name: 'journal: what was queued without a network is sent by the next start, in order, once',
    run: async (lab) => {
      await queueOffline(lab, 'alice', order('one'), order('two'), order('three'));
      const ear = new Ear();
      const { hauberk } = start(lab, ear);
      await hauberk.owner('alice');
      await ear.hear('sent');
      while (ear.events.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      same(await bodies(lab), ['one', 'two', 'three'], 'executions');
      same(
        ear.events.map(({ state, reply }) => [state, reply?.status]),
        Array(3).fill(['sent', 200]),
        'told',
      );
      same(await hauberk.journal.list(), [], 'nothing is left');
    },
  },
  {
    name: 'journal: at rest nothing can be read, and the key cannot be had',
    run: async (lab) => {
      await queueOffline(lab, 'alice', order('20 EUR to Bob'));
      const storage = lab.platform.storage(lab.storageName);
      const text = JSON.stringify(await storage.read('journal'));
      holds(text.includes('"rank":"request"'), 'an entry rests');
      // Long words only: three letters stand in base64 by chance now and then.
      for (const word of ['alice', 'secret', '20 EUR to Bob', 'keyed', '"POST"']) holds(!text.includes(word), word);
      const key = (await storage.read('journal-key'))?.handle;
      if (typeof CryptoKey === 'function' && key instanceof CryptoKey) same(key.extractable, false, 'extractable');
    },
  },
  {
    name: 'journal: whichever change of it the app is killed at, before or after, the order is executed once and its end is told',
    run: async (lab) => {
      for (let change = 1; change <= 4; change += 1)
        for (const isStored of [false, true]) {
          const body = `killed at ${change}, ${isStored ? 'after' : 'before'}`;
          const ear = new Ear();
          const first = start(lab, ear, {}, { change, isStored });
          await first.hauberk.owner('alice');
          first.hauberk.enqueue(order(body), { describe: body }).catch(() => undefined);
          await first.died;
          const { hauberk, kill } = start(lab, ear);
          await hauberk.owner('alice');
          const isThere = (await hauberk.journal.list()).some(({ describe }) => describe === body);
          if (!isThere && !ear.events.some(({ describe }) => describe === body))
            await hauberk.enqueue(order(body), { describe: body });
          await ear.hear('sent', body);
          kill();
        }
      const executed = await bodies(lab);
      same([executed.length, new Set(executed).size], [8, 8], 'each once');
    },
  },
  {
    name: 'journal: a lost reply is asked for again with the same key and a new sequence number',
    run: async (lab) => {
      const ear = new Ear();
      const { hauberk } = start(lab, ear);
      await hauberk.connect();
      await hauberk.owner('alice');
      await lab.gateway({ lever: 'cut-after', times: 2 });
      await hauberk.enqueue(order('once'));
      await ear.hear('sent');
      const { executions, sequences } = await lab.gateway();
      same(executions.length, 1, 'one execution');
      // A browser sends a cut request again on its own, which is a replay: then one cut costs two of ours.
      holds(new Set(sequences).size >= 2, 'a new sequence number');
      holds((executions[0]?.key ?? '').length >= 16, 'a key');
    },
  },
  {
    name: 'journal: where the route honours no keys a lost reply is told as unknown and never sent again',
    run: async (lab) => {
      const ear = new Ear();
      const { hauberk } = start(lab, ear);
      await hauberk.connect();
      await hauberk.owner('alice');
      await lab.gateway({ lever: 'cut-after' });
      await hauberk.enqueue(order('perhaps', '/api/echo'));
      const { reason, attempts } = await ear.hear('unknown');
      holds(reason === 'transport' || reason === 'unbound', reason);
      same([attempts, new Set((await lab.gateway()).sequences).size], [1, 1], 'one attempt');
    },
  },
  {
    name: 'journal: where the route honours no keys a kill after the mark is told as unknown and never sent again',
    run: async (lab) => {
      const ear = new Ear();
      const first = start(lab, ear, {}, { change: 2, isStored: true });
      await first.hauberk.owner('alice');
      first.hauberk.enqueue(order('perhaps', '/api/echo')).catch(() => undefined);
      await first.died;
      await start(lab, ear).hauberk.owner('alice');
      const { reason } = await ear.hear('unknown');
      same([reason, (await lab.gateway()).sequences.length], ['interrupted', 0], 'nothing was sent');
    },
  },
  {
    name: 'journal: an end that the app failed to take is told again by the next start',
    run: async (lab) => {
      let isAsked = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        isAsked = resolve;
      });
      const broken = (): Promise<void> => {
        isAsked();
        return Promise.reject(new Error('the page is gone'));
      };
      const first = start(lab, { onEntry: broken });
      await first.hauberk.owner('alice');
      await first.hauberk.enqueue(order('told twice'));
      await asked;
      first.kill();
      const ear = new Ear();
      await start(lab, ear).hauberk.owner('alice');
      same((await ear.hear('sent')).reply?.status, 200, 'with its reply');
      same((await bodies(lab)).length, 1, 'executed once');
    },
  },
  {
    name: 'journal: two tabs of one customer send an entry once',
    run: async (lab) => {
      await queueOffline(lab, 'alice', order('one'), order('two'));
      const ear = new Ear();
      const tabs = [start(lab, ear), start(lab, ear)];
      await Promise.all(tabs.map(({ hauberk }) => hauberk.owner('alice')));
      while (new Set(ear.events.map(({ id }) => id)).size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      same((await bodies(lab)).length, 2, 'executions');
    },
  },
  {
    name: 'journal: entries whose key is gone are told, not dropped',
    run: async (lab) => {
      await queueOffline(lab, 'alice', order('sealed for good'));
      await lab.platform.storage(lab.storageName).remove('journal-key');
      const ear = new Ear();
      await start(lab, ear).hauberk.owner('alice');
      same((await ear.hear('unknown')).reason, 'unreadable', 'why');
    },
  },
];

const people: readonly SuiteCase[] = [
  {
    name: 'journal: entries are sent under their owner only, and nobody else sees or hears of them',
    run: async (lab) => {
      await queueOffline(lab, 'alice', order('of alice'));
      const ear = new Ear();
      const { hauberk } = start(lab, ear);
      await hauberk.owner('bob');
      same(await hauberk.journal.list(), [], 'bob sees nothing');
      await hauberk.enqueue(order('of bob'));
      await ear.hear('sent');
      same(await bodies(lab), ['of bob'], 'executions');
      await hauberk.owner('alice');
      while (ear.events.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      same(await bodies(lab), ['of bob', 'of alice'], 'executions once alice is back');
    },
  },
  {
    name: 'journal: logout ends every entry of the owner and tells it; nothing is sent afterwards',
    run: async (lab) => {
      const ear = new Ear();
      const gone = start(lab, ear, offline(lab));
      await gone.hauberk.owner('alice');
      await gone.hauberk.enqueue(order('too late'));
      await gone.hauberk.logout();
      const { reason } = await ear.hear('cancelled');
      same(reason, 'logout', 'why');
      await thrown(gone.hauberk.enqueue(order('nobody')), 'nobody is logged in');
      const next = start(lab, ear);
      await next.hauberk.owner('alice');
      same(await next.hauberk.journal.list(), [], 'nothing is left');
      same(await bodies(lab), [], 'nothing was sent');
    },
  },
  {
    name: 'journal: an entry can be taken back before it is sent',
    run: async (lab) => {
      const ear = new Ear();
      const { hauberk } = start(lab, ear, offline(lab));
      await hauberk.owner('alice');
      const id = await hauberk.enqueue(order('no'), { describe: 'a mistake' });
      const [entry] = await hauberk.journal.list();
      same([entry?.id, entry?.describe, entry?.path], [id, 'a mistake', '/api/keyed'], 'listed');
      same(await hauberk.journal.cancel(id), 'cancelled', 'state');
      await ear.hear('cancelled');
      same(await hauberk.journal.cancel('another'), undefined, 'unknown id');
    },
  },
  {
    name: 'journal: an expired entry is told and never sent',
    run: async (lab) => {
      const ear = new Ear();
      const first = start(lab, ear, offline(lab));
      await first.hauberk.owner('alice');
      await first.hauberk.enqueue(order('late'), { expiresInMs: 1 });
      first.kill();
      const { hauberk } = start(lab, ear);
      await hauberk.owner('alice');
      await ear.hear('expired');
      same(await bodies(lab), [], 'nothing was sent');
    },
  },
  {
    name: 'journal: a step-up waits for the user, and is answered only when the app says that the user is there',
    run: async (lab) => {
      const ear = new Ear();
      const asked: string[] = [];
      const confirm = async ({ body }: { readonly body: Uint8Array }): Promise<boolean> => {
        asked.push(new TextDecoder().decode(body));
        return true;
      };
      const { hauberk } = start(lab, ear, { confirm });
      await hauberk.owner('alice');
      const id = await hauberk.enqueue(order('large', '/api/transfer'));
      await hauberk.enqueue(order('small'));
      same((await ear.hear('needs-user')).reason, 'step-up', 'why');
      await ear.hear('sent');
      same([asked.length, await bodies(lab)], [0, ['small']], 'nobody was asked, and others went on');
      same(await hauberk.journal.approve(id), 'sent', 'approved');
      same([asked, await bodies(lab)], [['large'], ['small', 'large']], 'asked once');
    },
  },
  {
    name: 'journal: what it refuses it refuses with a code, and nothing is queued',
    run: async (lab) => {
      const { hauberk } = start(lab, { maxRequests: 1 }, offline(lab));
      const code = async (request: QueuedRequest): Promise<string> => {
        const error = await thrown(hauberk.enqueue(request), 'refusal');
        return error instanceof JournalError ? error.code : String(error);
      };
      same(await code(order('x')), 'no-owner', 'owner');
      await hauberk.owner('alice');
      same(await code({ ...order('x'), headers: { Authorization: 'Bearer 1' } }), 'credential', 'credential');
      same(await code(order('x'.repeat(300_000))), 'too-large', 'size');
      same(await code(order('x', 'https://elsewhere.example/')), 'foreign-endpoint', 'origin');
      await hauberk.enqueue(order('first'));
      same(await code(order('second')), 'full', 'room');
      same((await hauberk.journal.list()).length, 1, 'listed');
    },
  },
  {
    name: 'journal: headers of the moment of sending are added then and never stored',
    run: async (lab) => {
      const ear = new Ear();
      const atSend = async () => ({ 'x-covered': 'fresh credential' });
      const { hauberk } = start(lab, { onEntry: ear.onEntry, atSend });
      await hauberk.owner('alice');
      await hauberk.enqueue({ url: '/api/signed/items?a=1' });
      const { reply } = await ear.hear('sent');
      const said = JSON.parse(new TextDecoder().decode(reply?.body)) as Readonly<Record<string, unknown>>;
      same([said['covered'], said['url']], ['fresh credential', '/api/signed/items?a=1'], 'covered');
    },
  },
  {
    name: 'journal: reports that must be kept are sent by the start after a kill, once; the cheapest are not kept',
    run: async (lab) => {
      const { hauberk, kill } = start(lab, {}, offline(lab));
      hauberk.report('threat', { at: 1 }, { loss: 'must-keep' });
      hauberk.report('sample', {}, { loss: 'may-drop' });
      const storage = lab.platform.storage(lab.storageName);
      while (((await storage.read('journal')) ?? []).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      kill();
      const next = start(lab, {}).hauberk;
      while (next.status().waitingReports === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await next.flushReports();
      while (((await storage.read('journal')) ?? []).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const { counts } = await lab.gateway();
      same([counts['report threat'], counts['report sample']], [1, undefined], 'arrived');
    },
  },
];

/** The cases. */
export const journalCases: readonly SuiteCase[] = [...kills, ...people];
