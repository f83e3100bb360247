/**
 * The gateway's own endpoints on one thread: config, hello, enrolment, reports. What speaks for an enrolled device (its second key, its
 * reports) is a sealed request like any other, on a route that the gateway makes for itself.
 */
import { compilePattern, endpoint, header, readProtectedHead, readReportBatch, verifyRequest } from '@hauberk/channel';
import { accept, after, type Result, refuse, seconds, utf8 } from '@hauberk/primitives';
import { serveDirectives, streamDirectives } from '../directive/directive-endpoint.ts';
import type { DirectiveFeed } from '../directive/directive-feed.ts';
import { type Priority, rankOf } from '../overload/priority.ts';
import { type ConsentShell, maxConsentBytes, recordConsent } from '../privacy/consent-record.ts';
import {
  isPrivacyReport,
  keepAccessReports,
  type PrivacyIntakeShell,
  reportMark,
  reportRemembered,
} from '../privacy/intake.ts';
import type { ReportMask } from '../privacy/mask-reports.ts';
import { isSignalReport, keepSignalReports, nextChallenge, type SignalIntakeShell } from '../signals/signal-intake.ts';
import { senseTraffic, type TrafficSenses } from '../signals/traffic-signals.ts';
import type { Outbox } from '../storage/outbox.ts';
import { maxApprovalBytes, maxBindBytes } from './bind-call.ts';
import { type BindShell, serveApproval, serveBind } from './bind-endpoint.ts';
import type { ChannelState } from './channel-state.ts';
import type { Endpoint, EndpointAnswer, EndpointCall, Endpoints } from './endpoints.ts';
import { enrolOwnKey, maxEnrolmentBytes, serveChallenge, serveEnrolment } from './enrol-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { type HandshakeShell, maxHelloBytes, serveHello } from './handshake-endpoint.ts';
import { storageReason, storageReasonOf, type UpstreamReply } from './idempotency.ts';
import { type KeyShell, maxKeyBytes, serveKeys } from './key-endpoint.ts';
import { type LinkShell, linkDevice, maxLinkBytes } from './link-endpoint.ts';
import { problemBody } from './problems.ts';
import { type Authorised, answerVerified, boundProblem, demandOf, type Protection, unboundProblem } from './protect.ts';
import type { Reason } from './reasons.ts';
import type { RequestHead } from './request-head.ts';
import type { Route } from './route.ts';

/** What the endpoints need. */
export interface EndpointParts {
  readonly organisation: string;
  readonly services: readonly string[];
  readonly channel: ChannelState;
  readonly handshake: HandshakeShell;
  readonly enrolment: LinkShell & KeyShell;
  /** Undefined where nothing is configured to bind. */
  readonly bind: BindShell | undefined;
  readonly outbox: Outbox;
  readonly directives: DirectiveFeed;
  /** Reports of accesses, and consents. */
  readonly privacy: PrivacyIntakeShell & ConsentShell;
  /** Reports of signals. */
  readonly signals: SignalIntakeShell & TrafficSenses;
  readonly maskReport: ReportMask;
  /** Of the configuration in force. */
  readonly protection: () => Protection;
  readonly maxAgeSeconds: number;
}

const maxReportBytes = 262_144;
const maxChallengeBytes = 1024;

/** A sealed route of the gateway itself. */
const ownRoute = (parts: EndpointParts, service: string, path: string, bodyCapBytes: number): Route => {
  const pattern = compilePattern(path);
  if (pattern === undefined) throw new Error(`no path pattern: ${path}`);
  return {
    id: `gateway ${path}`,
    methods: ['POST'],
    pattern,
    organisation: parts.organisation,
    service,
    upstream: '',
    class: 'bind',
    priority: 'important',
    protection: 'required',
    mode: 'sealed',
    stream: false,
    coveredHeaders: [],
    coveredReplyHeaders: [],
    publicQuery: [],
    maxAgeSeconds: parts.maxAgeSeconds,
    idempotency: { demand: 'none', upstreamIsIdempotent: false, life: seconds(0), outcomeCapBytes: 0 },
    stepUp: false,
    login: undefined,
    requiresLogin: undefined,
    requiresSteps: [],
    objects: [],
    minTier: 0,
    bodyCapBytes,
    replyCapBytes: 0,
    deadline: seconds(10),
    outcome: 'allow',
    decoy: undefined,
    limits: { device: { perSecond: 5, burst: 50 }, address: undefined, route: undefined },
  };
};

