/** The hands that the conformance suite asks for, on a simulated phone. */
import type { ConformanceSim } from '@hauberk/sdk/bridge-conformance';
import {
  type PhoneKind,
  type PhoneOptions,
  type SimulatedPhone,
  sharedKeychain,
  simulatedNetwork,
  simulatedPhone,
} from '@hauberk/simulator';

const [to, nowhere, own] = ['+919000000010', '+919000000017', '+919811111111'];

/** A phone with a SIM, before a network whose other end is seen. */
export const phoneInLab = (
  kind: PhoneKind,
  options: PhoneOptions = {},
): { readonly phone: SimulatedPhone; readonly hands: ConformanceSim } => {
  const arrived: string[] = [];
  const network = simulatedNetwork(async (sms) => {
    if (sms.to === to) arrived.push(sms.text);
    return sms.to === to;
  });
  const cards = [{ number: own, carrier: 'Jio' }];
  const phone = simulatedPhone(kind, { network, cards, keychain: sharedKeychain(), ...options });
  const { sim } = phone;
  const hands: ConformanceSim = {
    to,
    nowhere,
    arrived: async () => [...arrived],
    receive: async (message) => void network.deliver(own, message),
    airplane: async (isOn) => sim.airplane(isOn),
    sim: async (what) => (what === 'out' ? sim.remove() : sim.insert({ number: own, carrier: 'Jio' })),
    leave: async () => sim.leave(),
    permission: sim.permission,
    consent: sim.consent,
    ...(kind === 'iphone' ? { composer: sim.composer } : {}),
  };
  return { phone, hands };
};
