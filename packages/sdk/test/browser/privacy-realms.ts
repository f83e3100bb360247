/** Realms that a page can make, and whether calls in them are seen. Runs on a page whose first script is the aspect's own. */
import type { PrivacyAspect } from '../../src/privacy/core.ts';
import type { RealmProof } from '../privacy-proof.ts';

interface Reader {
  readonly navigator: Navigator;
  readonly readLater?: () => string;
}

const { aspect } = (globalThis as unknown as { readonly HauberkPrivacy: { readonly aspect: PrivacyAspect } })
  .HauberkPrivacy;
const inner = 'void navigator.userAgent; globalThis.readLater = () => navigator.userAgent;';
const document_ = `<!doctype html><script>${inner}</script>`;

const calls = (): number =>
  aspect.status().surfaces.find(({ path }) => path === 'Navigator.prototype.userAgent')?.calls ?? 0;

const seenIn = async (work: () => unknown): Promise<'seen' | 'not seen'> => {
  const before = calls();
  await work();
  return calls() > before ? 'seen' : 'not seen';
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const read = (window: unknown): string => (window as Reader).navigator.userAgent;

const loaded = (frame: HTMLIFrameElement, put: () => void): Promise<void> =>
  new Promise((resolve) => {
    frame.addEventListener('load', () => resolve(), { once: true });
    put();
  });

/** A frame with a script of its own: while it loads, afterwards, and when the page reaches into it. */
const frameProof = async (name: string, prepare: (frame: HTMLIFrameElement) => void): Promise<RealmProof> => {
  const frame = document.createElement('iframe');
  prepare(frame);
  const loading = await seenIn(() => loaded(frame, () => document.body.append(frame)));
  const window = frame.contentWindow as unknown as Reader | null;
  let isOpen = true;
  try {
    void window?.navigator;
  } catch {
    isOpen = false;
  }
  if (!isOpen) return { name, reached: 'no access', loading, later: 'not seen' };
  const later = await seenIn(() => window?.readLater?.());
  return { name, reached: await seenIn(() => read(frame.contentWindow)), loading, later };
};

const emptyProof = async (name: string, put: () => unknown): Promise<RealmProof> => ({
  name,
  reached: await seenIn(async () => read(await put())),
  loading: 'no script',
  later: 'no script',
});

const last = (): unknown => (globalThis as unknown as Record<number, unknown>)[globalThis.length - 1];
const blobUrl = (text: string, type: string): string => URL.createObjectURL(new Blob([text], { type }));

const emptyFrames = async (): Promise<readonly RealmProof[]> => [
  await emptyProof('empty frame, by `appendChild` and `frames[n]`', () => {
    document.body.appendChild(document.createElement('iframe'));
    return last();
  }),
  await emptyProof('empty frame, by `innerHTML` and `frames[n]`', () => {
    const box = document.createElement('div');
    document.body.append(box);
    box.innerHTML = '<iframe></iframe>';
    return last();
  }),
  await emptyProof('frame in a frame, at once', () => {
    document.body.append(document.createElement('iframe'));
    const outer = last() as { readonly document: Document; readonly [index: number]: unknown };
    outer.document.body.append(outer.document.createElement('iframe'));
    return outer[0];
  }),
  await emptyProof('frame in a shadow root, by `contentWindow`', () => {
    const host = document.createElement('div');
    document.body.append(host);
    const frame = document.createElement('iframe');
    host.attachShadow({ mode: 'closed' }).append(frame);
    return frame.contentWindow;
  }),
  await emptyProof('`object` with an empty document, by `contentWindow`', async () => {
    const made = Object.assign(document.createElement('object'), { data: 'about:blank' });
    await new Promise((resolve) => {
      made.addEventListener('load', resolve);
      document.body.append(made);
    });
    return made.contentWindow;
  }),
];

const frames = async (otherOrigin: string): Promise<readonly RealmProof[]> => [
  await frameProof('frame of the same origin', (frame) => {
    frame.src = '/inner';
  }),
  await frameProof('`srcdoc`', (frame) => {
    frame.srcdoc = document_;
  }),
  await frameProof('`blob:` frame', (frame) => {
    frame.src = blobUrl(document_, 'text/html');
  }),
  await frameProof('frame whose first script is the aspect', (frame) => {
    frame.src = '/inner-first';
  }),
  await frameProof('sandboxed frame (opaque origin)', (frame) => {
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.srcdoc = document_;
  }),
  await frameProof('frame of another origin', (frame) => {
    frame.src = `${otherOrigin}/inner`;
  }),
];

const windows = async (): Promise<readonly RealmProof[]> => {
  const empty = await emptyProof('`window.open`, empty', () => open('about:blank'));
  let opened: Window | null = null;
  const loading = await seenIn(async () => {
    opened = open('/inner');
    for (let turn = 0; turn < 100 && (opened as Reader | null)?.readLater === undefined; turn += 1) await pause(50);
  });
  await pause(2500);
  const window = opened as Reader | null;
  const later = await seenIn(() => window?.readLater?.());
  return [
    empty,
    { name: '`window.open` of the same origin', reached: await seenIn(() => read(window)), loading, later },
  ];
};

const fromWorker = (worker: Worker | MessagePort): Promise<unknown> =>
  new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent) => resolve(data);
  });

const answering = `${inner} const told = () => typeof HauberkPrivacy === 'undefined' ? 0 : HauberkPrivacy.aspect.status().surfaces.find((s) => s.path === 'Navigator.prototype.userAgent').calls;`;
const dedicated = `${answering} postMessage(told());`;
const shared = `${answering} onconnect = ({ ports }) => ports[0].postMessage(told());`;
const first = `importScripts(${JSON.stringify(`${location.origin}/hauberk-privacy.js`)});`;

const workerProof = async (name: string, make: () => Worker | MessagePort): Promise<RealmProof> => {
  let own = 0;
  const loading = await seenIn(async () => {
    own = Number(await fromWorker(make()));
  });
  const isSeen = own > 0 ? 'seen' : loading;
  return { name, reached: 'no access', loading: isSeen, later: isSeen };
};

const workers = async (): Promise<readonly RealmProof[]> => [
  await workerProof('worker', () => new Worker(blobUrl(dedicated, 'text/javascript'))),
  await workerProof(
    'worker whose first script is the aspect',
    () => new Worker(blobUrl(first + dedicated, 'text/javascript')),
  ),
  await workerProof('shared worker', () => new SharedWorker(blobUrl(shared, 'text/javascript')).port),
  await workerProof(
    'shared worker whose first script is the aspect',
    () => new SharedWorker(blobUrl(first + shared, 'text/javascript')).port,
  ),
];

/** Every realm, one after the other. */
export const proveRealms = async (otherOrigin: string): Promise<readonly RealmProof[]> => [
  ...(await emptyFrames()),
  ...(await frames(otherOrigin)),
  ...(await windows()),
  ...(await workers()),
];
