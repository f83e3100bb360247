/** The words that rules, reports and scores of signals share. */

/** How much a scene may ask for, least first: what a launch may collect, a payment may too. */
export const sceneTiers = ['launch', 'login', 'bind', 'pay'] as const;
/** One of them. */
export type SceneTier = (typeof sceneTiers)[number];

/** Whether a scene of one tier may collect what is registered for another. */
export const reachesTier = (scene: SceneTier, needed: SceneTier): boolean =>
  sceneTiers.indexOf(scene) >= sceneTiers.indexOf(needed);

/** What signals tell of. */
export const signalGroups = [
  'root',
  'hook',
  'emulator',
  'debugger',
  'repackaging',
  'host',
  'rom',
  'screen',
  'accessibility',
  'network',
  'instance',
  'automation',
  'place',
  'camera',
  'telephony',
  'farm',
  'identity',
  'malware',
  'behaviour',
  'client',
] as const;
/** One of them. The code of a signal begins with its group. */
export type SignalGroup = (typeof signalGroups)[number];

/** Where on a phone, or beside it, a signal is read. */
export type SignalOrigin =
  | 'system-files'
  | 'configuration'
  | 'drivers'
  | 'applications'
  | 'storage'
  | 'processes'
  | 'tee'
  | 'web'
  | 'server';

/** Who can sense a signal: the page, the native half, the hardware's evidence, the gateway. */
export type SignalLayer = 'web' | 'native' | 'tee' | 'server';

/** A flag is true or false; a bucket is a number whose meaning the registry tells. */
export type SignalForm = 'flag' | 'bucket';
