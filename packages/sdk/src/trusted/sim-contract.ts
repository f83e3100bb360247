/** The SIM half of the native bridge contract, from version 2 on: what binding asks of SIM, network and the SMS that the app sends. */

/** Something in a slot that can send SMS. */
export interface SimSlot {
  /** Counted from 0. */
  readonly slot: number;
  /** As the SIM names it, 1 to 64 characters; absent where it names nobody. */
  readonly carrier?: string;
  /** Names the subscription on this phone, 1 to 128 characters: another one later means that the SIM changed. No number, no ICCID. */
  readonly subscription?: string;
}

/** What the phone says of SIM and network, read at that moment. Not knowing is said as `unknown`, never guessed. */
export interface SimState {
  /** iOS lets no app see a SIM: `unknown`. */
  readonly sim: 'present' | 'absent' | 'unknown';
  readonly airplane: 'off' | 'on' | 'unknown';
  /** Where the app's requests go now. */
  readonly path: 'cellular' | 'wifi' | 'unknown';
  /** A request over the cellular path came through, whatever the default path is. */
  readonly cellularWorks: boolean;
  /** The one that sends by default stands first; empty on iOS. */
  readonly slots: readonly SimSlot[];
}

/** What the phone knows of an SMS that the app sent: `delivered` only on the network's own report. */
export const sentStates = ['delivered', 'sent', 'absent'] as const;
/** One of them. */
export type SentState = (typeof sentStates)[number];

/**
 * What happened to the app's session or its ground: `left` (another app, a navigation key, the background, a locked screen), `charge-notice`
 * (the system's own question whether an SMS may cost something), and what SIM and radio did.
 */
export const simEventKinds = ['left', 'charge-notice', 'airplane-mode', 'sim-missing', 'sim-changed'] as const;
/** One of them. */
export type SimEventKind = (typeof simEventKinds)[number];

/** An event, as the native half kept it. */
export interface SimEvent {
  /** Rises by one with each event since the app's process began. */
  readonly number: number;
  readonly what: SimEventKind;
}

/** The ways to a key that apps of one maker share, natively. */
export const sharedKeyRoutes = ['keychain-group', 'vendor-bridge'] as const;
/** One of them. */
export type SharedKeyRoute = (typeof sharedKeyRoutes)[number];

/** The methods: what each takes and what it answers. */
export interface SimMethods {
  readonly simState: { params: Readonly<Record<never, never>>; result: SimState };
  /** Sends the text unchanged, as one SMS: Android by itself, iOS through the composer, which the user sends. */
  readonly sendSms: {
    params: { readonly to: string; readonly text: string; readonly slot?: number };
    /** `awayMs`: how long the composer had the screen, by the phone's monotonic clock; iOS alone. */
    result: { readonly awayMs?: number };
  };
  /** What became of an SMS that `sendSms` sent; of any other it is `absent`. */
  readonly sentItem: {
    params: { readonly to: string; readonly text: string };
    result: { readonly state: SentState; readonly slot?: number };
  };
  /** Waits for an SMS that comes from now on and has exactly one run of that many digits; answers the run. */
  readonly readOtp: {
    params: { readonly digits: number; readonly waitMs: number };
    result: { readonly code: string };
  };
  /** Events after a number; without one, none, and the latest number. */
  readonly simEvents: {
    params: { readonly after?: number };
    result: { readonly events: readonly SimEvent[]; readonly last: number };
  };
  /** Signs a joint proof (`hb1/link`, docs/wire.md) with the key that apps of one maker share; made when there is none. */
  readonly signShared: {
    params: { readonly route: SharedKeyRoute; readonly message: string };
    result: { readonly publicKey: string; readonly signature: string };
  };
}

/** All of them; a phone offers those that its `hello` names. */
export const simMethods: readonly (keyof SimMethods)[] = [
  'simState',
  'sendSms',
  'sentItem',
  'readOtp',
  'simEvents',
  'signShared',
];
