/** Devices that are bound without an SMS, and what the bound phone is spared: the honest stories beside those of `bind()`. */

import type { DemoCustomer } from '@hauberk/example-bank';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { addPasskey, approveDevice, bindWithoutSms, logInBound, type Showing } from '@hauberk/sdk/bound';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import { assert as assertPasskey, register, type SigningKey } from '@hauberk/simulator';
import type { BindingResult } from './binding-board.ts';
import { numberOf } from './number-desk.ts';
import { type BindingStage, bindOn, firstStep, latestBuild, phoneFor, resultOf, type SimPhone } from './sim-phone.ts';

/** The bank's relying party in the demo. */
export const passkeyParty = { rpId: 'mailbrook.example', origin: 'https://mailbrook.example' } as const;

const octetsOf = (text: string): Uint8Array => fromBase64Url(text) ?? new Uint8Array(0);

const bindBy = async (phone: SimPhone, showing: Showing, evidence?: Readonly<Record<string, unknown>>) => {
  const { hauberk, authorization, customer, name, device, stage } = phone;
  const told = await bindWithoutSms({
    hauberk,
    authorization,
    showing,
    number: numberOf(customer),
    app: latestBuild,
    system: { family: device?.kind === 'iphone' ? 'ios' : 'android', version: 16, patchLevel: 202_609 },
    fingerprint: name,
    replaces: true,
    pollMs: 250,
    signal: stage.signal,
    ...(evidence === undefined ? {} : { evidence }),
  });
  return resultOf(told);
};

/** An iPhone fetches its operator's code over mobile data. */
export const byOperator = async (stage: BindingStage, customer: DemoCustomer): Promise<BindingResult> => {
  const phone = await phoneFor(stage, customer, 'iphone');
  const fetchCode = async (): Promise<string> => stage.codeFor(numberOf(customer)) ?? '';
  const evidence = { sim: 'unknown', airplane: 'off', path: 'cellular', cellularWorks: true };
  return bindBy(phone, { way: 'number', fetchCode }, evidence);
};

/** A phone that is bound by its SMS; throws when it was not. */
const boundPhone = async (stage: BindingStage, customer: DemoCustomer): Promise<SimPhone> => {
  const phone = await phoneFor(stage, customer);
  const { state, code } = await bindOn(phone);
  if (state !== 'bound') throw new Error(`${state} ${code}`);
  return phone;
};

/** A tablet shows words, and the customer types them on the bound phone. */
export const byBoundPhone = async (stage: BindingStage, customer: DemoCustomer): Promise<BindingResult> => {
  const phone = await boundPhone(stage, customer);
  const tablet = await phoneFor(stage, customer, 'android', { cards: [] });
  let approving: Promise<unknown> = Promise.resolve();
  const show = (words: string): void => {
    approving = approveDevice(phone, words).catch(() => undefined);
  };
  const result = await bindBy(tablet, { way: 'bound-device', show });
  await approving;
  return result;
};

const newPasskey = async (phone: SimPhone): Promise<{ readonly key: SigningKey; readonly credential: string }> => {
  let made: ReturnType<typeof register> | undefined;
  await addPasskey(phone, async (challenge) => {
    made = register(phone.stage.makers.authenticators, {
      format: 'none',
      challenge: octetsOf(challenge),
      ...passkeyParty,
    });
    return { clientData: made.clientDataJson, attestationObject: made.attestationObject };
  });
  if (made === undefined) throw new Error('no passkey');
  return { key: made.key, credential: toBase64Url(made.credentialId) };
};

/** A tablet with the customer's passkey, for which the bound phone had vouched. */
export const byPasskey = async (stage: BindingStage, customer: DemoCustomer): Promise<BindingResult> => {
  const { key, credential } = await newPasskey(await boundPhone(stage, customer));
  const get = async (challenge: string) => {
    const { clientDataJson, ...signed } = assertPasskey(key, { challenge: octetsOf(challenge), ...passkeyParty });
    return { ...signed, credential, clientData: clientDataJson };
  };
  return bindBy(await phoneFor(stage, customer, 'android', { cards: [] }), { way: 'passkey', get });
};

/** The password alone, on a device: whether it is spared the code, and whether the bank then shows it anything. */
export const logInWithPassword = async (phone: SimPhone): Promise<BindingResult> => {
  const authorization = await firstStep(phone.hauberk, phone.customer);
  const subscriptions = phone.device === undefined ? [] : (await bridgeBackend(phone.device.bridge).simState({})).slots;
  const told = await logInBound(
    { hauberk: phone.hauberk, authorization },
    { sim: 'present', subscriptions: subscriptions.flatMap(({ subscription }) => subscription ?? []) },
  );
  const accounts = await phone.hauberk.fetch('/api/accounts', { headers: { authorization } });
  // What counts is what the bank shows, not what was said.
  return resultOf(accounts.status === 200 ? { state: 'relieved' } : { ...told, state: 'step-up' });
};

/** The bound phone comes back. */
export const relieved = async (stage: BindingStage, customer: DemoCustomer): Promise<BindingResult> =>
  logInWithPassword(await boundPhone(stage, customer));

/** Somebody with the password, on a genuine phone of their own. */
export const notRelieved = async (stage: BindingStage, customer: DemoCustomer): Promise<BindingResult> => {
  await boundPhone(stage, customer);
  return logInWithPassword(await phoneFor(stage, customer));
};
