import { detectFormat } from '../../src/logs/detect.js';
import { Intake } from '../../src/logs/intake.js';
import { BatchWriter } from '../../src/profiling/batch.js';
import type { Pattern } from '../../src/profiling/define.js';
import { Profiler } from '../../src/profiling/profile.js';
import type { Profile } from '../../src/profiling/profile.js';
import { totalsOf } from '../../src/profiling/totals.js';

const PREFIX = '%m [%c] %q%u@%d ';

/** What a log of lines `<session> <ms> <message>` shows. Needs `loadParser()`. */
export function profileOf(lines: readonly string[], patterns: readonly Pattern[]): Profile {
  const profiler = new Profiler(patterns);
  const observer = new BatchWriter((batch) => profiler.take(batch));
  const intake = new Intake({ difference: false, observer });
  const text = logOf(lines);
  const format = detectFormat(text, PREFIX);
  if (format.kind !== 'stderr') throw new Error(`taken for ${format.kind}`);
  const reader = intake.open('f', format);
  reader.push(text);
  reader.end();
  profiler.take(observer.rest());
  return profiler.end(totalsOf(observer.shapes));
}

/** Those lines as a server writes them. */
function logOf(lines: readonly string[]): string {
  const sessions = new Map<string, number>();
  const shown = lines.map((line) => {
    const [session = '', ms = '', ...rest] = line.split(' ');
    if (!sessions.has(session)) sessions.set(session, sessions.size + 1);
    const time = new Date(Date.UTC(2026, 0, 2, 3) + Number(ms)).toISOString().replace('T', ' ').replace('Z', ' UTC');
    const message = rest.join(' ');
    const said = /^(?:ERROR|FATAL|DETAIL|STATEMENT):/.test(message) ? message : `LOG:  ${message}`;
    return `${time} [6912ab00.${(sessions.get(session) ?? 0).toString(16)}] app@shop ${said}`;
  });
  return `${shown.join('\n')}\n`;
}
