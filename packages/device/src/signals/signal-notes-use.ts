/** What signals of use, screen and network mean. Each: what it says, who shows it and is honest, and names that others have for it. */

import type { Note } from './signal-registry.ts';
import type { SignalCode } from './signal-rules.ts';

/** By code. */
export const useNotes: Readonly<Partial<Record<SignalCode, Note>>> = {
  'screen.recorded': ['the screen is recorded', 'people who make a video for a helpdesk', 'freeRASP screenRecording'],
  'screen.mirrored': ['the screen is shown on another one', 'televisions and cars'],
  'screen.shared': [
    'an app shares the screen with somebody',
    'meetings that were forgotten',
    'Fingerprint remoteControl',
  ],
  'screen.remoteControl': [
    'a remote-control app is connected',
    "helpers of the family; a company's own support",
    'Fingerprint remoteControl',
  ],
  'screen.overlay': ['a window lies over the app', 'blue-light filters and chat bubbles'],
  'screen.screenshot': ['a screenshot was taken', 'people who keep a receipt', 'freeRASP screenshot'],
  'screen.displayCapturePatched': ["getDisplayMedia is not the browser's", 'meeting plug-ins'],
  'screen.pictureInPicture': ['a video floats over the page', 'people who watch while they pay'],
  'screen.oddVisibility': [
    'the page says hidden and gets touches, or the other way round',
    'browsers that restore a tab',
  ],
  'screen.remoteRhythm': [
    'touches come in the rhythm of a connection rather than of a hand',
    'trembling hands; assistive switches',
  ],
  'accessibility.unknownService': [
    'an accessibility service is on that nobody knows',
    'people who depend on a rare one: never a reason alone',
  ],
  'accessibility.injectedTouch': ['touches that no finger made', 'assistive technology'],
  'accessibility.pressureless': ['touches without pressure or area', 'styluses and mice; some browsers always say so'],
  'accessibility.evenKeys': ['keys at times so even that no hand makes them', 'password managers that type'],
  'accessibility.autoClicker': ['an app that clicks is on', 'players'],
  'accessibility.pastedAmount': ['the amount was pasted', 'people who copy an invoice: tells, and hardly counts'],
  'accessibility.pastedPayee': [
    'the payee was pasted',
    'people who copy an account number, which is most: hardly counts',
  ],
  'accessibility.untrustedEvent': ['input events that a script made', 'form fillers; assistive extensions'],
  'network.vpn': [
    'the phone sends through a VPN',
    'companies and careful people: hardly counts',
    'freeRASP systemVPN; Fingerprint vpn',
  ],
  'network.proxy': ['the phone sends through an HTTP proxy', 'company networks', 'Fingerprint proxy'],
  'network.pinFailed': [
    'a pinned certificate was not the one that came',
    "a company's inspection; a portal of a hotel",
    'Fingerprint mitmAttack',
  ],
  'network.userCertificates': ['the user added an authority of certificates', 'company phones'],
  'network.unsafeWifi': ['an open or weakly protected network', 'cafés: hardly counts', 'freeRASP unsecureWiFi'],
  'network.nameMismatch': ['a name resolves to what it should not', 'portals of hotels'],
  'network.hosting': [
    'the address belongs to a data centre',
    'companies whose exit is there',
    'Fingerprint ipBlocklist',
  ],
  'network.tor': ['the address is an exit of Tor', 'people who need it', 'Fingerprint tor'],
  'network.knownVpn': ['the address belongs to a VPN', 'careful people: hardly counts', 'Fingerprint vpn'],
  'network.headerOrder': ['headers in an order that the named browser never writes', 'proxies that sort headers'],
  'network.zoneMismatch': ["the phone's time zone is not that of its address", 'travellers and roaming SIMs'],
  'instance.systemClone': [
    "the second copy that the maker's system offers",
    'people with two numbers',
    'freeRASP multiInstance',
  ],
  'instance.appClone': [
    'a copy that a cloning app made',
    'people with two numbers',
    'freeRASP multiInstance; Fingerprint clonedApp',
  ],
  'instance.workProfile': ['the copy of a work profile', 'company phones: tells, and does not count'],
  'instance.sandboxPath': [
    "the app's data lie where only a sandbox puts them",
    "makers' secure folders",
    'freeRASP multiInstance',
  ],
  'instance.manyInstalls': ['many installations under one hardware', 'shops that set phones up; second-hand phones'],
  'automation.webdriver': [
    'the browser says that a program drives it',
    'accessibility tests of the bank',
    'Fingerprint bot',
  ],
  'automation.devtoolsProtocol': [
    'the developer protocol is attached and its domain runs',
    'developers',
    'Fingerprint bot',
  ],
  'automation.playwright': ['names that Playwright leaves in the page', "the bank's own monitoring", 'Fingerprint bot'],
  'automation.puppeteer': ['names that Puppeteer leaves in the page', "the bank's own monitoring", 'Fingerprint bot'],
  'automation.selenium': [
    'names that Selenium or its drivers leave in the page',
    "the bank's own monitoring",
    'Fingerprint bot',
  ],
  'automation.headless': ['a browser without a window', 'preview services', 'Fingerprint bot'],
  'automation.missingPlugins': [
    'a desktop Chromium without its plug-ins and languages',
    'locked-down company browsers',
  ],
  'automation.permissionInconsistent': ['two interfaces of the browser disagree on a permission', 'embedded browsers'],
  'automation.stealthResidue': [
    'what tools leave that hide automation',
    'rare: whoever hides it knows why',
    'Fingerprint tampering',
  ],
  'automation.hintsDisagree': ['client hints, user agent and scripts disagree', 'browsers that freeze one of them'],
  'automation.testHarness': ['a test harness drives the app', "the bank's own testers"],
};
