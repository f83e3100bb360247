/** Nobody outside the channel can write a ReplyBinding down. */
import type { ReplyBinding } from '@hauberk/channel';

const key = new Uint8Array(32);
const signatures = { requestSignature: '', requestSignatureInput: '', requestTag: 'hb1' as const };
// expect TS2741
export const forged: ReplyBinding = { sessionId: '', replyMac: key, replyAead: key, chunk: key, ...signatures };
