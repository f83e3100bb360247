/**
 * An upstream of known capacity: so many requests at a time, each for so long, the others in one queue. `node slow-upstream.ts SLOTS MILLISECONDS`;
 * 0 milliseconds answers at once. Prints its port.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const slots = Number(process.argv[2]);
const serviceMs = Number(process.argv[3]);
const queue: ServerResponse[] = [];
let busy = 0;

const finish = (response: ServerResponse): void => {
  response.end('{"status":"accepted"}');
};

const work = (response: ServerResponse): void => {
  busy += 1;
  setTimeout(() => {
    busy -= 1;
    finish(response);
    const next = queue.shift();
    if (next !== undefined) work(next);
  }, serviceMs);
};

const server = createServer((incoming, response) => {
  incoming.resume();
  response.setHeader('content-type', 'application/json');
  if (serviceMs === 0) finish(response);
  else if (busy < slots) work(response);
  else queue.push(response);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`));
