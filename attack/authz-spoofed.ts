import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@hauberk/server';
import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import type { OwnGateway, World } from './world.ts';

interface Asked {
  readonly status: number;
  readonly state: string;
}

const ask = (socketPath: string, headers: Readonly<Record<string, string>>): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/nginx', headers: { host: 'bank', ...headers } }, (incoming) => {
      incoming.resume();
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, state: String(incoming.headers['hauberk-verified-state'] ?? '') }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

const proxied = (config: Config, socket: string): Config => {
  const [service] = config.services;
  const open = service?.routes.find(({ protection }) => protection === 'none');
  if (service === undefined || open === undefined) throw new Error('the bank has no open route to copy');
  const plain = { ...open, outcome: 'allow' as const, decoy: undefined, limits: {} };
  const money = {
    ...plain,
    id: 'money',
    methods: [],
    path: '/api/money',
    protection: 'required' as const,
    class: 'money' as const,
  };
  const free = { ...plain, id: 'free', methods: [], path: '/api/free' };
  return { ...config, authz: { socket }, services: [{ ...service, enforcement: 'proxy', routes: [money, free] }] };
};

const onProxied = async <Value>(
  world: World,
  step: (gateway: OwnGateway, socket: string) => Promise<Value>,
): Promise<Value> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-authz-'));
  const socket = join(folder, 'authz.sock');
  const gateway = await world.gatewayWith((config) => proxied(config, socket));
  try {
    return await step(gateway, socket);
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const question = (uri: string): Readonly<Record<string, string>> => ({
  'hauberk-authz-method': 'GET',
  'hauberk-authz-uri': uri,
  'hauberk-authz-address': '192.0.2.1',
});

/** nginx asks, and a client tries to speak for nginx: facts, targets and questions of its own. */
export const attack: Attack = {
  id: 'authz-spoofed',
  title: 'a client speaks for the proxy: forged facts, normalised targets, questions on the public listener',
  expected: 'no 200 for any of them',
  needs: 'own-gateway',
  run: (world) =>
    onProxied(world, async (gateway, socket) => {
      const tries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        'forged facts': { ...question('/api/free'), 'hauberk-verified-state': 'verified' },
        'forged facts, folded': { ...question('/api/free'), 'Hauberk_Verified.Device': 'mine' },
        'a dotted target': question('/api/free/../money'),
        'an encoded target': question('/api/%66ree'),
        'a protected route without signature': question('/api/money'),
      };
      const passed: string[] = [];
      for (const [name, headers] of Object.entries(tries))
        if ((await ask(socket, headers)).status === 200) passed.push(name);
      const call = { method: 'GET', path: '/nginx', headers: { host: 'bank', ...question('/api/free') } };
      if ((await send(gateway.target().gateway, call)).status === 200) passed.push('the public listener');
      return {
        observed: passed.length === 0 ? '6 ways refused' : `answered 200: ${passed.join(', ')}`,
        held: passed.length === 0,
      };
    }),
  control: (world) =>
    onProxied(world, async (_gateway, socket) => {
      const { status, state } = await ask(socket, question('/api/free'));
      return status === 200 && state === 'unverified';
    }),
};
