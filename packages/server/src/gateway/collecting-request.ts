/** A request whose body is collected as the parser hands it over: node's stream in between would cost more than verifying the body. */
import { IncomingMessage } from 'node:http';

/** Who gets the pieces of a body, in order, then its end; or hears that the connection broke. */
export interface BodyCollector {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onClose(): void;
}

/** node's request, with a short cut around its own buffer. Without a collector it is an ordinary stream. */
export class CollectingRequest extends IncomingMessage {
  private collector: BodyCollector | undefined;

  /** Starts collecting; false when bytes are in the stream already and must be read from there. */
  collect(collector: BodyCollector): boolean {
    if (this.complete || this.readableLength > 0 || this.readableFlowing !== null) return false;
    this.collector = collector;
    return true;
  }

  /** What comes from now on goes to the stream again. */
  stopCollecting(): void {
    this.collector = undefined;
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const { collector } = this;
    if (collector === undefined) return super.push(chunk, encoding);
    if (chunk === null) collector.onEnd();
    else collector.onData(chunk);
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.collector?.onClose();
    super._destroy(error, callback);
  }
}
