/** The page that the aspect is measured in. Compiled for pages: everything here runs in Chromium. */

/** The parts of the aspect that are used. */
export interface Watcher {
  readonly off: () => readonly string[];
  readonly status: () => { readonly surfaces: readonly { readonly calls: number }[]; readonly stacks: number };
}

/** What the page has beside a browser's own. */
export interface BenchPage {
  readonly HauberkPrivacy: { readonly createPrivacyAspect: (options: object) => Watcher; readonly aspect: Watcher };
  readonly measured: Readonly<Record<string, () => unknown>>;
  /** Nanoseconds of one call; the best of many short runs, for a disturbance only slows. `frames` lie below the call. */
  readonly timeCall: (name: string, frames: number, calls: number, rounds: number) => Promise<number>;
  readonly use: () => Promise<void>;
}

/** The calls that are measured. */
export const measuredCalls = `
  const context = document.createElement('canvas').getContext('2d');
  const sound = new AudioBuffer({ length: 8, sampleRate: 8000 });
  const store = localStorage;
  store.setItem('key', 'value');
  globalThis.measured = {
    getItem: () => store.getItem('key'),
    userAgent: () => navigator.userAgent,
    width: () => screen.width,
    measureText: () => context.measureText('x'),
    getChannelData: () => sound.getChannelData(0),
  };
  // From a timer, so that no frame of a debugger is in the stack.
  globalThis.timeCall = (name, frames, calls, rounds) => new Promise((resolve) => setTimeout(() => resolve(best(name, frames, calls, rounds))));
  const best = (name, frames, calls, rounds) => {
    const work = measured[name];
    const dig = (left) => {
      if (left > 0) return dig(left - 1) + 1;
      for (let index = 0; index < calls; index += 1) work();
      return 0;
    };
    let least = Infinity;
    for (let round = 0; round < rounds; round += 1) {
      const start = performance.now();
      dig(frames - 3);
      least = Math.min(least, ((performance.now() - start) * 1e6) / calls);
    }
    return least;
  };`;

/** A bank's page in use, over a hundred screens: it renders, keeps state, draws a chart, asks its API; two SDKs read what SDKs read. */
export const pageInUse = `
  globalThis.use = async () => {
    for (let turn = 0; turn < 100; turn += 1) {
      const list = document.createElement('ul');
      for (let row = 0; row < 150; row += 1) {
        const item = document.createElement('li');
        item.textContent = new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' }).format(row * turn);
        item.addEventListener('click', () => undefined);
        list.append(item);
      }
      document.body.replaceChildren(list);
      list.getBoundingClientRect();
      const texts = [...list.children].map((item) => item.textContent);
      localStorage.setItem('state', JSON.stringify({ turn, texts }));
      JSON.parse(localStorage.getItem('state'));
      const chart = document.createElement('canvas').getContext('2d');
      for (let point = 0; point < 100; point += 1) chart.lineTo(point, Math.sin(point) * 50);
      chart.stroke();
      chart.measureText('EUR');
      await (await fetch('/answer')).text();
      [navigator.userAgent, navigator.language, screen.width, screen.height, document.cookie, devicePixelRatio].join();
      if (turn % 10 === 0) document.createElement('canvas').toDataURL();
    }
  };`;
