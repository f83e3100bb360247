/** From a stream of octets to whole PDUs. Memory is bounded by the longest PDU; each octet is copied at most twice, however it is cut. */
import { accept, type Bytes, type Result } from '@hauberk/primitives';
import { headLength, readHead } from './smpp-pdu.ts';

/** Collects one connection's octets. */
export class SmppFramer {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wanted = headLength;
  #isHead = true;

  /** Takes octets and answers the PDUs that are complete now. After a refusal the connection is of no more use. */
  push(octets: Uint8Array): Result<readonly Bytes[], 'smpp.length'> {
    this.#pieces.push(octets);
    this.#held += octets.length;
    const frames: Bytes[] = [];
    while (this.#held >= this.#wanted) {
      const whole = this.#joined();
      if (this.#isHead) {
        const head = readHead(whole);
        if (!head.ok) return head;
        this.#wanted = head.value.length;
        this.#isHead = false;
        continue;
      }
      frames.push(new Uint8Array(whole.subarray(0, this.#wanted)));
      this.#pieces = [whole.subarray(this.#wanted)];
      this.#held = whole.length - this.#wanted;
      this.#wanted = headLength;
      this.#isHead = true;
    }
    return accept(frames);
  }

  #joined(): Uint8Array {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}
