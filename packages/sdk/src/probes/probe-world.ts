/**
 * What probes may ask of the host that they run in. Everything answers and nothing throws; what a host has not is undefined. Raw values stay here:
 * probes make flags and buckets of them, and only these leave the device.
 */

/** A value that can be compared between realms. */
export type PlainValue = string | number | boolean;

/** How a function of the platform looks. */
export interface FunctionLook {
  readonly name: string;
  /** Its text, as a fresh realm's `Function.prototype.toString` writes it. */
  readonly text: string;
  /** Its text, as the page's own one writes it. */
  readonly textHere: string;
  /** Native methods have none. */
  readonly hasPrototype: boolean;
  /** Own properties beside `length`, `name` and `prototype`. */
  readonly hasMore: boolean;
}

/** How an attribute of a platform object looks. */
export interface AttributeLook {
  /** Whether the object itself has it, which no platform object does. */
  readonly isOwn: boolean;
  readonly isAccessor: boolean;
  readonly getter: FunctionLook | undefined;
  /** Whether the getter answers when it is asked for an object that is not its own; natives refuse. */
  readonly answersStrangers: boolean;
  /** Whether the getter refuses its own object: somebody stands in front of it. */
  readonly refusesItsOwn: boolean;
}

/** Client hints of the browser. */
export interface BrowserHints {
  readonly brands: readonly string[];
  readonly mobile: boolean;
  readonly platform: string;
}

/** A camera that the app may already use. */
export interface CameraLook {
  readonly label: string;
  readonly maxFrameRate: number | undefined;
  readonly maxWidth: number | undefined;
}

/** What was seen of hands since the page was opened. */
export interface InputLook {
  readonly events: number;
  /** Events that a script made. */
  readonly untrusted: number;
  readonly touches: number;
  /** Touches without pressure and area. */
  readonly pressureless: number;
  /** Milliseconds between the last keys. */
  readonly keyGaps: readonly number[];
  /** Marks of the fields that something was pasted into: `amount`, `payee`. */
  readonly pasted: readonly string[];
  readonly whileHidden: number;
}

/** What motion sensors told since the page was opened. */
export interface MotionLook {
  readonly samples: number;
  /** Largest less smallest, over all axes, in metres per second squared. */
  readonly spread: number;
}

/** The clocks. */
export interface ClockLook {
  readonly wallMs: number;
  /** Since the page was opened. */
  readonly monotonicMs: number;
  /** When it was opened, by the wall clock of that time. */
  readonly originMs: number;
  /** The gateway's time, where a session told it. */
  readonly serverMs: number | undefined;
}

/** The host. */
export interface ProbeWorld {
  /** A plain value by its path from the global object, such as `navigator.userAgent`; lists are joined by commas. */
  readonly value: (path: string) => PlainValue | undefined;
  readonly has: (path: string) => boolean;
  readonly look: (path: string) => FunctionLook | undefined;
  readonly attribute: (path: string) => AttributeLook | undefined;
  /** Own names of an object. */
  readonly ownNames: (path: string) => readonly string[];
  /** Values of a fresh frame; undefined where none can be made. */
  readonly frame: (paths: readonly string[]) => Readonly<Record<string, PlainValue>> | undefined;
  /** Values of a worker. */
  readonly worker: (paths: readonly string[]) => Promise<Readonly<Record<string, PlainValue>> | undefined>;
  readonly permission: (name: string) => Promise<string | undefined>;
  readonly hints: () => Promise<BrowserHints | undefined>;
  /** Who draws, as WebGL says. */
  readonly renderer: () => string | undefined;
  /** Digests of one drawing, and of the same once more. */
  readonly drawings: () => readonly [string, string] | undefined;
  readonly sounds: () => Promise<readonly [string, string] | undefined>;
  /** Only where the app may use cameras already. */
  readonly cameras: () => Promise<readonly CameraLook[] | undefined>;
  readonly clock: () => ClockLook;
  /** Minutes east of UTC by `Date`, and by the zone that the language interfaces name. */
  readonly zone: () => { readonly byDate: number; readonly byName: number | undefined };
  readonly input: () => InputLook;
  readonly motion: () => MotionLook | undefined;
  /** Whether somebody reads what is written to the console. */
  readonly isConsoleRead: () => boolean;
  /** Longest wait between two statements of a short run, in milliseconds. */
  readonly longestPause: () => number;
  /** Whether some marks of the installation are there and others gone. */
  readonly isPartlyWiped: () => boolean;
  /** Storage that the browser grants, in bytes, and its limit for scripts' memory. */
  readonly quota: () => Promise<{ readonly storage: number; readonly memory: number } | undefined>;
  /** Whether the release's scripts are what the build made; undefined where the app names no digests. */
  readonly isReleaseWhole: () => Promise<boolean | undefined>;
  /** Whether a web view shows this page that is not the app's; false where the app does not say how its own names itself. */
  readonly isForeignWebView: () => boolean;
  /** The zone's offset at the last look, in minutes east of UTC. */
  readonly lastZone: () => number | undefined;
  /** Whether a page of another origin has this one in a frame. */
  readonly isFramedByStranger: () => boolean;
  /** Settles when the host has nothing better to do, soon in any case. */
  readonly idle: () => Promise<void>;
}
