/** Attributes with a dot are what the gateway knew: → the context of a decision, and the event without them. */
import {
  type AttributeValue,
  type ChannelContext,
  type ClusterFacts,
  channelResults,
  type DecisionContext,
  type DeviceContext,
  type RiskEvent,
} from '@hauberk/decision';
import type { SignalsInForce } from '@hauberk/device';

type Attributes = RiskEvent['attributes'];

/** The event as the app sent it. */
export const withoutContext = (event: RiskEvent): RiskEvent => ({
  ...event,
  attributes: Object.fromEntries(Object.entries(event.attributes).filter(([name]) => !name.includes('.'))),
});

const isResult = (value: AttributeValue | undefined): value is ChannelContext['result'] =>
  (channelResults as readonly unknown[]).includes(value);

const truthOf = (value: AttributeValue | undefined): boolean | undefined =>
  typeof value === 'boolean' ? value : undefined;

const deviceOf = (attributes: Attributes, signals: SignalsInForce | undefined): DeviceContext => {
  const tier = attributes['device.tier'];
  const bootState = attributes['device.bootState'];
  const known = {
    tier: typeof tier === 'number' ? tier : undefined,
    isAttested: truthOf(attributes['device.isAttested']),
    isAppApproved: truthOf(attributes['device.isAppApproved']),
    bootState: typeof bootState === 'string' ? bootState : undefined,
    isLocked: truthOf(attributes['device.isLocked']),
    score: signals?.score,
    band: signals?.band,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
};

/** What hardware said, in the text form of attested facts; empty when nothing was attested. */
export const attestedText = (attributes: Attributes): string => {
  if (attributes['device.isAttested'] !== true) return '';
  const said: readonly (readonly [string, AttributeValue | undefined])[] = [
    ['platform', attributes['device.platform']],
    ['boot', attributes['device.bootState']],
    ['locked', attributes['device.isLocked']],
    ['level', attributes['device.tier'] === 0 ? 'software' : undefined],
  ];
  return said.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join(';');
};

/** The context of a decision. */
export const contextOf = (
  { attributes }: RiskEvent,
  signals: SignalsInForce | undefined,
  cluster: ClusterFacts | undefined,
): DecisionContext => {
  const result = attributes['channel.result'];
  return {
    device: deviceOf(attributes, signals),
    ...(isResult(result) ? { channel: { result } } : {}),
    ...(signals === undefined || signals.reportedAtMs === undefined ? {} : { signals: signals.signals }),
    ...(cluster === undefined ? {} : { cluster }),
  };
};
