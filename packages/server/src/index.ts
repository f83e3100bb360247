/** What other programs of this repository start and load: the configuration and a gateway in this process. */
export { type IssuedStartupSecret, issueStartupSecret } from './admin/startup-secret.ts';
export { bindingSecrets, machineClock } from './binding/binding-secrets.ts';
export { type BindingOptions, type BindingService, openBindingService } from './binding/binding-service.ts';
export type { InboundAnswer, InboundSms } from './binding/inbound-sms.ts';
export { type MemoryBindingStore, memoryBindingStore } from './binding/memory-binding-store.ts';
export type { Bindings } from './binding/open-bindings.ts';
export type { IssuedToken, TokenAsk } from './binding/request-token.ts';
export type { Config, ServiceConfig, UpstreamConfig } from './config/config.ts';
export { type ConfigIssue, issueText } from './config/config-issue.ts';
export { type LoadedConfig, loadConfig, parseConfig } from './config/load.ts';
export type { RouteConfig } from './config/route-config.ts';
export type {
  DeviceActionRefusal,
  DeviceAdministration,
  DeviceDetail,
  DeviceHistoryLine,
  DeviceList,
  DeviceListQuery,
  DeviceShowRefusal,
  DeviceSummary,
  OperatorWord,
} from './device/device-administration.ts';
export { presentSnapshot, TrustError, type TrustUpdate, updateTrust } from './device/trust-snapshots.ts';
export { createLog, type Log } from './gateway/log.ts';
export { type GatewayOptions, type GatewayTrust, type RunningGateway, startGateway } from './gateway/supervisor.ts';
export type { PrivacyAdministration } from './privacy/privacy-administration.ts';
export type { KeptFinding, KnownChain } from './privacy/privacy-store.ts';
export { smppStatus, smppTag } from './sms/smpp-commands.ts';
export { SmppFramer } from './sms/smpp-framer.ts';
export { readPdu, type SmppDraft, type SmppPdu, writePdu } from './sms/smpp-pdu.ts';
export type { SmsReceiver } from './sms/sms-desk.ts';
export { type OpenStorage, openStorage } from './storage/index.ts';