type OwnHandler = (authorised: Authorised) => Promise<Result<UpstreamReply, Reason>>;

/** Verifies a request of an enrolled device to the gateway itself, then answers it bound. */
const serveOwn = async (
  protection: Protection,
  route: Route,
  call: EndpointCall,
  handle: OwnHandler,
): Promise<EndpointAnswer> => {
  const { head, log, incoming, instance } = call;
  const exchange: Exchange = { id: instance, head, route, incoming, log };
  const answer = (reply: EndpointAnswer['reply']): EndpointAnswer => ({ reply, reason: log.reason as Reason | 'ok' });
  const pending = readProtectedHead(protection.channel, head, demandOf(route));
  if (!pending.ok) return answer(unboundProblem(exchange, pending.code, pending.detail));
  log.deviceId = pending.value.facts.deviceId;
  log.sessionId = pending.value.facts.sessionId;
  log.tag = pending.value.parameters.tag;
  const { crypto } = protection.channel;
  const now = protection.now();
  const verified = verifyRequest(crypto, pending.value, call.body, now);
  if (!verified.ok) {
    if (verified.binding === undefined) return answer(unboundProblem(exchange, verified.code, verified.detail));
    const stop = { reason: verified.code, options: { extra: { serverTimeMs: now } } };
    return answer(boundProblem(crypto, exchange, verified.binding, stop, now));
  }
  const reply = await answerVerified(protection, exchange, verified.value, async (authorised) => {
    const handled = await handle(authorised);
    if (!handled.ok) log.detail = handled.detail ?? '';
    return handled.ok ? handled : { ok: false, stop: { reason: handled.code } };
  });
  return answer(reply);
};

const ownService = (parts: EndpointParts, { head }: EndpointCall): string | undefined => {
  const service = head.headers[header.service];
  return typeof service === 'string' && parts.services.includes(service) ? service : undefined;
};

const refusal = (reason: Reason, instance: string): EndpointAnswer => ({
  reply: problemBody(reason, { execution: 'none', instance }),
  reason,
});

const serveConfig = async (parts: EndpointParts, { head, instance }: EndpointCall): Promise<EndpointAnswer> => {
  const query = new URLSearchParams(head.target.query);
  const found = parts.channel.documentOf(query.get('organisation') ?? '', query.get('service') ?? '');
  if (found === undefined) return refusal('route.service', instance);
  const headers = [
    'content-type',
    'text/plain',
    'cache-control',
    'public, max-age=60',
    'x-content-type-options',
    'nosniff',
  ];
  return { reply: { status: 200, headers, body: utf8(found.document) }, reason: 'ok' };
};

/** The key of an identity comes in clear, signed by itself; the second key of a device comes sealed, from a session of that device. */
const serveEnrol = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  if (call.head.headers[header.signatureInput] === undefined) {
    const { detail = '', ...answer } = await serveEnrolment(parts.enrolment, call.body, call.instance);
    call.log.detail = detail;
    return answer;
  }
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const route = ownRoute(parts, service, endpoint.enrol, maxEnrolmentBytes);
  return serveOwn(parts.protection(), route, call, ({ request }) => enrolOwnKey(parts.enrolment, request));
};

