/** Replays a trail of the model (packages/binding/model) against the real service: every event, and after each the states of both. */
import { type BindingAttempt, defaultBindingPolicy, type Guard, type Msisdn } from '@hauberk/binding';
import { honestDevice, honestEvidence } from '@hauberk/binding/vectors';
import { type DurationMs, durationMs, type EpochMs, epochMs } from '@hauberk/primitives';
import {
  type BindingService,
  bindingSecrets,
  type IssuedToken,
  type MemoryBindingStore,
  memoryBindingStore,
  openBindingService,
} from '@hauberk/server';

/** What the attacker of a case is. */
export interface ReplayCase {
  readonly can: readonly string[];
  readonly without?: readonly Guard[];
  readonly trail: readonly string[];
}

/** Where service and model first differ. */
export interface Difference {
  readonly at: number;
  readonly event: string;
  readonly model: string;
  readonly service: string;
}

const numberV = '+919811111111';
const numberM = '+919822222222';
const states = ['idle', 'issued', 'seen', 'proven', 'bound', 'declined', 'expired', 'blocked'] as const;
const scope = { organisation: 'bank', app: 'retail' };
const keys = ['key-attacker', 'key-customer'] as const;
const vmns = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);

interface Session {
  token?: IssuedToken | undefined;
  /** Of a request that led to no attempt. */
  refused?: string | undefined;
}

class Replayer {
  readonly store: MemoryBindingStore = memoryBindingStore();
  readonly sessions: readonly [Session, Session] = [{}, {}];
  readonly can: ReadonlySet<string>;
  readonly service: BindingService;
  wallMs: EpochMs = epochMs(1_800_000_000_000);
  monotonicMs: number = 10_000_000;
  lastCode: string = '';
  uses: number = 0;

  constructor({ can, without = [] }: ReplayCase) {
    this.can = new Set(can);
    const swapped = this.can.has('swapped');
    const policy = this.can.has('numberVerification')
      ? defaultBindingPolicy
      : {
          ...defaultBindingPolicy,
          sufficient: { ...defaultBindingPolicy.sufficient, bind: defaultBindingPolicy.sufficient.bind.slice(0, 2) },
        };
    const opened = openBindingService({
      scope,
      brand: 'Demo Bank',
      policy,
      vmns,
      store: this.store,
      clock: { now: () => this.#now() },
      secrets: bindingSecrets(new Uint8Array(32).fill(3)),
      directory: { registeredNumber: async () => numberV as Msisdn },
      numberFacts: {
        facts: async () => ({
          revocation: { isListed: this.can.has('recycled'), asOfMs: this.wallMs },
          risk: 'low',
          swappedAtMs: swapped ? this.wallMs : 'never',
        }),
      },
      notices: {
        sendCode: async (_, text) => {
          this.lastCode = /\b\d{8}\b/.exec(text)?.[0] ?? '';
        },
        bindingEnded: async () => undefined,
        alarm: () => undefined,
      },
      links: { isTrusted: (link) => link === 'listed' },
      without: new Set(without),
    });
    if (!opened.ok) throw new Error(opened.code);
    this.service = opened.value;
  }

  #now(): { wallMs: EpochMs; monotonicMs: DurationMs } {
    return { wallMs: this.wallMs, monotonicMs: durationMs(this.monotonicMs) };
  }

  pass(ms: number): void {
    this.wallMs = epochMs(this.wallMs + ms);
    this.monotonicMs += ms;
  }

