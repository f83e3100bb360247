import type { Attack } from './attack.ts';
import { sendRaw } from './http-call.ts';

const hidden = 'GET /api/public/rates HTTP/1.1\r\nhost: h\r\n\r\n';

/** Request pairs that two parsers would cut differently. */
const shapes = (host: string): Readonly<Record<string, string>> => ({
  'length and chunked': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  'obscured chunked': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
  'chunked with space': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
  'bare line feeds': `POST /api/login HTTP/1.1\nhost: ${host}\ncontent-length: 0\n\n${hidden}`,
  'folded header': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\nx-a: 1\r\n content-length: 9\r\n\r\n${hidden}`,
  'bad chunk size': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n${hidden}`,
  'negative length': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ncontent-length: -1\r\n\r\n${hidden}`,
  'two lengths': `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  'absolute form': `GET http://elsewhere/api/public/rates HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
});

/** Request smuggling: whatever the gateway makes of a shape, it must not be two requests. */
export const attack: Attack = {
  id: 'smuggling',
  title: 'smuggled requests: both framings, bare LF, folded lines, odd chunk sizes',
  expected: 'one refusal, the connection ends, nothing reaches the bank',
  run: async (world) => {
    const { gateway } = world.target();
    const failed: string[] = [];
    for (const [name, text] of Object.entries(shapes(new URL(gateway).host))) {
      const before = world.received.length;
      const received = await sendRaw(gateway, [text], 1500);
      const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
      if (statuses.some((status) => status < 400) || statuses.length > 1 || world.received.length > before)
        failed.push(`${name}: ${statuses.join(' ')}`);
    }
    return {
      observed: failed.length === 0 ? 'every shape refused once' : failed.join('; '),
      held: failed.length === 0,
    };
  },
  control: async (world) => {
    const { gateway } = world.target();
    const two = `GET /api/public/rates HTTP/1.1\r\nhost: ${new URL(gateway).host}\r\n\r\n`.repeat(2);
    // Two honest requests on one connection are two replies: what a smuggled one would be.
    return [...(await sendRaw(gateway, [two], 1500)).matchAll(/HTTP\/1\.1 200/g)].length === 2;
  },
};
