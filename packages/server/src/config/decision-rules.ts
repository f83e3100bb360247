/** What the schema cannot tell of decisions: routes without the section, facts that nothing can hold, and what must not fail open. */
import { resolve } from 'node:path';
import { compilePattern } from '@hauberk/channel';
import { scenesOf } from '../decision/decision-facts.ts';
import type { Config } from './config.ts';
import type { ConfigPath, PathIssue } from './config-issue.ts';
import type { DecisionConfig, DecisionSource, RouteDecisionConfig } from './decision-config.ts';
import { isLoopback } from './loopback.ts';
import type { RouteConfig } from './route-config.ts';

const issue = (path: ConfigPath, message: string, hint: string): readonly PathIssue[] => [{ path, message, hint }];
const none: readonly PathIssue[] = [];

/** Entities that every event has by itself; a route that named them could be told who somebody is. */
const ownEntities: readonly string[] = ['device', 'address', 'session'];

/** Before a login there is only what somebody says: whose account he would enter. */
const isOwn = (route: RouteConfig, name: string): boolean =>
  ownEntities.includes(name) || (name === 'account' && route.requiresLogin !== undefined);

const parametersOf = (route: RouteConfig): readonly string[] =>
  (compilePattern(route.path)?.segments ?? []).flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]));

const judgeSource = (route: RouteConfig, path: ConfigPath, source: DecisionSource): readonly PathIssue[] => {
  if (typeof source === 'string') {
    if (route.stream) return issue(path, 'needs the whole body, which a stream never shows', 'remove stream: true');
    return source.split('/').includes('*')
      ? issue(path, 'names many values, and a decision needs one', 'name one member, without *')
      : none;
  }
  if (source.in === 'query') return none;
  const parameters = parametersOf(route);
  return parameters.includes(source.parameter)
    ? none
    : issue(
        [...path, 'parameter'],
        `the path has no parameter ${source.parameter}`,
        `it has: ${parameters.join(', ') || 'none'}`,
      );
};

/** What a scene knows of; anything else no policy could ask for. */
const judgeNames = (config: Config, { scene, entities, facts }: RouteDecisionConfig): readonly PathIssue[] => {
  const known = scenesOf(config.decision ?? { scenes: {} });
  const declared = known.get(scene);
  if (declared === undefined)
    return issue(
      ['decision', 'scene'],
      `no scene is called ${scene}`,
      'docs/scenes.md lists them; decision.scenes adds more',
    );
  const unknown = (member: 'entities' | 'facts', names: readonly string[]): readonly PathIssue[] =>
    Object.keys(member === 'entities' ? entities : facts).flatMap((name) =>
      names.includes(name)
        ? none
        : issue(
            ['decision', member, name],
            `the scene ${scene} has no ${name}`,
            `it has: ${names.join(', ') || 'none'}`,
          ),
    );
  return [...unknown('entities', declared.entities), ...unknown('facts', Object.keys(declared.attributes))];
};

const judgeSources = (
  route: RouteConfig,
  member: 'entities' | 'facts',
  sources: RouteDecisionConfig['facts'],
): readonly PathIssue[] => {
  const names = Object.keys(sources);
  const most = member === 'entities' ? 24 : 28;
  return [
    ...(names.length > most
      ? issue(['decision', member], `has ${names.length} members`, `at most ${most} fit into an event`)
      : none),
    ...names.flatMap((name) => judgeSource(route, ['decision', member, name], sources[name] ?? '')),
  ];
};

const judgeEntities = (route: RouteConfig, { entities }: RouteDecisionConfig): readonly PathIssue[] => [
  ...Object.keys(entities).flatMap((name) =>
    isOwn(route, name)
      ? issue(
          ['decision', 'entities', name],
          `${name} is known from the channel, and never from what a request says`,
          'remove it, or give the kind another name',
        )
      : none,
  ),
  ...judgeSources(route, 'entities', entities),
];

const judgeFailMode = (route: RouteConfig, { failMode }: RouteDecisionConfig): readonly PathIssue[] =>
  failMode === 'open' && (route.class === 'money' || route.class === 'bind')
    ? issue(
        ['decision', 'failMode'],
        `a ${route.class} route is not served without a judgement`,
        'remove failMode, or class: read if nothing is at stake',
      )
    : none;

/** Judges the member `decision` of one route; paths are relative to the route. */
export const judgeRouteDecision = (route: RouteConfig, config: Config): readonly PathIssue[] => {
  const { decision } = route;
  if (decision === undefined) return none;
  if (config.decision === undefined)
    return issue(['decision'], 'nothing decides here', 'declare the section decision, or remove it');
  if (route.protection === 'none')
    return issue(['decision'], 'cannot be kept with protection: none', 'set protection: required, or remove it');
  const amount = decision.amount === undefined ? none : judgeSource(route, ['decision', 'amount'], decision.amount);
  const honey = decision.honey.flatMap((pointer, index) => judgeSource(route, ['decision', 'honey', index], pointer));
  return [
    ...judgeFailMode(route, decision),
    ...judgeNames(config, decision),
    ...judgeEntities(route, decision),
    ...judgeSources(route, 'facts', decision.facts),
    ...amount,
    ...honey,
  ];
};

/** Judges the section: tokens must not cross a network in the clear. */
export const judgeDecisionSection = ({ decision }: Config): readonly PathIssue[] => {
  const api = decision?.api;
  if (api === undefined || api.tls !== undefined || isLoopback(api.host)) return none;
  return issue(['decision', 'api', 'host'], 'tokens would cross the network in the clear', 'add decision.api.tls');
};

/** What a route does when there is no judgement. Money and binding close, whatever the section says. */
export const decisionFailMode = (route: RouteConfig, section: DecisionConfig | undefined): 'open' | 'closed' => {
  if (route.class === 'money' || route.class === 'bind') return 'closed';
  return route.decision?.failMode ?? section?.failMode ?? (route.class === 'read' ? 'open' : 'closed');
};

/** File names made absolute. */
export const resolveDecision = (decision: DecisionConfig | undefined, folder: string): DecisionConfig | undefined =>
  decision === undefined
    ? undefined
    : {
        ...decision,
        policies: decision.policies.map(({ file, ...policy }) => ({
          ...policy,
          ...(file === undefined ? {} : { file: resolve(folder, file) }),
        })),
        ...(decision.api?.tls === undefined
          ? {}
          : {
              api: {
                ...decision.api,
                tls: {
                  certificateFile: resolve(folder, decision.api.tls.certificateFile),
                  keyFile: resolve(folder, decision.api.tls.keyFile),
                },
              },
            }),
        lists: Object.fromEntries(Object.entries(decision.lists).map(([name, file]) => [name, resolve(folder, file)])),
      };
