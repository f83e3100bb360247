/** What a page with the aspect and other scripts that patch the same functions still does. Each check answers whether it holds. */
import type { PrivacyAspect } from '../../src/privacy/core.ts';
import { localDirectives } from '../local-directives.ts';
import type { ToldReport } from '../privacy-proof.ts';

interface Zone {
  readonly current: {
    readonly name: string;
    readonly fork: (spec: { name: string }) => Zone['current'];
    readonly run: <Value>(work: () => Value) => Value;
  };
}
const page = globalThis as unknown as {
  readonly HauberkPrivacy: { readonly aspect: PrivacyAspect };
  readonly Zone?: Zone;
  readonly errors?: { readonly tell: (message: string) => Promise<string> };
};

const callsOf = (aspect: PrivacyAspect, path: string): number =>
  aspect
    .status()
    .surfaces.filter((surface) => surface.path === path)
    .reduce((sum, { calls }) => sum + calls, 0);

const request = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const made = new XMLHttpRequest();
    made.addEventListener('load', () => resolve(made.responseText));
    made.addEventListener('error', () => reject(new Error('request')));
    made.open('GET', '/answer');
    made.send();
  });

const position = (): Promise<string> =>
  new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(`at ${coords.latitude}`),
      ({ code }) => resolve(`error ${code}`),
      // The place that a debugger invents is told once.
      { maximumAge: Number.POSITIVE_INFINITY },
    );
  });

const listener = (): string => {
  let heard = 0;
  const listen = (): void => {
    heard += 1;
  };
  globalThis.addEventListener('devicemotion', listen);
  globalThis.dispatchEvent(new Event('devicemotion'));
  globalThis.removeEventListener('devicemotion', listen);
  globalThis.dispatchEvent(new Event('devicemotion'));
  return `heard ${heard}`;
};

const calls: Readonly<Record<string, readonly [path: string, call: () => unknown, answer: string]>> = {
  fetch: ['fetch', async () => (await fetch('/answer')).text(), 'answer'],
  XMLHttpRequest: ['XMLHttpRequest.prototype.send', request, 'answer'],
  geolocation: ['Geolocation.prototype.getCurrentPosition', position, 'at 1'],
  listener: ['event.devicemotion', listener, 'heard 1'],
  storage: ['Storage.prototype.getItem', () => String(localStorage.getItem('none')), 'null'],
};

/** Frames of zones differ between the first call and later ones, so chains are learned until none is new. */
const stopHolds = async (aspect: PrivacyAspect): Promise<boolean> => {
  const reports: ToldReport[] = [];
  const directives = localDirectives();
  aspect.connect({ directives, report: (kind, body) => void reports.push({ kind, body }) });
  const answers: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    if (round === 2) {
      aspect.flush();
      const api = 'web:navigator.geolocation.getCurrentPosition';
      const rows = reports.flatMap(({ body }) => (body['accesses'] ?? []) as readonly { api: string; chain: string }[]);
      const chains = new Set(rows.filter((row) => row.api === api).map(({ chain }) => chain));
      const stops = [...chains].map((chain) => ({ chain, action: 'deny', apis: [api] }));
      directives.publish('privacy.stop', { id: 'stop', version: 1, body: { stops } });
    }
    if (round === 3) directives.publish('privacy.stop', undefined);
    answers.push(await position());
  }
  return answers.join() === 'at 1,at 1,error 1,at 1';
};

const zoneHolds = async (): Promise<boolean | undefined> => {
  const zone = page.Zone;
  if (zone === undefined) return undefined;
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    zone.current.fork({ name: 'inner' }).run(() => {
      setTimeout(() => {
        seen.push(zone.current.name);
        void fetch('/answer').then(() => {
          seen.push(zone.current.name);
          resolve();
        });
      });
    });
  });
  return seen.join() === 'inner,inner';
};

const sentryHolds = async (): Promise<boolean | undefined> => {
  if (page.errors === undefined) return undefined;
  await fetch('/answer?crumb=fetch');
  const told = await page.errors.tell('a message');
  return told.includes('a message') && told.includes('crumb=fetch');
};

/** Every check, by name. */
export const provePeers = async (): Promise<Readonly<Record<string, boolean | undefined>>> => {
  const { aspect } = page.HauberkPrivacy;
  const checks: Record<string, boolean | undefined> = {};
  checks['zones are kept'] = await zoneHolds();
  checks['breadcrumbs are kept'] = await sentryHolds();
  for (const [name, [path, call, answer]] of Object.entries(calls)) {
    const before = callsOf(aspect, path);
    checks[`${name} answers`] = (await call()) === answer;
    checks[`${name} is counted once`] = callsOf(aspect, path) - before === 1;
  }
  checks['a stop holds'] = await stopHolds(aspect);
  checks['no fault'] = aspect.status().faults === 0;
  aspect.off();
  let isWhole = true;
  for (const [, call, answer] of Object.values(calls)) isWhole = (await call()) === answer && isWhole;
  checks['all answer when it is off'] = isWhole;
  return checks;
};
