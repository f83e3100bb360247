/** Nobody outside the channel can write a ReplyBinding down. */
import type { ReplyBinding, SessionKeys } from '@hauberk/channel';

declare const keys: SessionKeys;
const signatures = { requestSignature: '', requestSignatureInput: '', requestTag: 'hb1' as const };
// expect TS2741
export const forged: ReplyBinding = { sessionId: '', keys, ...signatures };
