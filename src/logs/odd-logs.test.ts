import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { detectFormat } from './detect.js';
import { Intake } from './intake.js';
import type { IntakeResult } from './intake.js';

beforeAll(() => loadParser());

function read(text: string, prefix: string | null = null): IntakeResult & { readonly said: string } {
  const format = detectFormat(text, prefix);
  if (format.kind === 'sql' || format.kind === 'pgbench') throw new Error(`taken for ${format.said}`);
  const intake = new Intake();
  const reader = intake.open('f', format);
  for (let at = 0; at < text.length; at += 100) reader.push(text.slice(at, at + 100));
  reader.end();
  return { ...intake.end(), said: format.said };
}

const head = (second: number, rest = '[7] bob@shop '): string => `2026-01-02 03:04:0${second}.123 UTC ${rest}`;
const message = (second: number): string =>
  `${head(second)}LOG:  duration: ${second}.5 ms  statement: SELECT *\n\tFROM t WHERE a = ${second} AND b <> 'LOG:  x'\n`;
const LOG = [1, 2, 3].map(message).join('');

describe('the same log', () => {
  it.each([
    ['with the line ends of Windows', LOG.replaceAll('\n', '\r\n')],
    ['behind a byte order mark', `\uFEFF${LOG}`],
    ['of docker compose', LOG.replaceAll(/^/gm, 'db-1  | ').replace(/db-1 {2}\| $/, '')],
    ['of a container with time stamps', LOG.replaceAll(/^(?=.)/gm, '2026-01-02T03:04:05.123456789Z ')],
    ['of syslog', LOG.replaceAll('\t', '#011').replaceAll(/^(?=.)/gm, 'Jan  2 03:04:05 db1 postgres[7]: [3-1] ')],
    ['of journalctl', LOG.replaceAll(/^(?=.)/gm, 'Jan 12 03:04:05 db1 postgres[7]: ')],
    ['with a last line that was cut off', `${LOG}${head(4).slice(0, 28)}`],
    ['with what another program wrote', LOG.replace('\n2026', '\nrsync: copied\n2026')],
    ['with zeros at its end', `${LOG}${'\0'.repeat(40)}`],
  ])('%s', (_name, text) => {
    const { workload, said } = read(text);
    expect(said).toMatch(/'%m \[%p\] %q%u@%d ' detected/);
    expect(workload.unusable).toEqual([]);
    expect(workload.statements).toMatchObject([
      { calls: 3, totalMs: 7.5, sql: "SELECT *\nFROM t WHERE a = $1 AND b <> 'LOG:  x'".replace("'LOG:  x'", '$2') },
    ]);
    expect(workload.statements[0]?.observed?.users).toEqual([{ name: 'bob', executions: 3 }]);
  });
});

describe('names with blanks, colons and brackets', () => {
  it.each([
    ['%m [%p] %q%a %u@%d ', (app: string) => `[7] ${app} bob@shop `, true],
    ['%m [%p] %q[user=%u,db=%d,app=%a] ', (app: string) => `[7] [user=bob,db=shop,app=${app}] `, true],
    ['%m %a[%p]: %u %d ', (app: string) => `${app}[7]: bob shop `, false],
    ['%m;%u;%d;%a;%p;', (app: string) => `;bob;shop;${app};7;`, false],
  ])('%j', (prefix, rest, isDetected) => {
    for (const app of ['my app', 'web: [1] worker, x=y', 'a@b']) {
      const line = (n: number): string =>
        `${head(n, '').trimEnd()}${prefix.startsWith('%m;') ? '' : ' '}${rest(app)}LOG:  duration: 1.0 ms  statement: SELECT ${n} FROM t\n`;
      for (const given of isDetected ? [prefix, null] : [prefix]) {
        const observed = read([1, 2, 3].map(line).join(''), given).workload.statements[0]?.observed;
        expect(observed).toMatchObject({
          applications: [{ name: app, executions: 3 }],
          users: [{ name: 'bob', executions: 3 }],
          databases: [{ name: 'shop', executions: 3 }],
        });
      }
    }
  });

  it('of a long line that fits no prefix cost no time that anybody would notice', () => {
    const long = `${'word '.repeat(20_000)}\n`;
    const { files } = read(`bob shop my app ${head(1)}LOG:  statement: SELECT 1\n${long}`, '%u %d %a %m [%p] ');
    expect(files[0]?.records).toBe(0);
  });
});

