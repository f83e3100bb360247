/** Directives for pages: what every platform has, and the watch over a page's own health. */
export * from '../directives.ts';
export { watchPage } from './watch-page.ts';