  /** The daily limit of a customer is no part of the model. */
  async #forgetAttempts(): Promise<void> {
    const put = { kind: 'tally', id: 'profile alice', value: undefined } as const;
    await this.store.commit(scope, { fence: await this.store.fence(), read: [], puts: [put], audit: [] }, this.wallMs);
  }

  async request(index: 0 | 1, declaredM: boolean, replaces: boolean): Promise<void> {
    await this.#forgetAttempts();
    this.uses += 1;
    const isForged = index === 0 && this.can.has('hooked') && !this.can.has('keybox');
    const key = keys[index];
    const device = honestDevice('android', { id: `device-${key}`, key, fingerprint: `print-${key}` });
    const lacks = index === 0 && this.can.has('lacksSecret');
    const asked = await this.service.requestToken({
      profile: 'alice',
      number: declaredM ? numberM : numberV,
      device: isForged ? { ...device, attested: undefined } : device,
      evidence: honestEvidence('android'),
      network: 'mobile',
      factor: lacks ? undefined : { kind: 'knowledge', channel: 'secret', use: `use-${this.uses}` },
      steppedUp: false,
      replaces,
    });
    const session = this.sessions[index];
    session.token = asked.ok ? asked.value : undefined;
    session.refused = asked.ok ? undefined : asked.code === 'binding.device-blocked' ? 'blocked' : 'declined';
  }

  async sms(index: 0 | 1, smsClass: number): Promise<void> {
    const { token } = this.sessions[index];
    if (token === undefined) return;
    await this.service.inboundSms({
      link: smsClass === 3 ? 'unlisted' : 'listed',
      messageId: `${token.attempt}-${smsClass}`,
      from: smsClass === 2 ? numberM : numberV,
      to: smsClass === 4 ? (vmns.find((vmn) => vmn !== token.vmn) ?? '') : token.vmn,
      text: token.text,
    });
  }

  async proof(index: 0 | 1, key: 0 | 1, kind: number, isRead: boolean): Promise<void> {
    const { token } = this.sessions[index];
    if (token === undefined) return;
    const caller = { attempt: token.attempt, key: keys[key] };
    if (kind === 1) await this.service.reportSentItem(caller, { state: 'delivered' });
    if (kind === 2) await this.service.reportSentItem(caller, { state: 'sent' });
    if (kind === 3) await this.service.reportCode(caller, { code: this.lastCode, isRead });
    if (kind === 4) await this.service.countProof(caller, 'number-verification');
  }

  /** The numbers of the events are their places in transitions.pml. */
  async say(index: 0 | 1, key: 0 | 1, event: string): Promise<void> {
    const { token } = this.sessions[index];
    if (event === 'tick') this.pass(45_001);
    if (token === undefined) return;
    const caller = { attempt: token.attempt, key: keys[key] };
    if (event === 'tick') await this.service.status(caller);
    if (event === 'confirm') await this.service.confirm(caller);
    if (event === 'left') await this.service.reportLeft(caller, 'left');
    if (event !== 'otp-sent') return;
    // The service sends a code only once the sent item has led to nothing; the model does not know that order.
    await this.service.reportSentItem(caller, { state: 'absent' });
    await this.service.requestCode(caller);
  }

  failOver(): void {
    this.store.failOver();
    this.pass(-3_600_000);
  }

  async state(index: 0 | 1): Promise<string> {
    const { token, refused } = this.sessions[index];
    if (token === undefined) return refused ?? 'idle';
    const rows = await this.store.load(scope, [
      { kind: 'attempt', id: token.attempt },
      { kind: 'binding', id: 'alice' },
    ]);
    const attempt = rows[0]?.value as BindingAttempt;
    const binding = rows[1]?.value as { readonly id: string; readonly end?: unknown } | undefined;
    // In the model an attempt whose binding was replaced is no longer bound.
    const isReplaced = attempt.state === 'bound' && (binding?.id !== attempt.id || binding.end !== undefined);
    return isReplaced ? 'declined' : attempt.state;
  }
}

const events = ['request', 'sms', 'left', 'proof', 'confirm', 'tick', 'otp-sent', 'superseded'] as const;
const session = (text: string | undefined): 0 | 1 => (text === '1' ? 1 : 0);

const act = async (replayer: Replayer, line: string): Promise<void> => {
  const [, what, ...args] = line.split(' ');
  const [first, second, third, fourth] = args;
  if (what === 'request') await replayer.request(session(first), second === '1', third === '1');
  if (what === 'sms') await replayer.sms(session(first), Number(second));
  if (what === 'proof') await replayer.proof(session(first), session(second), Number(third), fourth === '1');
  if (what === 'say') await replayer.say(session(first), session(second), events[Number(third)] ?? '');
  if (what === 'late') replayer.pass(45_001);
  if (what === 'failover') replayer.failOver();
};

/** Replays; undefined when the service did at every step what the model did. */
export const replay = async (
  of: ReplayCase,
): Promise<{
  readonly steps: number;
  readonly difference: Difference | undefined;
  readonly boundKey: string | undefined;
}> => {
  const replayer = new Replayer(of);
  let event = '';
  let steps = 0;
  for (const [at, line] of of.trail.entries()) {
    if (line.startsWith('ACT ')) {
      event = line;
      await act(replayer, line);
    }
    if (!line.startsWith('STATE ')) continue;
    steps += 1;
    const model = line
      .split(' ')
      .slice(1)
      .map((each) => states[Number(each)] ?? each)
      .join(' ');
    const service = `${await replayer.state(0)} ${await replayer.state(1)}`;
    if (model !== service) return { steps, difference: { at, event, model, service }, boundKey: undefined };
  }
  const [row] = await replayer.store.load(scope, [{ kind: 'binding', id: 'alice' }]);
  const binding = row?.value as { readonly key: string; readonly end?: unknown } | undefined;
  return { steps, difference: undefined, boundKey: binding?.end === undefined ? binding?.key : undefined };
};