/** Keeps a batch of reports before it is acknowledged. A report that came before, because the acknowledgement was lost, is acknowledged and not kept again. */
const keepReports = async (
  parts: EndpointParts,
  { request }: Authorised,
  head: RequestHead,
): Promise<Result<UpstreamReply, Reason>> => {
  const reports = readReportBatch(request.body);
  if (!reports.ok) return refuse(reports.code);
  const { organisation, app, service, deviceId, sessionId, tier, attested } = request.facts;
  const now = parts.handshake.now();
  const scope = { organisation, app };
  const origin = { scope, device: deviceId, service, tier };
  const accesses = await keepAccessReports(parts.privacy, origin, reports.value.filter(isPrivacyReport), now);
  if (!accesses.ok)
    return refuse(accesses.code === 'privacy-behind' ? 'storage.overloaded' : storageReason(accesses.code));
  const told = reports.value.filter(isSignalReport);
  const traffic = senseTraffic(parts.signals, deviceId, head, now);
  const signals = await keepSignalReports(parts.signals, { ...origin, attested, traffic }, told, now);
  if (!signals.ok) return refuse(storageReason(signals.code));
  const others = reports.value.filter((report) => !isPrivacyReport(report) && !isSignalReport(report));
  const entries = others.map((report) => ({
    scope,
    kind: `report.${report.kind}`,
    atMs: now,
    payload: utf8(
      JSON.stringify({
        device: deviceId,
        session: sessionId,
        service,
        tier,
        report: parts.maskReport(report),
      }),
    ),
    once: {
      mark: reportMark(deviceId, report.id),
      untilMs: after(now, reportRemembered),
    },
  }));
  if (entries.length > 0) {
    const kept = await parts.outbox.append(entries);
    if (!kept.ok) return refuse(storageReason(kept.code));
  }
  const headers = ['content-type', 'application/json'];
  const refused = [...accesses.value, ...signals.value];
  // Whoever reports signals, or asks with an empty batch, needs the next question.
  const isAsking = told.length > 0 || reports.value.length === 0;
  const answer = {
    accepted: reports.value.length - refused.length,
    ...(refused.length > 0 ? { refused } : {}),
    ...(isAsking ? { signals: nextChallenge(parts.signals, deviceId, now) } : {}),
  };
  return accept({ status: 200, headers, body: utf8(JSON.stringify(answer)) });
};

/** Two apps of one phone, joined by a proof of both keys. */
const serveLink = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const route = ownRoute(parts, service, endpoint.link, maxLinkBytes);
  return serveOwn(parts.protection(), route, call, ({ request }) => linkDevice(parts.enrolment, request));
};

/** Keys whose statements are believed. */
const serveTrustedKeys = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const route = ownRoute(parts, service, endpoint.keys, maxKeyBytes);
  return serveOwn(parts.protection(), route, call, ({ request }) => serveKeys(parts.enrolment, request));
};

/** SIM and device binding, in a login. */
const serveBinding = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const { bind } = parts;
  if (bind === undefined) return refusal('route.none', call.instance);
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const { credential } = bind.bindings.config;
  const route = { ...ownRoute(parts, service, endpoint.bind, maxBindBytes), requiresLogin: credential };
  return serveOwn(parts.protection(), route, call, (authorised) => serveBind(bind, authorised, call.head.address));
};

/** What the user of a bound device confirms every time, with the key that asks for it. */
const serveBindApproval = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const { bind } = parts;
  if (bind === undefined) return refusal('route.none', call.instance);
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const { credential } = bind.bindings.config;
  const own = ownRoute(parts, service, endpoint.bindApprove, maxApprovalBytes);
  const route = { ...own, requiresLogin: credential, stepUp: true };
  return serveOwn(parts.protection(), route, call, (authorised) => serveApproval(bind, authorised));
};

const serveReports = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const route = ownRoute(parts, service, endpoint.reports, maxReportBytes);
  return serveOwn(parts.protection(), route, call, (authorised) => keepReports(parts, authorised, call.head));
};

