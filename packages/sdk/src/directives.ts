/** Directives, for every platform: `createHauberk({ …, directives: openDirectives({ … }) })`. */
export { type DirectiveOptions, openDirectives } from './core/directive-keeper.ts';
export type {
  DirectiveInForce,
  DirectivePlug,
  DirectiveStatus,
  Directives,
  HealthWatch,
} from './core/directive-port.ts';
