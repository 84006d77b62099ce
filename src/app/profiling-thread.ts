// Runs in a thread of its own: `profiling.ts` starts it.
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { catalogue } from '../profiling/catalogue.js';
import { Profiler } from '../profiling/profile.js';
import { loadParser } from '../sql/parse.js';
import type { FromThread, ToThread } from './profiling.js';

await loadParser();
const port = parentPort as MessagePort;
const profiler = new Profiler(catalogue);

port.on('message', (message: ToThread) => {
  if ('totals' in message) return send({ profile: profiler.end(message.totals) });
  profiler.take(message.batch);
  send('read');
});

function send(message: FromThread): void {
  port.postMessage(message);
}
