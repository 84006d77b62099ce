import { describe, expect, it } from 'vitest';
import type { Execution, ExecutionText, SessionEvent } from '../logs/execution.js';
import { Scanner } from '../logs/scan.js';
import type { Shape } from '../logs/shape.js';
import { stretchOf } from '../logs/stretch.js';
import { BatchWriter, Entries } from './batch.js';
import type { Batch } from './batch.js';

const shapes = [7, 8].map((number) => ({ number, text: `of ${number}` })) as unknown as readonly Shape[];

function written(write: (writer: BatchWriter) => void): readonly Batch[] {
  const batches: Batch[] = [];
  const writer = new BatchWriter((batch) => batches.push(batch));
  write(writer);
  return [...batches, writer.rest()];
}

function execute(writer: BatchWriter, sql: string, given: Partial<Execution> = {}, text: Partial<ExecutionText> = {}) {
  const scanned = new Scanner();
  scanned.scan(stretchOf(sql));
  const origin = { number: 1, user: null, database: null, application: null };
  const nothing = { timeMs: null, ms: null, session: null, parameters: null, plan: null, extended: false, utc: true };
  const said = { number: 0, source: null, request: null };
  writer.executed(
    { ...nothing, line: 1, origin, sql: stretchOf(sql), ...given },
    { number: 0, scanned, said, ...text },
    shapes,
  );
}

const event = (given: Partial<SessionEvent>): SessionEvent => {
  return { kind: 'other-error', line: 1, timeMs: null, session: null, sql: null, ms: null, ...given };
};

/** All that is read of the entries. */
function read(batches: readonly Batch[]) {
  return batches.flatMap((batch) => {
    const entries = new Entries(batch);
    const found = [];
    while (entries.next()) {
      const { shape, session, request, line, timeMs, ms, rows, isExtended, isBound, isHeld } = entries;
      const values = Buffer.from(entries.bytes.slice(entries.start, entries.end)).toString();
      const execution = { shape, session, request, line, timeMs, ms, rows, isExtended, isBound, isHeld, values };
      found.push(shape < 0 ? entries.event() : execution);
    }
    return found;
  });
}

const plan = { rows: 12, sql: '', parameters: null } as unknown as NonNullable<Execution['plan']>;

describe('a batch', () => {
  it('holds what was written, in its order', () => {
    const told = event({
      kind: 'duplicate-key',
      line: 9,
      timeMs: 5,
      session: 's',
      sql: "INSERT INTO ö VALUES ('ü')",
      ms: 0.25,
    });
    const batches = written((writer) => {
      execute(writer, "SELECT 1 FROM a WHERE b = 'ö' AND c = -2.5");
      writer.event(told);
      execute(
        writer,
        'SELECT $1',
        {
          line: 3,
          timeMs: 1_790_000_000_123,
          ms: 0.001,
          session: 's',
          extended: true,
          parameters: stretchOf("$1 = 'x'"),
          plan,
        },
        { number: 1, said: { number: 1, source: 'a', request: 'r' } },
      );
      writer.event(event({ kind: 'connected' }));
      execute(writer, 'SELECT $1', { extended: true, parameters: ["'x'", 'NULL'] });
    });
    const nothing = { session: null, request: null, timeMs: null, ms: null, rows: null };
    expect(read(batches)).toEqual([
      { ...nothing, shape: 0, line: 1, isExtended: false, isBound: false, isHeld: true, values: "1\0'ö'\0-2.5" },
      told,
      {
        shape: 1,
        session: 's',
        request: 'r',
        line: 3,
        timeMs: 1_790_000_000_123,
        ms: 0.001,
        rows: 12,
        isExtended: true,
        isBound: true,
        isHeld: true,
        values: "$1 = 'x'",
      },
      event({ kind: 'connected' }),
      { ...nothing, shape: 0, line: 1, isExtended: true, isBound: true, isHeld: true, values: "$1 = 'x', $2 = NULL" },
    ]);
    expect(batches.map((batch) => batch.shapes)).toEqual([[shapes[0], shapes[1]]]);
  });

  it('leaves out values that are too long, and keeps a text that is longer than its room', () => {
    const text = 'x'.repeat(3_000_000);
    const batches = written((writer) => {
      execute(writer, `SELECT '${'y'.repeat(2047)}'`);
      execute(writer, 'SELECT 5', { extended: true, parameters: stretchOf(`$1 = '${'y'.repeat(2048)}'`) });
      execute(writer, `SELECT '${'y'.repeat(2046)}'`);
      writer.event(event({ sql: text }));
      execute(writer, 'SELECT 5');
    });
    const entries = read(batches);
    expect(entries.map((one) => ('isHeld' in one ? [one.isHeld, one.values.length] : one.sql === text))).toEqual([
      [false, 0],
      [false, 0],
      [true, 2048],
      true,
      [true, 1],
    ]);
  });

  it('is handed on when it is full, its names and new shapes with it', () => {
    const batches = written((writer) => {
      for (let line = 1; line <= 20_000; line += 1) execute(writer, 'SELECT 5', { line, session: `s${line % 3}` });
      execute(writer, 'SELECT 6', {}, { number: 1 });
    });
    expect(batches.map(({ entries, names, shapes: told }) => [entries, names.length, told])).toEqual([
      [8192, 3, [shapes[0]]],
      [8192, 3, []],
      [20_001 - 2 * 8192, 3, [shapes[1]]],
    ]);
    expect(read(batches).map(({ line, session }) => `${line} ${session}`)).toEqual([
      ...Array.from({ length: 20_000 }, (_, i) => `${i + 1} s${(i + 1) % 3}`),
      '1 null',
    ]);
  });

  it('may be written anew in the same place once it was read', () => {
    const seen: unknown[] = [];
    const rooms = new Set<unknown>();
    const writer = new BatchWriter((batch) => {
      rooms.add(batch.numbers);
      seen.push(...read([batch]));
      writer.reuse(batch);
    });
    for (let line = 1; line <= 40_000; line += 1) execute(writer, `SELECT ${line}`, { line });
    seen.push(...read([writer.rest()]));
    expect(rooms.size).toBe(2);
    expect(seen.map((one) => (one as { values: string }).values)).toEqual(
      Array.from({ length: 40_000 }, (_, i) => String(i + 1)),
    );
  });
});
