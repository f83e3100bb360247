/** The service of SIM and device binding over its ports. One instance for one app. */
import { type BindingPolicy, type Guard, policyFault, readVmnPool, type VmnPool } from '@hauberk/binding';
import { type AmountMinor, accept, type DurationMs, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import {
  type AttemptAnswer,
  type AttemptCaller,
  attemptStatus,
  type CodeReport,
  confirm,
  countProof,
  provePasskey,
  reportCode,
  reportComposer,
  reportLeft,
  reportSentItem,
  requestCode,
  verifyNumber,
} from './attempt-calls.ts';
import type {
  BindingClock,
  BindingNotices,
  BindingSecrets,
  CustomerDirectory,
  NumberFactsPort,
  SmsLinks,
} from './binding-ports.ts';
import type { BindingStore } from './binding-store.ts';
import { addPasskey, approveDevice, deviceLogin, passkeyChallenge, type ToldSim } from './bound-device.ts';
import type { CamaraOperator } from './camara-operator.ts';
import { type InboundAnswer, type InboundSms, inboundSms } from './inbound-sms.ts';
import {
  type BoundCaller,
  endBinding,
  liveBinding,
  refreshBindings,
  simChanged,
  takeTransfer,
  tellEnd,
  type UpkeepReport,
} from './live-bindings.ts';
import type { AssertionWords, PasskeyVerifier, RegistrationWords } from './passkey-verifier.ts';
import { requestToken, type TokenAsk, type TokenRefusal } from './request-token.ts';
import type { EndedBinding } from './step-rows.ts';

/** What the service is made of. */
export interface BindingOptions {
  readonly scope: Scope;
  /** Named in every SMS; at most 30 characters, so that the text stays one SMS. */
  readonly brand: string;
  readonly policy: BindingPolicy;
  readonly vmns: readonly string[];
  readonly store: BindingStore;
  readonly clock: BindingClock;
  readonly secrets: BindingSecrets;
  readonly directory: CustomerDirectory;
  readonly numberFacts: NumberFactsPort;
  readonly notices: BindingNotices;
  readonly links: SmsLinks;
  /** How long operators can look an attempt up; seven days when absent. */
  readonly trailLife?: DurationMs | undefined;
  /** Without it no number is verified by its connection. */
  readonly operator?: CamaraOperator | undefined;
  /** Without it no passkey proves anything. */
  readonly passkeys?: PasskeyVerifier | undefined;
  /** Guards to take away: for simulations and proofs, never for customers. */
  readonly without?: ReadonlySet<Guard> | undefined;
}

/** The options, checked. */
export interface ServiceParts extends Omit<BindingOptions, 'vmns'> {
  readonly pool: VmnPool;
  readonly tellEnded: (ended: EndedBinding) => Promise<void>;
}

/** The service. */
export interface BindingService {
  requestToken(ask: TokenAsk): Promise<TokenRefusal>;
  inboundSms(message: InboundSms): Promise<InboundAnswer>;
  status(caller: AttemptCaller): Promise<AttemptAnswer>;
  reportSentItem(caller: AttemptCaller, item: Parameters<typeof reportSentItem>[2]): Promise<AttemptAnswer>;
  reportLeft(caller: AttemptCaller, how: Parameters<typeof reportLeft>[2]): Promise<AttemptAnswer>;
  reportComposer(caller: AttemptCaller, awayMs: number): Promise<AttemptAnswer>;
  requestCode(caller: AttemptCaller): Promise<AttemptAnswer>;
  reportCode(caller: AttemptCaller, report: CodeReport): Promise<AttemptAnswer>;
  countProof(caller: AttemptCaller, kind: Parameters<typeof countProof>[2]): Promise<AttemptAnswer>;
  confirm(caller: AttemptCaller): Promise<AttemptAnswer>;
  /** A login on a device: whether it needs a new proof. A SIM that is present and says no name counts as unchanged where none was bound. */
  login(caller: BoundCaller, told?: ToldSim): ReturnType<typeof deviceLogin>;
  /** The operator says whose connection gave out this code. */
  verifyNumber(caller: AttemptCaller, code: string): Promise<AttemptAnswer>;
  provePasskey(caller: AttemptCaller, words: AssertionWords): Promise<AttemptAnswer>;
  approveDevice(caller: BoundCaller, words: string): ReturnType<typeof approveDevice>;
  passkeyChallenge(caller: BoundCaller): string;
  addPasskey(caller: BoundCaller, words: RegistrationWords): ReturnType<typeof addPasskey>;
  takeTransfer(caller: BoundCaller, amount: AmountMinor): ReturnType<typeof takeTransfer>;
  simChanged(caller: BoundCaller): ReturnType<typeof simChanged>;
  /** The live binding of a profile. */
  live(profile: string): ReturnType<typeof liveBinding>;
  /** The customer, or an operator for them, ends the binding. */
  end(profile: string, why: 'customer' | 'device-revoked', actor: string): ReturnType<typeof endBinding>;
  /** An operator ends exactly this binding of the profile. */
  endByOperator(which: { readonly profile: string; readonly id: string }, actor: string): ReturnType<typeof endBinding>;
  /** B17 and B21, and ends that were not told; run at every start and at least weekly. */
  refresh(): Promise<UpkeepReport>;
}

const longestBrand = 30;

const partsOf = (options: BindingOptions, pool: VmnPool): ServiceParts => {
  const parts: ServiceParts = {
    ...options,
    pool,
    tellEnded: ({ binding, why }) =>
      tellEnd(parts, { id: binding.id, profile: binding.profile, key: binding.key, why }),
  };
  return parts;
};

/** Opens the service. A pool or policy that breaks the rules is refused here, not when the first customer meets it. */
export const openBindingService = (
  options: BindingOptions,
): Result<BindingService, 'binding.vmn-pool' | 'binding.policy'> => {
  const pool = readVmnPool(options.vmns);
  if (!pool.ok) return pool;
  const fault = policyFault(options.policy);
  if (fault !== undefined) return refuse('binding.policy', fault);
  if (!/^[A-Za-z0-9 ]+$/.test(options.brand) || options.brand.length > longestBrand)
    return refuse('binding.policy', `brand takes 1 to ${longestBrand} letters, digits and spaces`);
  const parts = partsOf(options, pool.value);
  return accept({
    requestToken: (ask) => requestToken(parts, ask),
    inboundSms: (message) => inboundSms(parts, message),
    status: (caller) => attemptStatus(parts, caller),
    reportSentItem: (caller, item) => reportSentItem(parts, caller, item),
    reportLeft: (caller, how) => reportLeft(parts, caller, how),
    reportComposer: (caller, awayMs) => reportComposer(parts, caller, awayMs),
    requestCode: (caller) => requestCode(parts, caller),
    reportCode: (caller, report) => reportCode(parts, caller, report),
    countProof: (caller, kind) => countProof(parts, caller, kind),
    confirm: (caller) => confirm(parts, caller),
    login: (caller, told = { sim: 'present' }) => deviceLogin(parts, caller, told),
    verifyNumber: (caller, code) => verifyNumber(parts, caller, code),
    provePasskey: (caller, words) => provePasskey(parts, caller, words),
    approveDevice: (caller, words) => approveDevice(parts, caller, words),
    passkeyChallenge: (caller) => passkeyChallenge(parts, caller),
    addPasskey: (caller, words) => addPasskey(parts, caller, words),
    takeTransfer: (caller, amount) => takeTransfer(parts, caller, amount),
    simChanged: (caller) => simChanged(parts, caller),
    live: (profile) => liveBinding(parts, profile),
    end: (profile, why, actor) => endBinding(parts, { profile }, why, actor),
    endByOperator: ({ profile, id }, actor) => endBinding(parts, { profile, id }, 'operator', actor),
    refresh: () => refreshBindings(parts),
  });
};
