/** Routes that the signed config leaves outside HB/1: sent as they are, with the same endpoints, limits and errors. */
import type { Call } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { AttemptFailure, type OpenedReply, receive, sendCall } from './exchange.ts';

const attempt = async (context: CoreContext, call: Call): Promise<OpenedReply> => {
  const body = call.stream ?? call.body;
  const sent = { signature: '', signatureInput: '', tag: 'hb1' } as const;
  const raw = await sendCall(context, call, { headers: call.headers, body, sent }, {});
  const { status, headers } = raw.reply;
  return { status, headers, body: await receive(raw, call.signal), problem: undefined, url: raw.url };
};

/** Sends a call without protection; repeated only as any other. */
export const sendPlain = async (context: CoreContext, call: Call): Promise<OpenedReply> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt(context, call);
    } catch (failure) {
      if (!(failure instanceof AttemptFailure)) throw failure;
      const mayRepeat = call.isRepeatable || failure.error.execution === 'none';
      if (!mayRepeat || failures >= context.attempts) throw failure.error;
    }
  }
};
