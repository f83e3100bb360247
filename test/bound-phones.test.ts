/** `@hauberk/sdk/bound` on simulated phones before a real gateway: the bound phone logs in, lets a tablet take over, vouches for a passkey. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addPasskey, approveDevice, BoundError, bindWithoutSms, logInBound, type Showing } from '@hauberk/sdk/bound';
import { HauberkError, memoryStorage } from '@hauberk/sdk/node';
import { simulatedPhone } from '@hauberk/simulator';
import { type BindGateway, type BoundCustomer, startBindGateway } from './support/bind-gateway.ts';

let gateway: BindGateway;
before(async () => {
  gateway = await startBindGateway({
    binding: { passkeys: { rpId: 'bank.example', origins: ['https://bank.example'] } },
  });
});
after(() => gateway.close());

const boundPhone = async (): Promise<BoundCustomer> => {
  const customer = await gateway.customer();
  assert.deepEqual(await gateway.bind(customer), { state: 'bound' });
  return customer;
};

const simOf = async ({ phone }: BoundCustomer) => {
  const { sim, slots } = await phone.backend.simState({});
  return { sim, subscriptions: slots.flatMap(({ subscription }) => subscription ?? []) };
};

/** The customer's app on another device; `answer` is what the user says when asked to confirm. */
const appOf = async (customer: BoundCustomer, answer = true) => {
  const { phones } = gateway;
  const phone = simulatedPhone('android', { world: phones.world });
  const hauberk = phones.clientOn(phone, memoryStorage(), { confirm: async () => answer });
  const reply = await hauberk.fetch(`/login/${customer.name}`, { method: 'POST', body: '{}' });
  const { credential: authorization } = (await reply.json()) as { readonly credential: string };
  return { hauberk, authorization };
};

const bindTablet = async (customer: BoundCustomer, showing: Showing, signal?: AbortSignal) =>
  bindWithoutSms({
    ...(await appOf(customer)),
    showing,
    number: customer.number,
    app: 51,
    system: { family: 'android', version: 16, patchLevel: 202_609 },
    fingerprint: `tablet of ${customer.name}`,
    replaces: true,
    pollMs: 20,
    ...(signal === undefined ? {} : { signal }),
  });

test('the SIM that bind() named is the one that counts at a login; another one ends binding and login', async () => {
  const customer = await boundPhone();
  assert.deepEqual(await logInBound(customer, await simOf(customer)), { state: 'bound' });
  customer.phone.sim.remove();
  customer.phone.sim.insert({ number: '+919877777777', carrier: 'Jio' });
  const told = await logInBound(customer, await simOf(customer));
  assert.deepEqual([told.state, told.code, told.rule], ['step-up', 'binding.sim-changed', 'B23']);
  await assert.rejects(
    logInBound(customer, { sim: 'present' }),
    (error) => error instanceof BoundError && error.code === 'login-required',
  );
});

test('nobody is approved by a phone whose user declines, and the waiting device can be told to stop', async () => {
  const customer = await boundPhone();
  const stop = new AbortController();
  const show = (words: string): void => {
    void (async () => {
      const refused = await approveDevice(customer, words).catch((error: unknown) => error);
      // Without a `confirm` there is nobody to ask; the gateway's demand is told as it is.
      assert.ok(refused instanceof BoundError && refused.code === 'step-up-required', String(refused));
      stop.abort();
    })();
  };
  await assert.rejects(bindTablet(customer, { way: 'bound-device', show }, stop.signal), /abort/i);
  assert.deepEqual(await logInBound(customer, await simOf(customer)), { state: 'bound' });
});

test('a passkey is added only by a phone that is bound, and asks the user', async () => {
  const customer = await gateway.customer();
  const declining = await appOf(customer, false);
  const octets = new TextEncoder().encode('none of a browser');
  const create = async () => ({ clientData: octets, attestationObject: octets });
  await assert.rejects(
    addPasskey(declining, create),
    (error) => error instanceof HauberkError && error.code === 'step-up-declined',
  );
  const told = await addPasskey(await appOf(customer), create);
  assert.deepEqual([told.state, told.code], ['declined', 'binding.unproven']);
});

test('a proof that is not believed ends the flow with its code; a way that is not offered gets no attempt', async () => {
  const customer = await boundPhone();
  const empty = new Uint8Array(1);
  const get = async () => ({ credential: 'none', clientData: empty, authenticatorData: empty, signature: empty });
  const told = await bindTablet(customer, { way: 'passkey', get });
  assert.deepEqual([told.state, told.code], ['declined', 'binding.unproven']);
  const other = await boundPhone();
  const asked = await bindTablet(other, { way: 'number', fetchCode: async () => 'code' });
  assert.deepEqual([asked.state, asked.code, asked.rule], ['declined', 'binding.sim-missing', 'B01']);
});
