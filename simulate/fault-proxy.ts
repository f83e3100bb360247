/**
 * A bad network as a TCP proxy: round trips, lost segments (which TCP shows as stalls), connections that are refused, and connections that
 * are cut in flight, in either direction, in the middle of what they carry. Every choice comes from the given randomness.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '@hauberk/example-bank';

/** How bad it is. Times in milliseconds. */
export interface Weather {
  readonly roundTripMs: number;
  /** Share of segments that are lost and sent again. */
  readonly loss: number;
  /** Share of connections that are cut while they carry something. */
  readonly cuts: number;
  /** Share of connections that are refused. */
  readonly refusals: number;
  /** First retransmission time; doubles with every further loss of the same segment. */
  readonly retransmitMs: number;
}

/** A running proxy. */
export interface FaultProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const segmentBytes = 1400;
/** Most losses of one segment in a row: beyond, TCP itself has given up. */
const mostLosses = 6;

/** How long a flight of segments takes one way: as long as its unluckiest segment. */
export const flightMs = (random: Random, weather: Weather, bytes: number): number => {
  let worst = 0;
  for (let segment = 0; segment < Math.ceil(bytes / segmentBytes); segment += 1) {
    let stall = 0;
    for (let losses = 0; losses < mostLosses && random() < weather.loss; losses += 1)
      stall += weather.retransmitMs * 2 ** losses;
    worst = Math.max(worst, stall);
  }
  return weather.roundTripMs / 2 + worst;
};

type Direction = 'up' | 'down';

/** When a connection dies: at which piece of which direction. */
interface Cut {
  readonly direction: Direction;
  readonly piece: number;
}

const drawCut = (random: Random, weather: Weather): Cut | undefined =>
  random() < weather.cuts
    ? { direction: random() < 0.5 ? 'up' : 'down', piece: 1 + Math.floor(random() * 2) }
    : undefined;

/** One connection through the weather. */
class Passage {
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #cut: Cut | undefined;
  readonly #ends: readonly [Socket, Socket];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #pieces = { up: 0, down: 0 };
  /** When the last piece of a direction arrives: what was sent later never overtakes it. */
  readonly #arrival: Record<Direction, number>;

  constructor(client: Socket, server: Socket, random: Random, weather: Weather) {
    this.#random = random;
    this.#weather = weather;
    this.#cut = drawCut(random, weather);
    this.#ends = [client, server];
    // Opening the connection costs a round trip of its own, with losses of its own.
    const opened = performance.now() + flightMs(random, weather, 1) + weather.roundTripMs / 2;
    this.#arrival = { up: opened, down: opened };
    this.#carry('up', client, server);
    this.#carry('down', server, client);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const end of this.#ends) end.resetAndDestroy();
  }

  #carry(direction: Direction, from: Socket, to: Socket): void {
    from.on('data', (bytes: Buffer) => this.#pass(direction, bytes, to));
    from.on('error', () => this.close());
    from.on('close', () => this.close());
  }

  #pass(direction: Direction, bytes: Buffer, to: Socket): void {
    const now = performance.now();
    const arrival = Math.max(this.#arrival[direction], now) + flightMs(this.#random, this.#weather, bytes.length);
    this.#arrival[direction] = arrival;
    this.#pieces[direction] += 1;
    const isCut = this.#cut?.direction === direction && this.#cut.piece === this.#pieces[direction];
    const part = isCut ? bytes.subarray(0, Math.floor(this.#random() * (bytes.length + 1))) : bytes;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!to.writable) return;
      // The cut comes behind what had passed: the other side has read it when it learns of the end.
      if (isCut) to.write(part, () => setTimeout(() => this.close(), 1));
      else to.write(bytes);
    }, arrival - now);
    this.#timers.add(timer);
  }
}

/** Starts a proxy in front of an origin. */
export const startFaultProxy = async (upstream: string, random: Random, weather: Weather): Promise<FaultProxy> => {
  const { hostname, port } = new URL(upstream);
  const passages = new Set<Passage>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    if (random() < weather.refusals) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const remote = connect({ host: hostname, port: Number(port), noDelay: true });
    const passage = new Passage(client, remote, random, weather);
    passages.add(passage);
    client.on('close', () => passages.delete(passage));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const passage of passages) passage.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