/** What a person decided, told by the app of a device: the answer is the signed line, which is the person's receipt. */
const keepConsent = async (parts: EndpointParts, { request }: Authorised): Promise<Result<UpstreamReply, Reason>> => {
  const { organisation, app, deviceId } = request.facts;
  const now = parts.handshake.now();
  const kept = await recordConsent(parts.privacy, { organisation, app }, deviceId, request.body, now);
  const headers = ['content-type', 'application/json'];
  if (kept.ok) {
    const { line, head } = kept.value;
    return accept({ status: 200, headers, body: utf8(JSON.stringify({ line, head })) });
  }
  const { code } = kept;
  if (code === 'consent.busy') return refuse('storage.overloaded');
  return refuse(storageReasonOf(code) ?? 'consent.refused');
};

const serveConsent = async (parts: EndpointParts, call: EndpointCall): Promise<EndpointAnswer> => {
  const service = ownService(parts, call);
  if (service === undefined) return refusal('request.service', call.instance);
  const route = ownRoute(parts, service, endpoint.consent, maxConsentBytes);
  return serveOwn(parts.protection(), route, call, (authorised) => keepConsent(parts, authorised));
};

/** Without a session nothing can be asked, so hellos rank high; reports can wait. */
const ranks = {
  config: 'normal',
  hello: 'important',
  enrolment: 'normal',
  binding: 'important',
  reports: 'background',
  directives: 'normal',
  consent: 'important',
} as const;

const post = (
  name: string,
  capBytes: number,
  isLimited: boolean,
  priority: Priority,
  serve: Endpoint['serve'],
): Endpoint => ({ name, method: 'POST', capBytes, isLimited, rank: rankOf(priority), serve });

/** Every endpoint, by its path. */
export const createEndpoints = (parts: EndpointParts): Endpoints =>
  new Map<string, Endpoint>([
    [
      endpoint.config,
      {
        name: 'config',
        method: 'GET',
        capBytes: 0,
        isLimited: false,
        rank: rankOf(ranks.config),
        serve: (call) => serveConfig(parts, call),
      },
    ],
    [
      endpoint.directives,
      {
        name: 'directives',
        method: 'GET',
        capBytes: 0,
        isLimited: false,
        rank: rankOf(ranks.directives),
        serve: (call) => serveDirectives(parts.directives, call),
      },
    ],
    [
      endpoint.directiveStream,
      {
        name: 'directives/stream',
        method: 'GET',
        capBytes: 0,
        isLimited: false,
        rank: rankOf(ranks.directives),
        serve: (call) => serveDirectives(parts.directives, call),
        stream: (call, response, extra) => streamDirectives(parts.directives, call, response, extra),
      },
    ],
    [
      endpoint.hello,
      post('hello', maxHelloBytes, false, ranks.hello, ({ body, instance }) =>
        serveHello(parts.handshake, body, instance),
      ),
    ],
    [
      endpoint.enrolChallenge,
      post('enrol-challenge', maxChallengeBytes, true, ranks.enrolment, ({ body, instance }) =>
        serveChallenge(parts.enrolment, body, instance),
      ),
    ],
    [endpoint.enrol, post('enrol', maxEnrolmentBytes, true, ranks.enrolment, (call) => serveEnrol(parts, call))],
    [endpoint.link, post('link', maxLinkBytes, true, ranks.enrolment, (call) => serveLink(parts, call))],
    [endpoint.keys, post('keys', maxKeyBytes, true, ranks.enrolment, (call) => serveTrustedKeys(parts, call))],
    [endpoint.bind, post('bind', maxBindBytes, false, ranks.binding, (call) => serveBinding(parts, call))],
    [endpoint.consent, post('consent', maxConsentBytes, false, ranks.consent, (call) => serveConsent(parts, call))],
    [
      endpoint.bindApprove,
      post('bind-approve', maxApprovalBytes, false, ranks.binding, (call) => serveBindApproval(parts, call)),
    ],
    [endpoint.reports, post('reports', maxReportBytes, false, ranks.reports, (call) => serveReports(parts, call))],
  ]);
