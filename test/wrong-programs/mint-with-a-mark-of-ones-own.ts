/** A symbol of the same name is another symbol. */
import type { ReplyBinding } from '@hauberk/channel';

declare const bindingMark: unique symbol;
const key = new Uint8Array(32);
const signatures = { requestSignature: '', requestSignatureInput: '', requestTag: 'hb1' as const };
const marked = {
  [bindingMark]: true,
  sessionId: '',
  replyMac: key,
  replyAead: key,
  chunk: key,
  ...signatures,
} as const;
// expect TS2741
export const forged: ReplyBinding = marked;
