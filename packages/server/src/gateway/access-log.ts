/**
 * The access log: one JSON line a request, collected and written in batches. It holds ids, codes and the route's pattern; never a query, a
 * header value or a body, which may carry secrets. What is collected but not yet written is lost with a killed process: at most a quarter of
 * a second or 64 KiB, whichever comes first, unless the disk is slower. What must not be lost is in the audit record.
 */
import { close, closeSync, openSync, write, writeSync } from 'node:fs';
import { type RequestPrivacy, shownAddress, shownDetail, shownMethod } from '../observability/request-privacy.ts';

/** One finished request. */
export interface AccessEntry {
  readonly at: number;
  /** The request id, which begins with the trace id. */
  readonly id: string;
  readonly traceId: string;
  readonly address: string;
  readonly method: string;
  /** As it came. Written only where the policy says so. */
  readonly path: string;
  /** Of the route or the endpoint; empty when there is none. */
  readonly pattern: string;
  readonly status: number;
  readonly service: string;
  readonly route: string;
  /** The inner reason, or `ok`. */
  readonly reason: string;
  readonly detail: string;
  readonly outcome: string;
  /** Id of the decision; empty without one. */
  readonly decision: string;
  /** Codes of the rules that fired. */
  readonly reasons: readonly string[];
  readonly deviceId: string;
  readonly sessionId: string;
  readonly tag: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly milliseconds: number;
}

/** Requests that ended alike at about the same time, told in one line. It may change until it is written. */
export interface JoinedEntry
  extends Pick<AccessEntry, 'at' | 'id' | 'traceId' | 'pattern' | 'status' | 'service' | 'route' | 'reason'> {
  count: number;
  /** Of all together. */
  bytesIn: number;
  bytesOut: number;
  longestMs: number;
  isWritten: boolean;
}

/** A log that is being written. */
export interface AccessLog {
  readonly write: (entry: AccessEntry) => void;
  /** Takes an entry that is written with the next batch, as it is then. */
  readonly join: (entry: JoinedEntry) => void;
  /** Writes what is collected; resolves when it is handed to the system. */
  readonly flush: () => Promise<void>;
  /** Opens the file anew after it was moved away. */
  readonly reopen: () => void;
  /** Lines that never reached the file so far. */
  readonly lost: () => number;
  readonly close: () => Promise<void>;
}

const flushEveryMs = 250;
const flushAtCharacters = 65_536;
/** A disk that does not keep up loses lines, counted, rather than the gateway its memory. */
const mostCharacters = 8_388_608;

