/** A symbol of the same name is another symbol. */
import type { ReplyBinding, SessionKeys } from '@hauberk/channel';

declare const bindingMark: unique symbol;
declare const keys: SessionKeys;
const signatures = { requestSignature: '', requestSignatureInput: '', requestTag: 'hb1' as const };
const marked = {
  [bindingMark]: true,
  sessionId: '',
  keys,
  ...signatures,
} as const;
// expect TS2741
export const forged: ReplyBinding = marked;
