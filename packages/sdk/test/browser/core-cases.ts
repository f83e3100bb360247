/** Cases: the protected path itself. */
import { holds, refused, same, thrown } from './expect.ts';
import type { Lab } from './lab.ts';

/** One case of the suite. */
export interface SuiteCase {
  readonly name: string;
  readonly run: (lab: Lab) => Promise<void>;
}

const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers,
});

const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

/** Reads a body to its end. Chromium's `text()` would tell a TypeError whatever the stream failed with. */
const drain = async (response: Response): Promise<void> => {
  const reader = response.body?.getReader();
  while ((await reader?.read())?.done === false);
};

const protectedPath: readonly SuiteCase[] = [
  {
    name: 'the first request enrols, shakes hands and arrives sealed',
    run: async (lab) => {
      const response = await lab
        .client()
        .fetch('/api/echo', post('{"amount":1}', { 'content-type': 'application/json' }));
      same([response.status, response.headers.get('content-type')], [200, 'application/json'], 'reply');
      same((await json(response))['body'], '{"amount":1}', 'plain body');
      const { executions, counts } = await lab.gateway();
      same([executions[0]?.tag, executions[0]?.contentType], ['hb1s', 'application/json'], 'protection');
      same([counts['config'], counts['enrol'], counts['hello']], [1, 1, 1], 'round trips');
    },
  },
  {
    name: 'a signed route gets a signed request with its declared headers covered',
    run: async (lab) => {
      const response = await lab.client().fetch('/api/signed/items?a=1&b=2', { headers: { 'x-covered': 'yes' } });
      const reply = await json(response);
      same([reply['tag'], reply['url'], reply['covered']], ['hb1', '/api/signed/items?a=1&b=2', 'yes'], 'reply');
      same(
        [response.headers.get('x-trace'), response.headers.get('x-loose')],
        ['trace-1', null],
        'covered headers only',
      );
    },
  },
  {
    name: 'bodies of every kind arrive byte for byte',
    run: async (lab) => {
      const { fetch } = lab.client();
      const form = new FormData();
      form.set('field', 'välue');
      form.set('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
      const kinds: [string, NonNullable<RequestInit['body']>][] = [
        ['text', 'text'],
        ['bytes', new TextEncoder().encode('bytes')],
        ['buffer', new TextEncoder().encode('buffer').buffer],
        ['blob', new Blob(['blob'], { type: 'application/x-blob' })],
        ['a=1&b=%C3%A4', new URLSearchParams({ a: '1', b: 'ä' })],
        ['stream', new Blob(['stream']).stream()],
      ];
      for (const [expected, body] of kinds)
        same((await json(await fetch('/api/echo', post(body))))['body'], expected, expected);
      const reply = await json(await fetch('/api/echo', post(form)));
      const boundary = /boundary=(.+)$/.exec(String(reply['contentType']))?.[1] ?? 'none';
      const text = String(reply['body']);
      holds(text.startsWith(`--${boundary}\r\n`) && text.includes('välue') && text.includes('content'), 'form data');
    },
  },
  {
    name: 'Request and URL objects, HEAD and empty replies work as with fetch',
    run: async (lab) => {
      const { fetch } = lab.client();
      const [origin] = lab.platform.origins;
      const request = new Request(`${origin}/api/echo`, post('from a Request'));
      same((await json(await fetch(request)))['body'], 'from a Request', 'Request');
      const response = await fetch(new URL(`${origin}/api/echo`));
      same([response.url, response.ok], [`${origin}/api/echo`, true], 'URL');
      same((await fetch('/api/signed/x', { method: 'HEAD' })).headers.get('x-trace'), 'trace-3', 'HEAD, signed');
      same((await fetch('/api/echo', { method: 'HEAD' })).status, 200, 'HEAD, sealed');
      same((await fetch('/api/nothing', { method: 'DELETE' })).status, 204, 'no content');
    },
  },
  {
    name: 'a stream on a chunked route goes out as sealed chunks',
    run: async (lab) => {
      const body = new Blob(['x'.repeat(150_000), 'end']).stream();
      const reply = await json(await lab.client().fetch('/api/upload', post(body)));
      const { counts, executions } = await lab.gateway();
      same([executions[0]?.tag, counts['chunked']], ['hb1c', 1], 'protection');
      holds(String(reply['body']).length === 150_003 && String(reply['body']).endsWith('end'), 'body');
    },
  },
  {
    name: 'an event stream is opened frame by frame',
    run: async (lab) => {
      const response = await lab.client().fetch('/api/events');
      same(
        [response.headers.get('content-type'), await response.text()],
        ['text/event-stream', 'data: one\n\ndata: two\n\n'],
        'events',
      );
    },
  },
  {
    name: 'a stream without its final frame or with a bent one ends in an error',
    run: async (lab) => {
      const { fetch } = lab.client();
      for (const lever of ['no-final', 'bend-frame']) {
        await lab.gateway({ lever });
        await refused(drain(await fetch('/api/events')), 'reply-cut', lever);
      }
    },
  },
  {
    name: 'plain routes are the only ones that travel plainly',
    run: async (lab) => {
      const { fetch } = lab.client();
      same(await (await fetch('/api/plain')).text(), 'plain GET', 'plain');
      await fetch('/api/unknown', post(''));
      same((await lab.gateway()).executions[0]?.tag, 'hb1s', 'default mode');
    },
  },
  {
    name: 'a sealed route refuses undeclared query parameters before they leave',
    run: async (lab) => {
      const { fetch } = lab.client();
      await refused(fetch('/api/search?name=secret'), 'unsupported', 'undeclared');
      same((await lab.gateway()).counts['hello'], undefined, 'nothing sent');
      same((await fetch('/api/search?page=2')).status, 200, 'declared');
    },
  },
  {
    name: "the channel's own headers cannot be set by the caller",
    run: async (lab) => {
      const own = { signature: 'hb=:AA==:', 'signature-input': 'hb=()', 'hauberk-ticket': 'x', 'hauberk-step-up': 'y' };
      const digest = { 'content-digest': 'sha-256=:AA==:', 'hauberk-hello': 'z' };
      same((await lab.client().fetch('/api/echo', post('x', { ...own, ...digest }))).status, 200, 'dropped');
    },
  },
  {
    name: 'foreign origins, redirects and no-cors are refused',
    run: async (lab) => {
      const { fetch } = lab.client();
      await refused(fetch('https://elsewhere.example/api'), 'foreign-endpoint', 'foreign');
      await refused(fetch('/api/echo', { redirect: 'follow' }), 'unsupported', 'follow');
      await refused(fetch('/api/echo', { mode: 'no-cors' }), 'unsupported', 'no-cors');
      await lab.gateway({ lever: 'redirect', times: 3 });
      await refused(fetch('/api/echo', post('x')), 'transport', 'redirect');
      same((await lab.gateway()).executions.length, 0, 'not executed');
    },
  },
];

const abort: readonly SuiteCase[] = [
  {
    name: 'an abort before, during and after the reply behaves as with fetch',
    run: async (lab) => {
      const { fetch } = lab.client();
      const error = await thrown(fetch('/api/echo', { signal: AbortSignal.abort() }), 'aborted before');
      same((error as Error).name, 'AbortError', 'reason');
      const controller = new AbortController();
      const pending = fetch('/api/echo', { signal: controller.signal });
      controller.abort(new Error('mine'));
      same(((await thrown(pending, 'aborted during')) as Error).message, 'mine', 'own reason');
      const late = new AbortController();
      const response = await fetch('/api/echo', { signal: late.signal });
      late.abort();
      same((await json(response))['method'], 'GET', 'a whole reply stays whole');
    },
  },
];

const sharing: readonly SuiteCase[] = [
  {
    name: 'a caller that gives up leaves the handshake to the others',
    run: async (lab) => {
      await lab.client().connect();
      const { fetch } = lab.client();
      const controller = new AbortController();
      const [first, second] = [fetch('/api/echo', { signal: controller.signal }), fetch('/api/signed/x')];
      controller.abort(new Error('gave up'));
      same(((await thrown(first, 'aborted')) as Error).message, 'gave up', 'reason');
      same((await second).status, 200, 'the other call');
    },
  },
  {
    name: 'ten calls at once on a new device share one enrolment and one handshake',
    run: async (lab) => {
      const { fetch } = lab.client();
      const replies = await Promise.all(Array.from({ length: 10 }, () => fetch('/api/echo', post('x'))));
      same([...new Set(replies.map(({ status }) => status))], [200], 'served');
      const { counts } = await lab.gateway();
      same([counts['config'], counts['challenge'], counts['enrol'], counts['hello']], [1, 1, 1, 1], 'round trips');
    },
  },
];

/** The cases. */
export const coreCases: readonly SuiteCase[] = [...protectedPath, ...abort, ...sharing];
