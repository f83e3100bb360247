/** Programs that drive a browser, and what hides them. */
import { isNativeLook } from './native-lies.ts';
import { flagProbe, type Probe } from './probe.ts';
import type { ProbeWorld } from './probe-world.ts';

/** Names that tools leave on the window and the document. */
const traces = {
  'automation.playwright': /^__(?:pw|playwright)/,
  'automation.puppeteer': /^(?:__puppeteer|puppeteer_)/,
  'automation.selenium':
    /^(?:\$?cdc_|\$chrome_asyncScriptInfo|__\$?(?:webdriver|selenium|driver|fxdriver)|_?[sS]elenium|calledSelenium|callSelenium|domAutomation|webdriver$)/,
} as const;

const textOf = (world: ProbeWorld, path: string): string => String(world.value(path) ?? '');
/** Whether the browser is a Chromium, as it says. */
export const isChromium = (world: ProbeWorld): boolean =>
  /\bChrom(?:e|ium)\/\d/.test(textOf(world, 'navigator.userAgent'));
/** Whether it says that it is on a phone or tablet. */
export const isMobile = (world: ProbeWorld): boolean =>
  /Mobile|Android|iPhone|iPad/.test(textOf(world, 'navigator.userAgent'));

const hasTrace = (names: readonly string[], form: RegExp): boolean => names.some((name) => form.test(name));

/** What the browser and the tools themselves say. */
export const automation: Probe = flagProbe(
  ['automation.webdriver', 'automation.playwright', 'automation.puppeteer', 'automation.selenium'],
  (world) => {
    const names = [...world.ownNames('window'), ...world.ownNames('document')];
    return {
      'automation.webdriver': world.value('navigator.webdriver') === true,
      'automation.playwright': hasTrace(names, traces['automation.playwright']),
      'automation.puppeteer': hasTrace(names, traces['automation.puppeteer']),
      'automation.selenium': hasTrace(names, traces['automation.selenium']),
    };
  },
);

/** A Chromium answers `false` where nobody drives it; whoever takes the attribute away, or pretends, has something to hide. */
const isHiding = (world: ProbeWorld): boolean => {
  if (!isChromium(world)) return false;
  const look = world.attribute('navigator.webdriver');
  return look === undefined || look.isOwn || (look.getter !== undefined && !isNativeLook(look.getter));
};

/** A browser without a window, and what hides it. */
export const headless: Probe = flagProbe(
  ['automation.headless', 'automation.missingPlugins', 'automation.stealthResidue'],
  async (world) => {
    const hints = await world.hints();
    const isWindowless = world.value('outerWidth') === 0 && world.value('outerHeight') === 0;
    const isDesktop = isChromium(world) && !isMobile(world);
    const isNamed =
      textOf(world, 'navigator.userAgent').includes('Headless') ||
      hints?.brands.some((brand) => brand.includes('Headless')) === true;
    return {
      'automation.headless': isNamed || (isDesktop && isWindowless),
      'automation.missingPlugins':
        isDesktop && (world.value('navigator.plugins.length') === 0 || textOf(world, 'navigator.languages') === ''),
      'automation.stealthResidue': isHiding(world),
    };
  },
);

/** The developer protocol, and developer tools that a person opened: where nobody ever touched the page, it was no person. */
export const developerTools: Probe = flagProbe(
  ['automation.devtoolsProtocol', 'debugger.developerTools', 'debugger.timing'],
  (world) => {
    const isRead = world.isConsoleRead();
    const isTouched = world.value('navigator.userActivation.hasBeenActive') === true;
    return {
      'automation.devtoolsProtocol': isRead && !isTouched,
      'debugger.developerTools': isRead && isTouched,
      'debugger.timing': world.longestPause() > 400,
    };
  },
);

/** Two interfaces that tell one permission. */
export const permissions: Probe = flagProbe(['automation.permissionInconsistent'], async (world) => {
  const shown = world.value('Notification.permission');
  const asked = await world.permission('notifications');
  return {
    'automation.permissionInconsistent':
      (shown === 'denied' && asked === 'prompt') || (shown === 'granted' && asked === 'denied'),
  };
});

const systems: readonly (readonly [hint: string, agent: RegExp])[] = [
  ['Android', /Android/],
  ['Windows', /Windows NT/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux/],
  ['Chrome OS', /CrOS/],
];

/** Client hints, user agent and platform of one browser. */
export const disagreements: Probe = flagProbe(
  ['automation.hintsDisagree', 'identity.agentSpoofed', 'identity.impossibleModel'],
  async (world) => {
    const hints = await world.hints();
    const agent = textOf(world, 'navigator.userAgent');
    const platform = textOf(world, 'navigator.platform');
    const system = systems.find(([hint]) => hint === hints?.platform)?.[1];
    const isApple = /iPhone|iPad/.test(agent);
    return {
      'automation.hintsDisagree':
        hints !== undefined && ((system !== undefined && !system.test(agent)) || hints.mobile !== /Mobile/.test(agent)),
      'identity.agentSpoofed':
        (/Windows NT/.test(agent) && !platform.startsWith('Win')) ||
        (/Macintosh/.test(agent) && !platform.startsWith('Mac')) ||
        (/Android/.test(agent) && /^(?:Win|Mac|iP)/.test(platform)) ||
        (isApple && !/^(?:iP|Mac)/.test(platform)),
      // No browser of iOS has these: all are WebKit.
      'identity.impossibleModel': isApple && (world.has('chrome') || world.has('navigator.deviceMemory')),
    };
  },
);
