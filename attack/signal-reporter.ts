/** A phone that reports signals as its holder likes, and what the gateway holds of it. */
import { newSignalReports, type PhoneReportOptions, type ShownSignal } from '@hauberk/simulator';
import { newReporter, type Reporter, reportOf } from './access-reporter.ts';
import type { Answer } from './wire-client.ts';
import type { OwnGateway } from './world.ts';

/** The phone. */
export interface SignalPhone {
  readonly reporter: Reporter;
  /** Makes the next report under the gateway's latest nonce, and tells it. */
  readonly report: (signals: readonly ShownSignal[], options?: PhoneReportOptions) => Promise<Answer>;
  /** The same without asking for a nonce: an installation's first. */
  readonly reportBlind: (signals: readonly ShownSignal[], options?: PhoneReportOptions) => Promise<Answer>;
  /** Codes that are in force. */
  readonly codes: () => readonly string[];
  /** Codes that the record holds of it, and those that were refused with why. */
  readonly kept: () => Promise<{ readonly kept: readonly string[]; readonly refused: readonly string[] }>;
}

const consent = {
  recordId: 'signals',
  notice: { id: 'n1', hash: 'n'.repeat(43), language: 'en' },
  sdkListHash: 'n'.repeat(43),
  channel: 'app',
  state: 'given',
  purposes: [
    {
      purpose: 'prevent-fraud',
      items: ['device-profile', 'rendering-profile', 'motion-sensor', 'network-address', 'installation-id'],
      method: 'general',
      recipients: [],
      retentionDays: 30,
    },
  ],
  expiresAt: null,
};

/** Enrols a phone whose owner agreed to the collection. */
export const newSignalPhone = async (gateway: OwnGateway): Promise<SignalPhone> => {
  const reporter = await newReporter(gateway);
  await reporter.consent(consent);
  const next = newSignalReports(() => Date.now());
  const { deviceId } = reporter.device;
  const tell = (signals: readonly ShownSignal[], options: PhoneReportOptions): Promise<Answer> =>
    reporter.tell(reportOf('device.signals', next(signals, options)));
  return {
    reporter,
    report: async (signals, options = {}) => {
      const { json } = await reporter.tell();
      return tell(signals, { ...options, challenge: json['signals'] as PhoneReportOptions['challenge'] });
    },
    reportBlind: (signals, options = {}) => tell(signals, options),
    codes: () => {
      const { signals } = gateway.running().signals.memory.signalsOf(deviceId, Date.now() as never);
      return signals.map(({ code }) => code);
    },
    kept: async () => {
      const steps = await gateway.running().signals.stepsOf(deviceId);
      return {
        kept: steps.flatMap(({ signals }) => signals.map(({ code }) => code)),
        refused: steps.flatMap(({ refused }) => refused.map(({ code, why }) => `${code}: ${why}`)),
      };
    },
  };
};

/** Codes in one line. */
export const shown = (codes: readonly string[]): string => codes.join(' ') || 'nothing in force';
