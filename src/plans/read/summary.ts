import { readBuffers } from './property.js';
import type { RawValue } from './raw.js';

type Target = Record<string, RawValue>;

/**
 * Reads a line of what the text form says after the plan. `group` is the heading it stands under; gives the heading that is open
 * afterwards (null for none), undefined for a line that is none of these.
 */
export function readSummaryLine(body: string, top: Target, group: string | null): string | null | undefined {
  if (group === 'Planning') return readPlanning(body, top);
  if (group === 'JIT') return readJit(body, top);
  if (/^(?:Planning|JIT):$/.test(body)) {
    const name = body.slice(0, -1);
    top[name] ??= {};
    return name;
  }
  // Before 10 with a small t; before 9.4 as the total runtime.
  const time = /^(Planning [Tt]ime|Execution [Tt]ime|Total runtime): ([\d.]+) ms(?:ec)?$/.exec(body);
  if (time)
    return put(
      top,
      (time[1] ?? '').replace(/ [a-z]/, (letters) => letters.toUpperCase()),
      time[2] ?? '',
    );
  const id = /^Query Identifier: (-?\d+)$/.exec(body);
  if (id) return put(top, 'Query Identifier', id[1] ?? '');
  if (body.startsWith('Settings: ')) return put(top, 'Settings', settingsOf(body.slice('Settings: '.length)));
  const trigger = /^Trigger (.*?):(?: time=([\d.]+))? calls=(\d+)$/.exec(body);
  if (trigger) return readTrigger(trigger, top);
  const sent = /^Serialization:(?: time=([\d.]+) ms)? {1,2}output=(\d+)kB {2}format=(\w+)$/.exec(body);
  if (sent) {
    const found = { ...(sent[1] ? { Time: sent[1] } : {}), 'Output Volume': sent[2] ?? '0', Format: sent[3] ?? '' };
    return put(top, 'Serialization', found);
  }
  return undefined;
}

function put(top: Target, key: string, value: RawValue): null {
  top[key] = value;
  return null;
}

function readPlanning(body: string, top: Target): string {
  const planning = top['Planning'] as Target;
  if (body.startsWith('Buffers: ')) Object.assign(planning, readBuffers(body));
  const used = /^Memory: used=(\d+)(kB|bytes)?/.exec(body);
  if (used) planning['Memory Used'] = used[1] ?? '0';
  return 'Planning';
}

function readJit(body: string, top: Target): string {
  const jit = top['JIT'] as Target;
  const functions = /^Functions: (\d+)/.exec(body);
  if (functions) jit['Functions'] = functions[1] ?? '0';
  if (body.startsWith('Options: '))
    jit['Options'] = Object.fromEntries(
      [...body.matchAll(/(\w+) (true|false)/g)].map(([, name = '', value]) => [name, value === 'true']),
    );
  const total = /^Timing: .*Total ([\d.]+) ms/.exec(body);
  if (total) jit['Timing'] = { Total: total[1] ?? '0' };
  return 'JIT';
}

function readTrigger(match: RegExpExecArray, top: Target): null {
  const [, words = '', time, calls = '0'] = match;
  const constraint = /(?:^| )for constraint (\S+|"(?:[^"]|"")*")/.exec(words)?.[1];
  const found: Target = {
    ...(constraint === undefined
      ? { 'Trigger Name': words.replace(/ on \S+$/, '') }
      : { 'Constraint Name': constraint }),
    Calls: calls,
  };
  if (time !== undefined) found['Time'] = time;
  return put(top, 'Triggers', [...((top['Triggers'] ?? []) as readonly RawValue[]), found]);
}

/** `work_mem = '64kB', jit = 'off'`. */
function settingsOf(text: string): RawValue {
  return Object.fromEntries(
    [...text.matchAll(/([\w.]+) = '((?:[^']|'')*)'/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll("''", "'"),
    ]),
  );
}
