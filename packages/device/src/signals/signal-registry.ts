/**
 * The registry of signals: the rules that both ends decide by, with what each means. Nothing may be sensed, sent, kept or read that is not in it.
 */
import { purposes, scenes } from '@hauberk/privacy';
import { signalPrivacyScene } from './may-collect-signal.ts';
import { phoneNotes } from './signal-notes-phone.ts';
import { useNotes } from './signal-notes-use.ts';
import { worldNotes } from './signal-notes-world.ts';
import { type SignalCode, type SignalRule, signalRules } from './signal-rules.ts';
import type { SignalGroup } from './signal-words.ts';

/** What a signal says, who shows it and is honest, and names that others have for it. */
export type Note = readonly [says: string, falsePositives: string, elsewhere?: string];

/** What a group of signals tells of, and the techniques that it is a trace of: `F…` of MITRE F3 v1.1, `T…` of ATT&CK Mobile. */
export const groupNotes: Readonly<
  Record<SignalGroup, { readonly says: string; readonly techniques: readonly string[] }>
> = {
  root: { says: 'the owner, or somebody else, has all rights on the phone', techniques: ['T1404'] },
  hook: { says: 'code of others in the process or the page', techniques: ['T1617'] },
  emulator: { says: "no phone, or nobody's", techniques: ['T1633'] },
  debugger: { says: 'somebody looks at the app while it runs', techniques: ['T1617'] },
  repackaging: { says: 'the app is not the one that was released', techniques: ['T1645', 'T1661'] },
  host: { says: 'the app lives inside a stranger', techniques: ['T1617', 'T1661'] },
  rom: { says: "the system is not the maker's, or was begun anew", techniques: ['T1404'] },
  screen: { says: 'others see or steer the screen', techniques: ['T1513', 'T1663', 'T1219'] },
  accessibility: { says: 'hands that are none', techniques: ['T1453', 'T1516', 'T1417'] },
  network: { says: 'others carry, read or hide the traffic', techniques: ['T1583.003', 'T1638'] },
  instance: { says: 'one phone, several apps of ours', techniques: ['F1023'] },
  automation: { says: 'a program drives the page', techniques: ['F1002'] },
  place: { says: 'where and when it is said to be', techniques: ['F1030'] },
  camera: { says: 'pictures that no lens took', techniques: ['F1031'] },
  telephony: { says: 'SIM, number and calls', techniques: ['T1451', 'T1582', 'F1003', 'F1040'] },
  farm: { says: 'many phones, one hand', techniques: ['F1005', 'F1006'] },
  identity: { says: 'a device that pretends to be another', techniques: ['F1023'] },
  malware: { says: 'programs that steal', techniques: ['T1407', 'T1655'] },
  behaviour: { says: 'what is done rather than what is there', techniques: ['F1006', 'F1042', 'F1046'] },
  client: { says: 'the report itself', techniques: ['F1023', 'T1617'] },
};

/** Where a signal is a trace of other techniques than its group. */
const ownTechniques: Readonly<Partial<Record<SignalCode, readonly string[]>>> = {
  'screen.remoteControl': ['T1219', 'T1663'],
  'screen.shared': ['T1513', 'T1219'],
  'screen.recorded': ['T1513'],
  'screen.screenshot': ['T1513'],
  'network.tor': ['T1583.003'],
  'network.pinFailed': ['T1638'],
  'telephony.simChanged': ['T1451'],
  'telephony.smsAppChanged': ['T1582', 'F1003'],
  'behaviour.thresholdProbe': ['F1046'],
};

/** One signal. */
export interface RegisteredSignal extends SignalRule {
  readonly says: string;
  /** Who shows it and is honest. */
  readonly falsePositives: string;
  /** Names in products that are known. */
  readonly elsewhere: string;
  /** Ids of MITRE F3 v1.1 and ATT&CK Mobile. */
  readonly techniques: readonly string[];
  /** `flag`, `bucket`, or `attested` where hardware proves it. */
  readonly evidence: 'flag' | 'bucket' | 'attested';
  /** The purpose of `@hauberk/privacy` for which it is collected. */
  readonly purpose: string;
  /** On what it rests: consent for what a client senses, the security of the service for what the gateway sees in its own traffic. */
  readonly legalBasis: 'consent' | 'security-of-the-service';
}

const notes: Readonly<Partial<Record<SignalCode, Note>>> = { ...phoneNotes, ...useNotes, ...worldNotes };

const registered = (rule: SignalRule): RegisteredSignal => {
  const [says = '', falsePositives = '', elsewhere = ''] = notes[rule.code] ?? [];
  const isSensed = rule.layers.some((layer) => layer === 'web' || layer === 'native');
  return {
    ...rule,
    says,
    falsePositives,
    elsewhere,
    techniques: ownTechniques[rule.code] ?? groupNotes[rule.group].techniques,
    evidence: rule.layers.includes('tee') ? 'attested' : rule.form,
    purpose: purposes[scenes[signalPrivacyScene].purpose],
    legalBasis: isSensed ? 'consent' : 'security-of-the-service',
  };
};

/** Every signal. */
export const signalRegistry: readonly RegisteredSignal[] = signalRules.map(registered);
