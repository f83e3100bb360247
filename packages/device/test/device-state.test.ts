/** The machine of a device's states: every step as data, and what no sequence of events may reach. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type DeviceEvent,
  type DeviceState,
  deviceEvents,
  deviceStates,
  deviceTransitions,
  isActiveState,
  isReachableState,
  nextDeviceState,
} from '@hauberk/device';
import fc from 'fast-check';

const anyState = fc.constantFrom(...deviceStates);
const anyEvents = fc.array(fc.constantFrom(...deviceEvents), { maxLength: 40 });

const run = (from: DeviceState, events: readonly DeviceEvent[]): readonly DeviceState[] => {
  const passed: DeviceState[] = [from];
  for (const event of events) {
    const next = nextDeviceState(passed.at(-1) ?? from, event);
    if (next.ok) passed.push(next.value);
  }
  return passed;
};

test('every state answers every event with a state or with the code of the state that refuses', () => {
  for (const state of deviceStates)
    for (const event of deviceEvents) {
      const step = nextDeviceState(state, event);
      if (step.ok) assert.ok(deviceStates.includes(step.value));
      else assert.equal(step.code, `device.${state}`);
    }
});

test('revoked is final: no sequence of events leads out of it', () => {
  fc.assert(
    fc.property(anyState, anyEvents, anyEvents, (from, before, later) => {
      const revoked = run(from, [...before, 'revoke']).at(-1) ?? from;
      assert.equal(revoked, 'revoked');
      assert.deepEqual([...new Set(run(revoked, later))], ['revoked']);
    }),
  );
});

test('evidence alone never switches a device on again', () => {
  fc.assert(
    fc.property(
      anyState,
      fc.array(fc.constantFrom<DeviceEvent>('vouch', 'lapse'), { maxLength: 20 }),
      (from, events) => {
        if (!isActiveState(from)) assert.ok(run(from, events).every((state) => state === from));
      },
    ),
  );
});

test('a lost device is switched on by two steps, never by one', () => {
  const single = deviceEvents.filter((event) => isActiveState(nextState('lost', event)));
  assert.deepEqual(single, []);
  assert.ok(isActiveState(run('lost', ['suspend', 'reinstate']).at(-1) ?? 'lost'));
});

test('whoever comes back is enrolled, not trusted: trust needs evidence', () => {
  fc.assert(
    fc.property(anyState, anyEvents, (from, events) => {
      let state: DeviceState = from;
      for (const event of events) {
        const next = nextDeviceState(state, event);
        if (!next.ok) continue;
        if (next.value === 'trusted' && state !== 'trusted') assert.equal(event, 'vouch');
        state = next.value;
      }
    }),
  );
});

test('an event that is repeated changes nothing more', () => {
  for (const state of deviceStates)
    for (const event of deviceEvents) {
      const once = nextDeviceState(state, event);
      if (once.ok) assert.deepEqual(nextDeviceState(once.value, event), once, `${state} ${event}`);
    }
});

test('reachable in one step is exactly what the table says', () => {
  for (const from of deviceStates)
    for (const to of deviceStates)
      assert.equal(
        isReachableState(from, to),
        deviceEvents.some((event) => deviceTransitions[from][event] === to),
      );
});

function nextState(state: DeviceState, event: DeviceEvent): DeviceState {
  const next = nextDeviceState(state, event);
  return next.ok ? next.value : state;
}
