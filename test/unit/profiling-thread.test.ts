import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intakeFiles } from '../../src/app/intake.js';
import { Profiling } from '../../src/app/profiling.js';
import type { ProfilingOptions } from '../../src/app/profiling.js';
import { BatchWriter } from '../../src/profiling/batch.js';
import { catalogue } from '../../src/profiling/catalogue.js';
import { Profiler } from '../../src/profiling/profile.js';
import type { Profile } from '../../src/profiling/profile.js';
import { totalsOf } from '../../src/profiling/totals.js';
import { loadParser } from '../../src/sql/parse.js';
import { DIST } from '../support/cli.js';

const THREAD = pathToFileURL(join(DIST, 'app/profiling-thread.js'));
const folder = mkdtempSync(join(tmpdir(), 'profiling-'));
const { signal } = new AbortController();

beforeAll(() => loadParser());
afterAll(() => rmSync(folder, { recursive: true }));

interface Message {
  readonly session: string;
  readonly time: string;
  readonly severity: string;
  readonly text: string;
  readonly detail: string;
  readonly statement: string;
}

/** The examples of all patterns again and again, by other sessions each time: several batches. */
function messages(): readonly Message[] {
  return Array.from({ length: 30 }, (_, round) =>
    catalogue.flatMap(({ docs: { bad } }, place) =>
      bad.map((line) => {
        const [session = '', ms = '', ...rest] = line.split(' ');
        const at = Date.UTC(2026, 0, 2, 3) + (round * catalogue.length + place) * 300_000 + Number(ms);
        const [, severity = 'LOG', text = ''] = /^(?:(ERROR): +)?(.*)$/s.exec(rest.join(' ')) ?? [];
        return {
          session: `6912ab00.${round}${place}${Buffer.from(session).toString('hex')}`,
          time: new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC'),
          severity,
          text,
          detail: /\bexecute\b/.test(text) ? `parameters: $1 = '${round}'` : '',
          statement: severity === 'ERROR' ? "INSERT INTO person (mail, name) VALUES ('a', 'x')" : '',
        };
      }),
    ),
  ).flat();
}

const quoted = (text: string): string => (text === '' ? '' : `"${text.replaceAll('"', '""')}"`);

const forms = {
  stderr: ({ session, time, severity, text, detail, statement }: Message) =>
    `${time} [${session}] app@shop ${severity}:  ${text}\n${detail ? `${time} [${session}] app@shop DETAIL:  ${detail}\n` : ''}${statement ? `${time} [${session}] app@shop STATEMENT:  ${statement}\n` : ''}`,
  csvlog: ({ session, time, severity, text, detail, statement }: Message) =>
    `${time},"app","shop",7,"[local]",${session},5,"SELECT",${time},3/12,0,${severity},00000,${quoted(text)},${quoted(detail)},,,,,${quoted(statement)},,,"web","client backend",,0\n`,
  jsonlog: ({ session, time, severity, text, detail, statement }: Message) =>
    `${JSON.stringify({ timestamp: time, user: 'app', dbname: 'shop', session_id: session, error_severity: severity, message: text, ...(detail ? { detail } : {}), ...(statement ? { statement } : {}) })}\n`,
};

function write(form: keyof typeof forms): string {
  const path = join(folder, `${form}.log`);
  writeFileSync(path, messages().map(forms[form]).join(''));
  return path;
}

async function inOneThread(path: string): Promise<Profile> {
  const profiler = new Profiler(catalogue);
  const observer = new BatchWriter((batch) => profiler.take(batch));
  await intakeFiles({
    files: [path],
    prefix: null,
    difference: false,
    signal,
    profiling: { observer, behind: () => null },
  });
  profiler.take(observer.rest());
  return profiler.end(totalsOf(observer.shapes));
}

async function inTwo(path: string, options: Partial<ProfilingOptions> = {}): Promise<Profile> {
  const profiling = new Profiling({ signal, thread: THREAD, ...options });
  try {
    await intakeFiles({ files: [path], prefix: null, difference: false, signal: options.signal ?? signal, profiling });
    return await profiling.end();
  } finally {
    await profiling.close();
  }
}

/** Runs that text as the thread. */
const script = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

describe.each(Object.keys(forms) as (keyof typeof forms)[])('patterns of use in %s', (form) => {
  it('are the same in a thread of their own', async () => {
    const path = write(form);
    const alone = await inOneThread(path);
    expect([...new Set(alone.findings.map(({ pattern }) => pattern))].toSorted()).toEqual(
      catalogue.map(({ id }) => id),
    );
    expect(await inTwo(path)).toStrictEqual(alone);
    expect(await inTwo(path, { ahead: 1 })).toStrictEqual(alone);
  });
});

describe('a thread that looks for patterns of use', () => {
  it.each([
    ['can not be started', pathToFileURL(join(folder, 'nothing.js')), /Cannot find module/],
    ['breaks', script('throw new Error("broken")'), /broken/],
    [
      'breaks over what it is sent',
      script(
        'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { throw new Error("batch"); })',
      ),
      /batch/,
    ],
    ['ends', script('process.exit(0)'), null],
  ])('is told of when it %s', async (_, thread, cause) => {
    const failed = expect.objectContaining({
      code: 'internal',
      message: 'The thread that looks for patterns of use ended before it was done',
      cause: cause === null ? null : expect.objectContaining({ message: expect.stringMatching(cause) }),
    });
    await expect(inTwo(write('stderr'), { thread })).rejects.toEqual(failed);
    await expect(inTwo(write('stderr'), { thread, ahead: 1 })).rejects.toEqual(failed);
  });

  it.each([
    ['while more is read', 1],
    ['at the end', 1000],
  ])('is not waited for after an abort %s', async (_, ahead) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('stopped')), 300);
    const stuck = inTwo(write('stderr'), {
      thread: script('setInterval(() => undefined, 1000)'),
      ahead,
      signal: abort.signal,
    });
    await expect(stuck).rejects.toThrow('stopped');
  });

  it('is sent no more than it may be behind', async () => {
    const profiling = new Profiling({
      signal,
      thread: script('setInterval(() => undefined, 1000)'),

      ahead: 2,
    });
    const event = { kind: 'connected', line: 1, timeMs: 1, session: 's', sql: null, ms: null } as const;
    const batch = (): void => {
      for (let i = 0; i < 8192; i += 1) profiling.observer.event(event);
    };
    batch();
    batch();
    expect(profiling.behind()).toBeNull();
    batch();
    const behind = profiling.behind();
    expect(behind).toBeInstanceOf(Promise);
    const refused = expect(behind).rejects.toMatchObject({ code: 'internal' });
    await profiling.close();
    await refused;
  });
});
