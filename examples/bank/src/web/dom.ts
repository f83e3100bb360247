/** Builds elements without ever parsing markup, so that no text can become code (the page's policy forbids it anyway). */

/** What may stand inside an element. `null` and `false` leave nothing. */
export type Child = Node | string | null | false | readonly Child[];

/** Attributes; `true` is a bare attribute, `undefined` and `false` leave it out. `on` holds listeners. */
export interface Attributes {
  readonly [name: string]: string | number | boolean | undefined | Listeners;
}

type Listeners = Readonly<Record<string, (event: Event) => void>>;

/** Makes an HTML element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  applyAttributes(element, attributes);
  appendAll(element, children);
  return element;
}

/** Makes an SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: readonly SVGElement[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  applyAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Replaces everything inside an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  appendAll(element, children);
}

/** Calls `handle` when a form is sent, instead of leaving the page. */
export const onSubmit = (handle: () => void): Listeners => ({
  submit: (event) => {
    event.preventDefault();
    handle();
  },
});

function applyAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'object') {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function appendAll(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === false) continue;
    if (typeof child === 'string' || child instanceof Node) element.append(child);
    else appendAll(element, child);
  }
}
