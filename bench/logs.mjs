// npm run bench:logs: how fast logs become a workload, and what is kept of them. Figures of time are of the machine and its load; counts are not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Profiling } from '../dist/app/profiling.js';
import { detectFormat } from '../dist/logs/detect.js';
import { Intake } from '../dist/logs/intake.js';
import { loadParser } from '../dist/sql/parse.js';
import { forms, pieces } from './log-lines.mjs';

const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};
const MB = 1024 * 1024;
const { values } = parseArgs({ options: { mb: { type: 'string', default: '300' } } });
const STREAM = Number(values.mb) * MB;
const SHAPES = 2000;
/** Of pieces that are timed together: what the clocks take is not to count. */
const TIMED = 16;

/** Adds up what pieces of work take, of the clock and of all processors. */
class Stopwatch {
  ms = 0;
  cpuMs = 0;

  start() {
    this.from = process.hrtime.bigint();
    this.fromCpu = process.cpuUsage();
  }

  stop() {
    const { user, system } = process.cpuUsage(this.fromCpu);
    this.ms += Number(process.hrtime.bigint() - this.from) / 1e6;
    this.cpuMs += (user + system) / 1000;
  }
}

await loadParser();
say('# Logs: throughput, memory, and the time to a ranked workload');
say();
say(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores shared with other work. Command: \`npm run bench:logs\`.`,
);
say();
say(`## A stream of ${STREAM / MB} MB, ${SHAPES} shapes`);
say();
say(
  'Lexing and counting, one thread; the parser runs once a shape, at the end. "Profiled" is with all patterns of use looked for, as the command does: in a second thread, in which the parser runs once a shape too, and until the profile is there. "Heap" is that of the first thread after a forced collection, "RSS" that of the process, which does all streams one after another.',
);
say();
say(
  '| form | patterns | MB/s | MB per second of processor | executions | shapes kept | heap at 100, 200, 300 MB | RSS at 100, 200, 300 MB |',
);
say('|---|---|---:|---:|---:|---:|---:|---:|');
for (const form of Object.keys(forms)) for (const profiled of [false, true]) say(await stream(form, profiled));
say();
say('## 100,000 lines of 2,000 shapes to a ranked workload');
say();
say(
  'The command `database-wizard workload <file> --json` as a process of its own, Node’s start and the parser’s loading included; best of 3.',
);
say();
say('| form | file | statements ranked | wall time | limit |');
say('|---|---:|---:|---:|---|');
for (const form of Object.keys(forms)) say(ranked(form));

say();
say(
  `Mean load of the machine in the minutes before the run ended: ${loadavg()[1].toFixed(1)}, this run's own included.`,
);

const folder = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}logs-${new Date().toISOString().slice(0, 10)}.md`, `${lines.join('\n')}\n`);

async function stream(form, profiled) {
  const made = pieces(form, SHAPES);
  const profiling = profiled ? new Profiling({ signal: new AbortController().signal }) : null;
  const intake = new Intake({ difference: false, observer: profiling?.observer ?? null });
  const reader = intake.open('stream', detectFormat(made[0].toString('utf8', 0, 65_536), null));
  const [heaps, sizes] = [[], []];
  const spent = new Stopwatch();
  let bytes = 0;
  for (let i = 0; bytes < STREAM; i += TIMED) {
    spent.start();
    for (let j = i; j < i + TIMED; j += 1) {
      const piece = made[j % made.length];
      reader.push(piece);
      bytes += piece.length;
      // As between the pieces of a file: what the other thread sends back is heard then.
      await setImmediate();
      await profiling?.behind();
    }
    spent.stop();
    if (heaps.length < Math.floor(bytes / (100 * MB))) {
      globalThis.gc();
      const { heapUsed, rss } = process.memoryUsage();
      heaps.push((heapUsed / MB).toFixed(0));
      sizes.push((rss / MB).toFixed(0));
    }
  }
  spent.start();
  reader.end();
  await profiling?.end();
  spent.stop();
  await profiling?.close();
  const { workload, executions } = intake.end();
  const rate = (ms) => (bytes / MB / (ms / 1000)).toFixed(0);
  return `| ${form} | ${profiled ? 'profiled' : 'not looked for'} | ${rate(spent.ms)} | ${rate(spent.cpuMs)} | ${executions} | ${workload.statements.length} | ${heaps.join(', ')} MB | ${sizes.join(', ')} MB |`;
}

function ranked(form) {
  const root = mkdtempSync(join(tmpdir(), 'logs-'));
  try {
    const path = join(root, `log.${form}`);
    const seen = [];
    for (let count = 0; count < 100_000;) {
      const entry = forms[form](SHAPES);
      count += entry.split('\n').length - 1;
      seen.push(entry);
    }
    const text = seen.join('');
    writeFileSync(path, text);
    const times = [];
    let statements = 0;
    for (let i = 0; i < 3; i += 1) {
      const from = Date.now();
      const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
      const run = spawnSync(process.execPath, [main, 'workload', path, '--json'], { maxBuffer: 256 * MB });
      times.push((Date.now() - from) / 1000);
      statements = JSON.parse(run.stdout.toString()).statements.length;
    }
    const best = Math.min(...times);
    return `| ${form} | ${(text.length / MB).toFixed(1)} MB | ${statements} | ${best.toFixed(2)} s | 5 s: ${best <= 5 ? 'met' : 'missed'} |`;
  } finally {
    rmSync(root, { recursive: true });
  }
}
