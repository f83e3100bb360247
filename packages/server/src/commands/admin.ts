/** `hauberk admin openapi`: what concerns the administration itself. */
import { openApiText } from '../admin/openapi.ts';
import type { Command } from '../main.ts';

const usage = 'usage: hauberk admin openapi\n';

/** Runs `hauberk admin`. */
export const admin: Command = async (args) => {
  if (args.join(' ') === 'openapi') {
    process.stdout.write(openApiText());
    return 0;
  }
  process.stderr.write(usage);
  return 2;
};
