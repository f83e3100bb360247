/** Section `binding`, with every default filled in. */
import type { BindingWay } from '@hauberk/binding';
import type { CredentialConfig } from './route-config.ts';

/** What a silent provider does. */
export type SilenceRule = 'decline' | 'step-up' | 'accept';

/** An SMS link and the VMNs that it may deliver for. */
export interface BindingLinkConfig {
  readonly id: string;
  /** Every VMN when empty. */
  readonly vmns: readonly string[];
}

/** The bank's own service behind the binding: registered numbers in, one-time codes out. */
export interface BindingBankConfig {
  /** Without a slash at the end. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string;
  readonly timeoutMs: number;
}

/** Numbers that may be stricter than the rules, never laxer. */
export interface BindingPolicyConfig {
  readonly timerSeconds: number;
  readonly tokensPerDevice: number;
  readonly attemptsPerProfile: number;
  readonly coolingLimitMinor: number;
  readonly swapDays: number;
  /** How long after its last use a bound device logs in without a new proof. */
  readonly reliefDays: number;
  readonly onStaleList: SilenceRule;
  readonly onRiskSilence: SilenceRule;
  readonly onSwapSilence: SilenceRule;
  /** Least operating systems. */
  readonly systems: readonly {
    readonly family: string;
    readonly platform: 'android' | 'ios';
    readonly leastVersion: number;
    readonly leastPatchLevel: number;
  }[];
}

/** An operator's CAMARA API: Number Verification and SIM Swap. */
export interface BindingOperatorConfig {
  /** Without a slash at the end. */
  readonly url: string;
  readonly clientId: string;
  /** Either the secret or the key. */
  readonly secret?: string | undefined;
  /** PEM; absolute after loading. */
  readonly keyFile?: string | undefined;
  readonly keyId?: string | undefined;
  readonly timeoutMs: number;
  readonly tokenPath: string;
  readonly cibaPath?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly purpose?: string | undefined;
}

/** The bank's relying party. */
export interface BindingPasskeysConfig {
  readonly rpId: string;
  readonly origins: readonly string[];
}

/** SIM and device binding. */
export interface BindingConfig {
  /** App → build number that registers. */
  readonly apps: Readonly<Record<string, { readonly android: number; readonly ios: number }>>;
  readonly brand: string;
  readonly vmns: readonly string[];
  readonly links: readonly BindingLinkConfig[];
  /** Key of the hashes of numbers, tokens and codes. */
  readonly secret: string;
  /** How a login shows itself: who asks for a binding is logged in. */
  readonly credential: CredentialConfig;
  /** A login that passed this step counts as stepped up. */
  readonly stepUpStep?: string | undefined;
  /** How possession may be shown. */
  readonly ways: readonly BindingWay[];
  /** A bound device in policy passes this step of a login without its proof. */
  readonly relief?: { readonly step: string } | undefined;
  readonly operator?: BindingOperatorConfig | undefined;
  readonly passkeys?: BindingPasskeysConfig | undefined;
  readonly bank: BindingBankConfig;
  readonly feeds: {
    readonly revoked?: string | undefined;
    readonly risk?: string | undefined;
    /** PEM file of who may sign them; without it no signature is asked for. */
    readonly publishersFile?: string | undefined;
  };
  /** CIDR blocks of mobile networks. */
  readonly mobileNetworks: readonly string[];
  readonly policy: BindingPolicyConfig;
  /** How long operators can look an attempt up. */
  readonly trailDays: number;
  /** A VMN that gets nothing for so long while the others do is reported. */
  readonly vmnSilentMinutes: number;
}