it.each([
  ['%m [%p] %q%u@%d/%a ', '[7] bob@shop-2/web app '],
  ['%m [%p] %q%u@%d %h ', '[7] bob@shop-2 10.0.0.7 '],
  ['%m [%p] %q%u@%d [%a] ', '[7] bob@shop-2 [web app] '],
  ['%m [%p] %q(%u@%d) ', '[7] (bob@shop-2) '],
  ['%m [%p:%l] %q%u@%d ', '[7:1] bob@shop-2 '],
  ['%m - %p - %u@%d - %a - ', '- 7 - bob@shop-2 - web app - ', '- 7 - @ -  - '],
  ['%m [%p] %e %q%u@%d ', '[7] 00000 bob@shop-2 '],
  ['%m pid=%p user=%u db=%d ', 'pid=7 user=bob db=shop-2 ', 'pid=7 user= db= '],
])('%j is told from its lines', (prefix, session, background = session.slice(0, session.search(/\(?bob/))) => {
  const line = (n: number): string =>
    `${head(n, n < 4 ? session : session.replace('web app', 'cron'))}LOG:  duration: 1.0 ms  statement: SELECT ${n} FROM t\n`;
  const { said, workload } = read(
    `${[1, 2, 3, 4, 5, 6].map(line).join('')}${head(7, background)}LOG:  checkpoint starting: time\n`,
  );
  expect(said).toContain(`'${prefix}' detected`);
  expect(workload.statements[0]?.observed).toMatchObject({
    users: [{ name: 'bob', executions: 6 }],
    databases: [{ name: 'shop-2', executions: 6 }],
    applications: prefix.includes('%a')
      ? [
          { name: 'cron', executions: 3 },
          { name: 'web app', executions: 3 },
        ]
      : [],
  });
});

it('a user and a database with nothing that tells them apart are left unknown', () => {
  const { said, workload } = read(
    [1, 2, 3].map((n) => `${head(n, '[7] bob/shop ')}LOG:  duration: 1.0 ms  statement: SELECT ${n} FROM t\n`).join(''),
  );
  expect(said).toContain('log_line_prefix unknown (--prefix gives it)');
  expect(workload.statements).toMatchObject([{ calls: 3, observed: { users: [], databases: [] } }]);
});

it('what this program asked the server is left out', () => {
  const line = (n: number, app: string): string =>
    `${head(n, `[7] bob@shop/${app} `)}LOG:  duration: 1.0 ms  statement: SELECT a FROM t${n}\n`;
  const { skipped, workload } = read(line(1, 'web') + line(2, 'database-wizard') + line(3, 'web'), '%m [%p] %u@%d/%a ');
  expect(workload.statements.map(({ sql }) => sql)).toEqual(['SELECT a FROM t1', 'SELECT a FROM t3']);
  expect(skipped.map(({ what }) => what)).toEqual(['1 records of database-wizard itself']);
});

it('seconds since 1970 are found where no prefix is known', () => {
  const { firstSeen } = read('1767323041.500 <7> LOG:  duration: 1.0 ms  statement: SELECT 1 FROM t\n');
  expect(firstSeen).toBe('2026-01-02T03:04:01.500Z');
});

it.each([
  ['German', 'LOG:  Dauer: 1.5 ms  Anweisung: SELECT 1'],
  ['French', 'LOG:  durée : 1.5 ms, instruction : SELECT 1'],
  ['Russian', 'СООБЩЕНИЕ:  продолжительность: 1.5 мс, оператор: SELECT 1'],
  ['Chinese', '日志:  执行时间: 1.5 ms 语句: SELECT 1'],
  ['another language than English', 'LOG:  duur: 1.5 ms  opdracht: SELECT 1'],
])('a log in %s is read as what it is', (language, text) => {
  const { skipped, workload } = read(`${head(1)}${text}\n${LOG}`);
  expect(skipped.map(({ what }) => what)).toContain(`1 durations in ${language} in f`);
  expect(workload.statements).toMatchObject([{ calls: 3 }]);
});

it('entries of CloudNativePG hold the fields of csvlog by their names', () => {
  const record = { log_time: head(1, '').trim(), user_name: 'bob', session_id: '1.7', error_severity: 'LOG' };
  const entry = {
    level: 'info',
    logger: 'postgres',
    msg: 'record',
    record: { ...record, message: 'duration: 2.5 ms  statement: SELECT 1 FROM t' },
  };
  const { workload, firstSeen } = read(`${JSON.stringify(entry)}\n`);
  expect(workload.statements).toMatchObject([{ calls: 1, totalMs: 2.5, observed: { users: [{ name: 'bob' }] } }]);
  expect(firstSeen).toBe('2026-01-02T03:04:01.123Z');
});
