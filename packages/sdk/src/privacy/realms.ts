/** Finds the realms that a page makes: frames, opened windows. Each has natives of its own, so each is watched as soon as it can be reached. */
import type { AccessRealm } from '@hauberk/privacy/client';
import {
  call,
  define,
  describe,
  type HostFunction,
  type HostObject,
  isFunction,
  isObject,
  later,
  memberOf,
  placeOf,
  standsFor,
} from './host.ts';

/** Frames of one window that are looked at. */
const maxFrames = 64;
/** When an opened window is looked at again, in milliseconds: it may still be on its way to its document. */
const laterMs: readonly number[] = [0, 20, 100, 500, 2000];

/** What puts nodes into a document: a frame among them has a realm as soon as the call is over. */
const inserters: Readonly<Record<string, string>> = {
  Node: 'appendChild insertBefore replaceChild',
  Element:
    'append prepend before after replaceWith replaceChildren insertAdjacentElement insertAdjacentHTML setHTMLUnsafe',
  Document: 'append prepend replaceChildren write writeln',
  DocumentFragment: 'append prepend replaceChildren',
  CharacterData: 'before after replaceWith',
  Range: 'insertNode',
};
const insertingSetters: Readonly<Record<string, string>> = {
  Element: 'innerHTML outerHTML',
  ShadowRoot: 'innerHTML',
};
const windowGetters: Readonly<Record<string, string>> = {
  HTMLIFrameElement: 'contentWindow contentDocument',
  HTMLFrameElement: 'contentWindow contentDocument',
  HTMLObjectElement: 'contentWindow contentDocument',
};

/** The traps of every function that is followed. */
interface Following extends ProxyHandler<HostFunction> {
  readonly after: (result: unknown) => void;
}

/** Lets a native run and then looks at what it gave. */
function onApply(this: Following, target: HostFunction, self: unknown, args: readonly unknown[]): unknown {
  const result = call(target, self, args);
  try {
    this.after(result);
  } catch {
    // A realm that cannot be watched must not stop the page.
  }
  return result;
}

/** A native that another function stands in front of. */
interface Followed {
  readonly owner: HostObject;
  readonly name: string;
  readonly part: 'value' | 'get' | 'set';
  readonly native: HostFunction;
  readonly ours: HostFunction;
}

const wrapAfter = (
  holder: unknown,
  name: string,
  part: Followed['part'],
  after: Following['after'],
): Followed | undefined => {
  const place = isObject(holder) ? placeOf(holder, name) : undefined;
  const native: unknown = place?.descriptor[part];
  if (place === undefined || !isFunction(native)) return undefined;
  const { owner, descriptor } = place;
  const ours = new Proxy(native, { apply: onApply, after } as Following);
  standsFor(ours, native);
  descriptor[part] = ours as never;
  return define(owner, name, descriptor) ? { owner, name, part, native, ours } : undefined;
};

const unwrap = ({ owner, name, part, native, ours }: Followed): void => {
  const present = describe(owner, name);
  if (present?.[part] === ours) define(owner, name, { ...present, [part]: native });
};

/** A window of our origin; reading another's throws. */
const isOurs = (window: unknown): window is HostObject => {
  try {
    return isObject(window) && isObject(window['document']) && isFunction(window['Object']);
  } catch {
    return false;
  }
};

const kindOfFrame = (window: HostObject): AccessRealm => {
  const address = memberOf(window['location'], 'href');
  if (address === 'about:srcdoc') return 'srcdoc';
  return typeof address === 'string' && address.startsWith('blob:') ? 'blob' : 'frame';
};

/** Follows realms from a window on, until it is told to stop. */
export class RealmFollower {
  readonly #add: (root: HostObject, kind: AccessRealm) => void;
  /** The `Object` of each realm that is followed: a window keeps its identity when its document changes, its realm does not. */
  readonly #known = new WeakSet<object>();
  readonly #followed: Followed[] = [];
  readonly #unlisten: (() => void)[] = [];
  #isOver = false;

  constructor(add: (root: HostObject, kind: AccessRealm) => void) {
    this.#add = add;
  }

  /** Watches a window and whatever comes into it. */
  follow(window: unknown, kind?: AccessRealm): void {
    if (this.#isOver || !isOurs(window)) return;
    const mark = window['Object'] as object;
    if (this.#known.has(mark)) return;
    this.#known.add(mark);
    // Before the surfaces are watched: a stack must not show this frame around `open`.
    this.#hook(window);
    this.#add(window, kind ?? kindOfFrame(window));
    this.#scan(window);
  }

  /** Puts the natives back. */
  stop(): void {
    this.#isOver = true;
    for (const each of this.#unlisten.splice(0)) each();
    for (const each of this.#followed.splice(0).reverse()) unwrap(each);
  }

  #scan(window: HostObject): void {
    const count = Math.min(Number(window['length']) || 0, maxFrames);
    for (let index = 0; index < count; index += 1) this.follow(window[index]);
  }

  #hook(window: HostObject): void {
    let known = -1;
    const look = (): void => {
      const count = Number(window['length']) || 0;
      if (count === known) return;
      known = count;
      this.#scan(window);
    };
    const adopt = (result: unknown): void => this.follow(memberOf(result, 'defaultView') ?? result);
    this.#wrapAll(window, inserters, 'value', look);
    this.#wrapAll(window, insertingSetters, 'set', look);
    this.#wrapAll(window, windowGetters, 'get', adopt);
    this.#keep(wrapAfter(window, 'open', 'value', (opened) => this.#opened(opened)));
    this.#listen(window);
  }

  #opened(opened: unknown): void {
    this.follow(opened, 'window');
    for (const ms of laterMs) later(() => this.follow(opened, 'window'), ms);
  }

  /** A frame that has loaded has another document, and with it another realm, than the empty one that it began with. */
  #listen(window: HostObject): void {
    const document = window['document'] as HostObject;
    const listen = document['addEventListener'];
    const onLoad = (event: unknown): void => this.follow(memberOf(memberOf(event, 'target'), 'contentWindow'));
    if (isFunction(listen)) call(listen, document, ['load', onLoad, true]);
    const unlisten = document['removeEventListener'];
    if (isFunction(unlisten)) this.#unlisten.push(() => call(unlisten, document, ['load', onLoad, true]));
  }

  #wrapAll(
    window: HostObject,
    table: Readonly<Record<string, string>>,
    part: Followed['part'],
    after: Following['after'],
  ): void {
    for (const name in table) {
      const prototype = memberOf(window[name], 'prototype');
      for (const member of (table[name] ?? '').split(' ')) this.#keep(wrapAfter(prototype, member, part, after));
    }
  }

  #keep(followed: Followed | undefined): void {
    if (followed !== undefined) this.#followed.push(followed);
  }
}
