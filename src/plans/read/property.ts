import { capital } from '../../base/words.js';
import { rawText } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

type Target = Record<string, RawValue>;

/** Reads one `Name: value` line of the text form into JSON keys. */
export function readProperty(line: string, raw: Target): void {
  const match = /^([A-Z][\w /()-]*?):(?: {1,2}(.*)|)$/.exec(line);
  if (!match) return;
  const [, key = '', value = ''] = match;
  const special = SPECIAL[key];
  if (special) special(value, raw);
  else if (/^(?:Full|Pre)-sort(?:ed)? Groups$/.test(key)) raw[key] = value;
  else if (raw[key] !== undefined && GROUP_KEYS.has(key)) raw[key] = `${rawText(raw[key]) ?? ''}; ${value}`;
  else raw[key] = value;
}

/** One line for each grouping set. */
const GROUP_KEYS = new Set(['Group Key', 'Hash Key']);

const SPECIAL: Readonly<Record<string, (value: string, raw: Target) => void>> = {
  Buffers: (value, raw) => Object.assign(raw, readBuffers(value)),
  'I/O Timings': readIoTimings,
  WAL: (value, raw) => {
    const keys = { records: 'WAL Records', fpi: 'WAL FPI', bytes: 'WAL Bytes', 'buffers full': 'WAL Buffers Full' };
    for (const [word, key] of Object.entries(keys)) put(raw, key, new RegExp(`${word}=(\\d+)`).exec(value)?.[1]);
  },
  'Sort Method': (value, raw) => {
    const [method = ''] = value.split('  ');
    raw['Sort Method'] = method;
    const space = /(Memory|Disk): (\d+)kB/.exec(value);
    put(raw, 'Sort Space Used', space?.[2]);
    put(raw, 'Sort Space Type', space?.[1]);
  },
  Buckets: (value, raw) => {
    const text = `Buckets: ${value}`;
    put(raw, 'Hash Buckets', /Buckets: (\d+)/.exec(text)?.[1]);
    put(raw, 'Original Hash Buckets', /Buckets: \d+ \(originally (\d+)\)/.exec(text)?.[1]);
    put(raw, 'Hash Batches', /Batches: (\d+)/.exec(text)?.[1]);
    put(raw, 'Original Hash Batches', /Batches: \d+ \(originally (\d+)\)/.exec(text)?.[1]);
    put(raw, 'Peak Memory Usage', /Memory Usage: (\d+)kB/.exec(text)?.[1]);
  },
  'Planned Partitions': (value, raw) => readHashAggregate(`Planned Partitions: ${value}`, raw),
  Batches: (value, raw) => readHashAggregate(`Batches: ${value}`, raw),
  Hits: (value, raw) => {
    const text = `Hits: ${value}`;
    for (const word of ['Hits', 'Misses', 'Evictions', 'Overflows'])
      put(raw, `Cache ${word}`, new RegExp(`${word}: (\\d+)`).exec(text)?.[1]);
    put(raw, 'Peak Memory Usage', /Memory Usage: (\d+)kB/.exec(text)?.[1]);
  },
  'Heap Blocks': (value, raw) => {
    put(raw, 'Exact Heap Blocks', /exact=(\d+)/.exec(value)?.[1]);
    put(raw, 'Lossy Heap Blocks', /lossy=(\d+)/.exec(value)?.[1]);
  },
  Storage: (value, raw) => {
    put(raw, 'Storage', /^\S+/.exec(value)?.[0]);
    put(raw, 'Maximum Storage', /Maximum Storage: (\d+)kB/.exec(value)?.[1]);
  },
  Sampling: (value, raw) => {
    const match = /^(.*?) \((.*?)\)(?: REPEATABLE \((.*)\))?$/.exec(value);
    put(raw, 'Sampling Method', match?.[1]);
    put(raw, 'Sampling Parameters', match?.[2]);
    put(raw, 'Repeatable Seed', match?.[3]);
  },
  Tuples: (value, raw) => {
    for (const word of ['inserted', 'updated', 'deleted', 'skipped'])
      put(raw, `Tuples ${word.charAt(0).toUpperCase()}${word.slice(1)}`, new RegExp(`${word}=(\\d+)`).exec(value)?.[1]);
  },
};

function readHashAggregate(text: string, raw: Target): void {
  put(raw, 'Planned Partitions', /Planned Partitions: (\d+)/.exec(text)?.[1]);
  put(raw, 'HashAgg Batches', /Batches: (\d+)/.exec(text)?.[1]);
  put(raw, 'Peak Memory Usage', /Memory Usage: (\d+)kB/.exec(text)?.[1]);
  put(raw, 'Disk Usage', /Disk Usage: (\d+)kB/.exec(text)?.[1]);
}

function put(raw: Target, key: string, value: string | undefined): void {
  if (value !== undefined) raw[key] = value;
}

/** `shared hit=1 read=2, temp written=3` as the JSON form's keys. */
export function readBuffers(text: string): RawObject {
  const raw: Target = {};
  for (const group of text.split(',')) {
    const kind = /\b(shared|local|temp)\b/.exec(group)?.[1];
    if (kind === undefined) continue;
    for (const [, word = '', count = ''] of group.matchAll(/(hit|read|dirtied|written)=(\d+)/g))
      raw[`${capital(kind)} ${capital(word)} Blocks`] = count;
  }
  return raw;
}

/** `shared/local read=1` (15, 16), `shared read=1, local read=2` (17), `read=1` (14). */
function readIoTimings(text: string, raw: Target): void {
  for (const group of text.split(',')) {
    const kind = /\b(shared\/local|shared|local|temp)\b/.exec(group)?.[1];
    const prefix = kind === undefined || kind === 'shared/local' ? '' : `${capital(kind)} `;
    for (const [, word = '', time = ''] of group.matchAll(/(read|write)=([\d.]+)/g))
      raw[`${prefix}I/O ${capital(word)} Time`] = time;
  }
}
