/** A rogue SMSC: it has been given the account of one link, and sends as fast as it can. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { readPdu, SmppFramer, smppStatus, writePdu } from '@hauberk/server';
import type { Attack } from './attack.ts';
import { lastWord } from './binding-actor.ts';
import { askOn, counted, post, smppLink, smsGround, webhookLink } from './sms-ground.ts';
import type { World } from './world.ts';

const flood = 400;
const bounds = { messagesPerSecond: 20, window: 64 };
const boundless = { messagesPerSecond: 100_000, window: 4096 };

interface Rogue {
  readonly port: number;
  /** Sends all of it once a gateway has bound; answers how many were taken, how many told to slow down. */
  readonly flood: () => Promise<{ readonly taken: number; readonly slowed: number; readonly refused: number }>;
  readonly close: () => void;
}

const floodOn = async (socket: Socket, answers: (status: number) => void, done: Promise<void>): Promise<void> => {
  socket.on('error', () => undefined);
  for (let sequence = 1; sequence <= flood; sequence += 1) {
    const whole = writePdu({
      command: 'deliver-sm',
      sequence,
      texts: { source: `9198${String(sequence).padStart(8, '0')}`, destination: '919000000010' },
      octets: { sourceTon: 1, sourceNpi: 1, destinationTon: 1, destinationNpi: 1, dataCoding: 1 },
      content: new Uint8Array(Buffer.from(`junk ${sequence}`)),
    });
    // Every tenth is cut short inside: its length says more than its fields need.
    const pdu = sequence % 10 === 0 ? Uint8Array.from([...whole, 4, 0x24, 0, 9, 1]) : whole;
    new DataView(pdu.buffer).setUint32(0, pdu.length);
    socket.write(pdu);
  }
  const framer = new SmppFramer();
  let answered = 0;
  let tell = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    tell = resolve;
  });
  socket.on('data', (octets) => {
    const frames = framer.push(octets);
    for (const frame of frames.ok ? frames.value : []) {
      const read = readPdu(frame);
      if (!read.ok || !['deliver-sm-resp', 'generic-nack'].includes(read.value.command)) continue;
      answers(read.value.status);
      answered += 1;
      if (answered === flood) tell();
    }
  });
  await Promise.race([all, done]);
};

const startRogue = async (): Promise<Rogue> => {
  let tell = (_socket: Socket): void => undefined;
  const bound = new Promise<Socket>((resolve) => {
    tell = resolve;
  });
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (octets) => {
      const read = readPdu(octets);
      if (!read.ok) return;
      socket.write(
        writePdu({ command: 'bind-receiver-resp', sequence: read.value.sequence, texts: { systemId: 'x' } }),
      );
      tell(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  // It must not keep the attacks' process alive, which closes only gateways.
  server.unref();
  await once(server, 'listening');
  const counts = { taken: 0, slowed: 0, refused: 0 };
  return {
    port: (server.address() as AddressInfo).port,
    flood: async () => {
      const socket = await bound;
      const closed = once(socket, 'close').then(() => undefined);
      const count = (status: number): void => {
        if (status === smppStatus.ok) counts.taken += 1;
        else if (status === smppStatus.throttled) counts.slowed += 1;
        else counts.refused += 1;
      };
      await floodOn(socket, count, closed);
      return counts;
    },
    close: () => server.close(),
  };
};

const play = async (world: World, allowed: typeof bounds) => {
  const rogue = await startRogue();
  const links = [smppLink('rogue', rogue.port, allowed), webhookLink('open', ['127.0.0.0/8'])];
  const ground = await smsGround(world, `flood ${allowed.messagesPerSecond}`, links);
  const { actor, delivery } = await askOn(ground, { simTricks: ['unsent-sms', 'hooked-sent-items'] });
  const [counts] = await Promise.all([rogue.flood(), post(ground, 'open', delivery)]);
  await counted(ground);
  rogue.close();
  return { ...counts, honest: await lastWord(actor) };
};

/** One link's owner must not take the others' place: neither the inbox nor the process. */
export const attack: Attack = {
  id: 'sms-pdu-flood',
  title: 'whoever holds one SMPP link floods it, broken PDUs included',
  expected: 'most are told to slow down, broken ones refused; a customer over another link is bound meanwhile',
  needs: 'own-gateway',
  run: async (world) => {
    const { taken, slowed, refused, honest } = await play(world, bounds);
    return {
      observed: `${taken} taken, ${slowed} slowed, ${refused} refused of ${flood}; honest ${honest}`,
      held: slowed > 0 && refused >= flood / 10 && taken < flood / 2 && honest === 'bound',
    };
  },
  control: async (world) => (await play(world, boundless)).taken > flood / 2,
};
