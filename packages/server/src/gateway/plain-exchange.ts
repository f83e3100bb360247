/** Routes outside HB/1: nothing is verified, so forged facts are stripped and the upstream is told `unverified`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodyPace, readBody } from './body.ts';
import type { StreamedMessage } from './carrier.ts';
import type { Exchange } from './exchange.ts';
import type { UpstreamReason } from './forward.ts';
import type { ReplySink, StreamControl, StreamedRequest } from './forward-stream.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { Hold } from './hold.ts';
import { replyHeaders } from './hygiene.ts';
import { problemBody } from './problems.ts';
import type { Protection } from './protect.ts';
import type { Reason } from './reasons.ts';
import { hasBody } from './request-head.ts';
import type { Route } from './route.ts';

/** What plain routes need. */
export interface PlainShell {
  readonly bodyPace: BodyPace;
  readonly hold: Hold;
  /** What traps tell, and who hears of their being touched. */
  readonly stories?: Protection['stories'];
  readonly risk?: Protection['risk'];
  /** Forwards a whole request that nobody vouches for. */
  readonly forward: (exchange: Exchange, body: Uint8Array) => Promise<GatewayReply>;
  /** Head of the upstream request of a streamed one. */
  readonly streamHead: (exchange: Exchange) => Omit<StreamedRequest, 'body'>;
  readonly forwardStream: (route: Route, request: StreamedRequest, sink: ReplySink) => StreamControl;
}

const nothing = new Uint8Array(0);

const refusePlain = (exchange: Exchange, reason: Reason, execution: 'none' | 'unknown' = 'none'): GatewayReply => {
  exchange.log.reason = reason;
  return problemBody(reason, { execution, instance: exchange.id });
};

/** What the route's static outcome answers by itself; undefined lets the request go on. */
export const staticReply = async (
  shell: Pick<PlainShell, 'hold' | 'stories' | 'risk'>,
  exchange: Exchange,
): Promise<GatewayReply | undefined> => {
  const { route, log } = exchange;
  log.outcome = route.outcome;
  switch (route.outcome) {
    case 'allow':
    case 'observe':
      return undefined;
    case 'slow':
      return (await shell.hold()) ? undefined : refusePlain(exchange, 'outcome.slow-full');
    case 'challenge':
      // Nobody is here who could be challenged: a step-up needs a device.
      return refusePlain(exchange, 'outcome.challenge');
    case 'deny':
      return refusePlain(exchange, 'outcome.deny');
    case 'trap':
      return trapReply(shell, exchange);
  }
};

/** The story of a trap, told to whoever came: nobody is known here but an address. */
const trapReply = async (
  { stories, risk }: Pick<PlainShell, 'stories' | 'risk'>,
  exchange: Exchange,
): Promise<GatewayReply> => {
  const { route, head } = exchange;
  const { decoy } = route;
  if (decoy === undefined) return refusePlain(exchange, 'outcome.trap');
  risk?.touched(exchange, '');
  await stories?.tarry(route);
  const told = stories?.tell(route, head.address, '');
  return told ?? { status: decoy.status, headers: ['content-type', decoy.contentType], body: decoy.body };
};

/** Serves a request in one piece. */
export const servePlain = async (shell: PlainShell, exchange: Exchange): Promise<GatewayReply> => {
  const { route, head, incoming } = exchange;
  if (route.outcome !== 'allow') {
    const fixed = await staticReply(shell, exchange);
    if (fixed !== undefined) return fixed;
  }
  if (!hasBody(head)) return shell.forward(exchange, nothing);
  const body = await readBody(incoming, route.bodyCapBytes, shell.bodyPace);
  return body.ok ? shell.forward(exchange, body.value) : refusePlain(exchange, body.code);
};

/** A body that grew over its cap while it was being forwarded. Thrown into the upstream request, which is reset. */
class OverCap extends Error {
  override readonly name = 'OverCap';
}

async function* cappedBody(
  incoming: IncomingMessage,
  capBytes: number,
  onOver: () => void,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of incoming) {
    received += (chunk as Buffer).length;
    if (received > capBytes) {
      onOver();
      throw new OverCap();
    }
    yield chunk as Buffer;
  }
}

/** Passes a streamed reply on as it comes. */
class PlainStream implements ReplySink {
  private readonly exchange: Exchange;
  private readonly response: ServerResponse;
  private readonly extra: readonly string[];
  private readonly done: (reply: GatewayReply | undefined) => void;
  isOver = false;

  constructor(
    exchange: Exchange,
    response: ServerResponse,
    extra: readonly string[],
    done: (reply: GatewayReply | undefined) => void,
  ) {
    this.exchange = exchange;
    this.response = response;
    this.extra = extra;
    this.done = done;
  }

  start(control: StreamControl): void {
    this.response.on('drain', () => control.resume());
    this.response.on('close', () => {
      control.abort();
      this.done(undefined);
    });
  }

  onHead(status: number, headers: string[]): void {
    this.response.writeHead(status, [...replyHeaders(headers), ...this.extra]);
  }

  onChunk(chunk: Uint8Array): boolean {
    return this.response.write(chunk);
  }

  onEnd(): void {
    this.response.end();
    this.done(undefined);
  }

  onFailure(kind: 'not-sent' | 'unknown', code: UpstreamReason): void {
    const { response, exchange } = this;
    const reason: Reason = this.isOver ? 'body.too-large' : code;
    exchange.log.reason = reason;
    if (response.headersSent) response.destroy();
    this.done(
      response.headersSent ? undefined : refusePlain(exchange, reason, kind === 'not-sent' ? 'none' : 'unknown'),
    );
  }
}

/** Serves a request on a route that declares `stream`; answers undefined when the reply is written already. */
export const servePlainStream = async (
  shell: PlainShell,
  exchange: Exchange,
  { incoming, response }: StreamedMessage,
  extra: readonly string[],
): Promise<GatewayReply | undefined> => {
  const { route, head } = exchange;
  const fixed = await staticReply(shell, exchange);
  if (fixed !== undefined) return fixed;
  const declared = Number(head.headers['content-length'] ?? 0);
  if (declared > route.bodyCapBytes) return refusePlain(exchange, 'body.too-large');
  return new Promise((resolve) => {
    const sink = new PlainStream(exchange, response, extra, resolve);
    const over = (): void => {
      sink.isOver = true;
    };
    const body = hasBody(head) ? cappedBody(incoming, route.bodyCapBytes, over) : undefined;
    sink.start(shell.forwardStream(route, { ...shell.streamHead(exchange), body }, sink));
  });
};
