/** `hauberk privacy`: what apps and their SDKs did, what is stopped, what people decided and may ask. */
import type { Command } from '../main.ts';
import { runAdminCommand } from './admin-connection.ts';
import { verifyConsentFile } from './privacy-verify.ts';

const usage = `usage: hauberk privacy verify FILE --key POINT... [--head COUNT:HASH]   checks a consent ledger, offline
`;

/** Runs `hauberk privacy`. */
export const privacy: Command = async (args) => {
  const [action, ...rest] = args;
  const isJson = args.includes('--json');
  let isWhole = true;
  const code = await runAdminCommand('privacy', usage, isJson, async () => {
    if (action !== 'verify') throw new TypeError('say what to do');
    const shown = verifyConsentFile(rest);
    isWhole = (shown.json as { readonly ok: boolean }).ok;
    return shown;
  });
  return code === 0 && !isWhole ? 1 : code;
};
