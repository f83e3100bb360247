/** Surfaces: the places of a platform that are watched, as data. */

/** Where a surface is. */
export type SurfacePlatform = 'web' | 'wx' | 'my' | 'react-native';
/** What stands at the place. An event is the adding of a listener for it. */
export type SurfaceKind = 'method' | 'getter' | 'setter' | 'constructor' | 'event';

/**
 * How the native answers: at once, by a promise, through callbacks of its first arguments (geolocation), through the callback at its first
 * argument alone (`toBlob`), as mini-programs do (an object with `success`, `fail`, `complete`; a promise without), or never (listeners).
 */
export type AnswerForm = 'sync' | 'promise' | 'position' | 'callback' | 'mini' | 'listener';

/** What "return empty" gives; `-` where the platform has no empty answer, so that the denial takes its place. */
export type EmptyAnswer =
  | '-'
  | 'undefined'
  | 'null'
  | 'text'
  | 'zero'
  | 'one'
  | 'list'
  | 'object'
  | 'false'
  | 'true'
  | 'no-data'
  | 'prompt'
  | 'denied'
  | 'no-content'
  | 'blank-image'
  | 'blank-samples'
  | 'blank-text'
  | 'blank-url'
  | 'invalid-url'
  | 'timeout';

/** How the platform itself refuses: `=` where it never does, so that it answers empty; else the name of its error. */
export type Denial = '=' | 'invalid-url' | 'network-error' | (string & { readonly error?: never });

/** One surface. */
export interface Surface {
  readonly platform: SurfacePlatform;
  readonly kind: SurfaceKind;
  /** From the global object (or the given one) to the property: `Geolocation.prototype.getCurrentPosition`. */
  readonly path: string;
  /** Id in the catalogue of sensitive functions. */
  readonly api: string;
  readonly answers: AnswerForm;
  readonly empty: EmptyAnswer;
  readonly denial: Denial;
  /** Whether data leaves through it: its accesses name the host. */
  readonly isExit: boolean;
}

/** How a row of a table says kind, form and exit: `get`, `set`, `new`, `event`, or a form of a method; `>` in front for an exit. */
export type RowForm = 'get' | 'set' | 'new' | 'event' | AnswerForm | '>set' | '>new' | '>sync' | '>promise' | '>mini';

/** Form, empty answer, denial, and the paths with that treatment, each `PATH` or `PATH=NAME` when the function has another name. */
export type SurfaceRow = readonly [form: RowForm, empty: EmptyAnswer, denial: Denial, paths: string];

const kinds: Readonly<Record<string, SurfaceKind>> = {
  get: 'getter',
  set: 'setter',
  new: 'constructor',
  event: 'event',
};

/**
 * The surfaces of a table. `nameOf` gives the function's name in the catalogue where the row does not. Loops and literals: this runs once, cold,
 * before anything of a page, where each function of a function costs as much as the work in it.
 */
export const readSurfaces = (
  platform: SurfacePlatform,
  rows: readonly SurfaceRow[],
  nameOf: (path: string, kind: SurfaceKind) => string,
): readonly Surface[] => {
  const surfaces: Surface[] = [];
  for (const [written, empty, denial, paths] of rows) {
    const isExit = written.startsWith('>');
    const form = isExit ? written.slice(1) : written;
    const kind = kinds[form] ?? 'method';
    const answers = form in kinds ? 'sync' : (form as AnswerForm);
    for (const entry of paths.split(' ')) {
      const named = entry.indexOf('=');
      const path = named < 0 ? entry : entry.slice(0, named);
      const api = `${platform}:${named < 0 ? nameOf(path, kind) : entry.slice(named + 1)}`;
      surfaces.push({ platform, kind, path, api, answers, empty, denial, isExit });
    }
  }
  return surfaces;
};
