/** Why data is wanted and where in an app: the two words that a notice, a consent and an access share. */
import type { DataItemId } from './data-items.ts';

/** A purpose that a notice can name. */
export const purposes = {
  'open-account': 'open an account and know the customer',
  authenticate: 'prove who the user is',
  'execute-payment': 'carry out a payment or transfer',
  'show-accounts': 'show balances and transactions',
  'assess-credit': 'decide on a loan',
  'advise-investment': 'sell or advise on investments',
  'prevent-fraud': 'detect fraud and protect the account',
  'find-branch': 'find a branch or a cash machine',
  'support-customer': 'answer a customer',
  'keep-service-running': 'find faults and measure performance',
  personalise: 'personalise content',
  advertise: 'advertise',
} as const;
/** The id of a purpose. */
export type PurposeId = keyof typeof purposes;

/** A place in an app where data may be needed. */
export interface Scene {
  readonly purpose: PurposeId;
  /** What may be collected here at most; anything else is beyond the scope of the scene. */
  readonly allows: readonly DataItemId[];
  /** No consent is asked for what the service cannot be given without (PIPL article 13, paragraph 1, items 2 and 3). */
  readonly isNecessary: boolean;
}

/** The scenes of a banking app. A deployment may narrow them; `mayCollect` takes its table as an argument. */
export const scenes = {
  'account-opening': {
    purpose: 'open-account',
    allows: ['name', 'identity-document', 'phone-number', 'face', 'postal-address', 'video', 'images', 'one-time-code'],
    isNecessary: false,
  },
  login: {
    purpose: 'authenticate',
    allows: ['account-password', 'phone-number', 'one-time-code', 'fingerprint', 'face', 'installation-id'],
    isNecessary: false,
  },
  payment: {
    purpose: 'execute-payment',
    allows: [
      'account-password',
      'account-number',
      'card-verification',
      'one-time-code',
      'transaction',
      'name',
      'video',
    ],
    isNecessary: false,
  },
  'pay-a-contact': { purpose: 'execute-payment', allows: ['contacts', 'phone-number', 'name'], isNecessary: false },
  overview: { purpose: 'show-accounts', allows: ['account-number', 'balance', 'transaction'], isNecessary: false },
  'loan-application': {
    purpose: 'assess-credit',
    allows: ['name', 'identity-document', 'phone-number', 'balance', 'transaction', 'postal-address'],
    isNecessary: false,
  },
  investing: { purpose: 'advise-investment', allows: ['balance', 'transaction', 'account-number'], isNecessary: false },
  'risk-control': {
    purpose: 'prevent-fraud',
    allows: ['installation-id', 'device-profile', 'network-address', 'motion-sensor', 'coarse-location', 'android-id'],
    isNecessary: false,
  },
  'terminal-security': {
    purpose: 'prevent-fraud',
    allows: [
      'device-profile',
      'rendering-profile',
      'media-device-list',
      'battery',
      'motion-sensor',
      'coarse-location',
      'network-address',
      'installation-id',
    ],
    isNecessary: false,
  },
  'branch-finder': { purpose: 'find-branch', allows: ['precise-location', 'coarse-location'], isNecessary: false },
  'customer-service': { purpose: 'support-customer', allows: ['images', 'audio', 'files'], isNecessary: false },
  operation: {
    purpose: 'keep-service-running',
    allows: ['device-profile', 'network-address', 'app-log'],
    isNecessary: true,
  },
  recommendation: { purpose: 'personalise', allows: ['browsing-history', 'transaction'], isNecessary: false },
  advertising: { purpose: 'advertise', allows: ['advertising-id'], isNecessary: false },
} as const;
/** The id of a scene. */
export type SceneId = keyof typeof scenes;
