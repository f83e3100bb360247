/** The PDUs of SMPP 3.4 that a receiving client and its SMSC exchange: ids and the order of their fields (specification, section 4). */

/** Fields that are C-octet strings. */
export type SmppText =
  | 'systemId'
  | 'password'
  | 'systemType'
  | 'addressRange'
  | 'serviceType'
  | 'source'
  | 'destination'
  | 'schedule'
  | 'validity'
  | 'messageId';

/** Fields of one octet. */
export type SmppOctet =
  | 'interfaceVersion'
  | 'addressTon'
  | 'addressNpi'
  | 'sourceTon'
  | 'sourceNpi'
  | 'destinationTon'
  | 'destinationNpi'
  | 'esmClass'
  | 'protocolId'
  | 'priority'
  | 'registered'
  | 'replace'
  | 'dataCoding'
  | 'defaultMessage';

/** One field of a body: a text with its most octets, the terminator included, an octet, or the counted short message. */
export type SmppField =
  | { readonly kind: 'text'; readonly name: SmppText; readonly most: number }
  | { readonly kind: 'octet'; readonly name: SmppOctet }
  | { readonly kind: 'content' };

const text = (name: SmppText, most: number): SmppField => ({ kind: 'text', name, most });
const octets = (...names: readonly SmppOctet[]): readonly SmppField[] => names.map((name) => ({ kind: 'octet', name }));

const bind: readonly SmppField[] = [
  text('systemId', 16),
  text('password', 9),
  text('systemType', 13),
  ...octets('interfaceVersion', 'addressTon', 'addressNpi'),
  text('addressRange', 41),
];
const bound: readonly SmppField[] = [text('systemId', 16)];
const taken: readonly SmppField[] = [text('messageId', 65)];

const addresses = (most: number): readonly SmppField[] => [
  text('serviceType', 6),
  ...octets('sourceTon', 'sourceNpi'),
  text('source', most),
  ...octets('destinationTon', 'destinationNpi'),
  text('destination', most),
];

const message: readonly SmppField[] = [
  ...addresses(21),
  ...octets('esmClass', 'protocolId', 'priority'),
  text('schedule', 17),
  text('validity', 17),
  ...octets('registered', 'replace', 'dataCoding', 'defaultMessage'),
  { kind: 'content' },
];

const data: readonly SmppField[] = [...addresses(65), ...octets('esmClass', 'registered', 'dataCoding')];

/** A PDU by its name. */
export type SmppCommand =
  | 'generic-nack'
  | 'bind-receiver'
  | 'bind-receiver-resp'
  | 'bind-transmitter'
  | 'bind-transmitter-resp'
  | 'submit-sm'
  | 'submit-sm-resp'
  | 'deliver-sm'
  | 'deliver-sm-resp'
  | 'unbind'
  | 'unbind-resp'
  | 'bind-transceiver'
  | 'bind-transceiver-resp'
  | 'enquire-link'
  | 'enquire-link-resp'
  | 'data-sm'
  | 'data-sm-resp';

const response = 0x8000_0000;

const commands: Readonly<Record<SmppCommand, { readonly id: number; readonly fields: readonly SmppField[] }>> = {
  'generic-nack': { id: response, fields: [] },
  'bind-receiver': { id: 0x01, fields: bind },
  'bind-receiver-resp': { id: response + 0x01, fields: bound },
  'bind-transmitter': { id: 0x02, fields: bind },
  'bind-transmitter-resp': { id: response + 0x02, fields: bound },
  'submit-sm': { id: 0x04, fields: message },
  'submit-sm-resp': { id: response + 0x04, fields: taken },
  'deliver-sm': { id: 0x05, fields: message },
  'deliver-sm-resp': { id: response + 0x05, fields: taken },
  unbind: { id: 0x06, fields: [] },
  'unbind-resp': { id: response + 0x06, fields: [] },
  'bind-transceiver': { id: 0x09, fields: bind },
  'bind-transceiver-resp': { id: response + 0x09, fields: bound },
  'enquire-link': { id: 0x15, fields: [] },
  'enquire-link-resp': { id: response + 0x15, fields: [] },
  'data-sm': { id: 0x103, fields: data },
  'data-sm-resp': { id: response + 0x103, fields: taken },
};

/** Every command, in the order of this file. */
export const smppCommands: readonly SmppCommand[] = Object.keys(commands) as SmppCommand[];

const byId = new Map<number, SmppCommand>(smppCommands.map((name) => [commands[name].id, name]));

/** The command of an id; undefined for one that is not spoken here. */
export const commandOf = (id: number): SmppCommand | undefined => byId.get(id);

/** The id of a command. */
export const commandId = (command: SmppCommand): number => commands[command].id;

/** The fields of a command's body, in their order. */
export const fieldsOf = (command: SmppCommand): readonly SmppField[] => commands[command].fields;

/** Whether a command answers another. */
export const isResponse = (command: SmppCommand): boolean => commands[command].id >= response;

/** Statuses that are sent or told apart here (specification, 5.1.3). */
export const smppStatus: Readonly<
  Record<
    'ok' | 'invalidLength' | 'invalidCommand' | 'wrongState' | 'queueFull' | 'throttled' | 'temporary' | 'rejected',
    number
  >
> = {
  ok: 0x00,
  invalidLength: 0x02,
  invalidCommand: 0x03,
  wrongState: 0x04,
  queueFull: 0x14,
  throttled: 0x58,
  temporary: 0x64,
  rejected: 0x66,
};

/** Tags of optional parameters that are read here (specification, 5.3.2). */
export const smppTag: Readonly<
  Record<
    'receiptedMessageId' | 'userMessageReference' | 'segmentReference' | 'segmentTotal' | 'segmentNumber' | 'payload',
    number
  >
> = {
  receiptedMessageId: 0x001e,
  userMessageReference: 0x0204,
  segmentReference: 0x020c,
  segmentTotal: 0x020e,
  segmentNumber: 0x020f,
  payload: 0x0424,
};