/** JSON of a text that mostly needs no escaping: `JSON.stringify` on everything would cost more than the rest of the line. */
const quoted = (text: string): string =>
  /^[\w ./:;=@%~!$&'()*+,|^[\]{}<>?#-]*$/.test(text) ? `"${text}"` : JSON.stringify(text);

const optional = (name: string, text: string): string => (text === '' ? '' : `,"${name}":${quoted(text)}`);

/** A member whose text is our own: a code, or base64url. */
const ours = (name: string, text: string): string => (text === '' ? '' : `,"${name}":"${text}"`);

const pathOf = ({ path, pattern }: AccessEntry, { paths }: RequestPrivacy): string =>
  paths === 'full' ? path : pattern;

/** The line of an entry. Empty members are left out. */
export const accessLine = (entry: AccessEntry, privacy: RequestPrivacy): string =>
  `{"at":${entry.at},"id":"${entry.id}","traceId":"${entry.traceId}","method":"${shownMethod(entry.method)}"` +
  `${optional('address', shownAddress(entry.address, privacy.addresses))}${optional('path', pathOf(entry, privacy))},"status":${entry.status}${optional('service', entry.service)}${optional('route', entry.route)},"reason":"${entry.reason}"` +
  `${optional('detail', shownDetail(entry.detail))}${ours('outcome', entry.outcome)}${ours('decision', entry.decision)}${ours('reasons', entry.reasons.slice(0, 16).join(' '))}${ours('device', entry.deviceId)}` +
  `${ours('session', entry.sessionId)}${ours('tag', entry.tag)},"bytesIn":${entry.bytesIn},"bytesOut":${entry.bytesOut},` +
  `"ms":${Math.round(entry.milliseconds * 100) / 100}}\n`;

/** The line of requests that ended alike: `count` of them, `ms` is the longest. */
export const joinedLine = (entry: JoinedEntry): string =>
  `{"at":${entry.at},"id":"${entry.id}","traceId":"${entry.traceId}"${optional('path', entry.pattern)},"status":${entry.status}` +
  `${optional('service', entry.service)}${optional('route', entry.route)},"reason":"${entry.reason}","count":${entry.count},` +
  `"bytesIn":${entry.bytesIn},"bytesOut":${entry.bytesOut},"ms":${Math.round(entry.longestMs * 100) / 100}}\n`;

const writeAll = async (file: number, text: string): Promise<void> => {
  const bytes = Buffer.from(text);
  let offset = 0;
  while (offset < bytes.length) {
    offset += await new Promise<number>((resolve, reject) => {
      write(file, bytes, offset, bytes.length - offset, null, (error, written) => {
        // A full pipe on standard output says so instead of waiting.
        if (error === null) resolve(written);
        else if (error.code === 'EAGAIN') setTimeout(resolve, 10, 0);
        else reject(error);
      });
    });
  }
};

class BatchedLog implements AccessLog {
  private lines = '';
  private joined: JoinedEntry[] = [];
  private dropped = 0;
  private lostBefore = 0;
  private running: Promise<void> | undefined;
  private file: number;
  private readonly path: string | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly privacy: RequestPrivacy;
  private readonly onFault: (error: unknown) => void;

  constructor(path: string | undefined, privacy: RequestPrivacy, onFault: (error: unknown) => void) {
    this.path = path;
    this.file = path === undefined ? 1 : openSync(path, 'a', 0o640);
    this.privacy = privacy;
    this.onFault = onFault;
    this.timer = setInterval(() => void this.flush(), flushEveryMs).unref();
  }

  readonly write = (entry: AccessEntry): void => {
    if (this.lines.length > mostCharacters) this.dropped += 1;
    else this.lines += accessLine(entry, this.privacy);
    if (this.lines.length > flushAtCharacters && this.running === undefined) void this.flush();
  };

  readonly join = (entry: JoinedEntry): void => void this.joined.push(entry);

  private writeJoined(): void {
    for (const entry of this.joined) {
      entry.isWritten = true;
      this.lines += joinedLine(entry);
    }
    this.joined = [];
  }

  private async drain(): Promise<void> {
    this.writeJoined();
    while (this.lines !== '' || this.dropped > 0) {
      const text = this.dropped > 0 ? `${this.lines}{"event":"log-overflow","dropped":${this.dropped}}\n` : this.lines;
      const lost = this.dropped;
      this.lines = '';
      this.dropped = 0;
      this.lostBefore += lost;
      try {
        await writeAll(this.file, text);
      } catch (error) {
        this.lostBefore += text.split('\n').length - 1 - (lost > 0 ? 1 : 0);
        this.onFault(error);
        return;
      }
    }
  }

  readonly lost = (): number => this.lostBefore + this.dropped;

  readonly flush = (): Promise<void> => {
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
    return this.running;
  };

  readonly reopen = (): void => {
    const { path } = this;
    if (path === undefined) return;
    const old = this.file;
    this.file = openSync(path, 'a', 0o640);
    // A batch that is being written holds the old descriptor.
    void (this.running ?? Promise.resolve()).then(() => close(old, () => undefined));
  };

  readonly close = async (): Promise<void> => {
    clearInterval(this.timer);
    await this.flush();
    this.writeJoined();
    if (this.lines !== '') writeSync(this.file, this.lines);
    if (this.path !== undefined) closeSync(this.file);
  };
}

const silent: AccessLog = {
  write: () => undefined,
  join: () => undefined,
  flush: () => Promise.resolve(),
  reopen: () => undefined,
  lost: () => 0,
  close: () => Promise.resolve(),
};

/** Opens a log. Several threads may append to one file: each batch is whole lines in one write. */
export const openAccessLog = (
  target: { readonly to: 'none' } | { readonly to: 'stdout' } | { readonly to: 'file'; readonly path: string },
  privacy: RequestPrivacy,
  onFault: (error: unknown) => void,
): AccessLog => {
  if (target.to === 'none') return silent;
  return new BatchedLog(target.to === 'file' ? target.path : undefined, privacy, onFault);
};
