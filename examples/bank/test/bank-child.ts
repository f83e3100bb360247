/** A bank in a process of its own, to be killed: `node bank-child.ts JOURNAL` prints its URL. */
import { createBank } from '@hauberk/example-bank';

const [, , journalFile = ''] = process.argv;
const { url } = await createBank({ journalFile });
console.log(url);
