/** Which kinds of attacks of the fraud simulator each starter policy is against. A shared test holds that it stops them. */

/** Kinds of attacks by policy. Policies that are not here serve all the others. */
export const starterTargets: Readonly<Record<string, readonly string[]>> = {
  protocol: ['replay', 'clone'],
  'genuine-app': ['repackage', 'hook', 'host', 'emulator'],
  farm: ['farm-coupon', 'farm-account', 'farm-ticket', 'sim-pool'],
  login: ['takeover'],
  coupon: ['coupon-bot', 'farm-coupon'],
  sale: ['ticket-bot', 'farm-ticket'],
  scraping: ['scraper'],
  'account-opening': ['forged-papers'],
  'sensitive-data': ['sim-swap'],
  transfer: ['remote-control', 'mule'],
  loan: ['loan-ring'],
  takeover: ['takeover', 'sim-swap'],
};
