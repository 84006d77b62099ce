import { describe, expect, it } from 'vitest';
import { Heads } from './heads.js';
import { compilePrefix } from './prefix.js';

/** What is read of lines one after another, by their session's process and user, and where their messages begin. */
function read(prefix: string, lines: readonly string[]): readonly (readonly unknown[] | null)[] {
  const heads = new Heads(compilePrefix(prefix));
  return lines.map((line) => {
    const bytes = Buffer.from(`x${line}\n`);
    const head = heads.read(bytes, 1, bytes.length - 1);
    const text = bytes.toString('utf8', heads.end, bytes.length - 1);
    return head && [head.session, head.user, head.application, head.severity ?? head.part, heads.timeMs, text];
  });
}

const SECOND = Date.UTC(2026, 10, 25, 3, 0, 1);
const TIME = '2026-11-25 03:00:01';

describe('beginnings of lines', () => {
  it.each([
    ['%m [%p] %q%u@%d ', (time: string, user: string) => `${time} [7] ${user}@shop `],
    [
      '%t [%p]: [%l-1] user=%u,app=%a,client=%h ',
      (time: string, user: string) => `${time} [7]: [3-1] user=${user},app=a b,client=::1 `,
    ],
    ['%h %x %m %u %a|%p|%Q ', (time: string, user: string) => `[local] 0 ${time} ${user} a b|7|-12 `],
    ['%a %u %p %v %e %m ', (time: string, user: string) => `a b ${user} 7 3/12 00000 ${time} `],
  ] as const)('%s: names, a time of each line, what follows it', (prefix, before) => {
    const users = ['app', 'Änne', 'it is me', 'app', 'b', 'app'];
    const zones = ['UTC', 'UTC', 'CET', '+02', 'UTC', 'UTC'];
    const found = read(
      prefix,
      users.map((user, i) => `${before(`${TIME}.00${i} ${zones[i]}`, user)}${i === 4 ? 'DETAIL' : 'LOG'}:  t ${i}: x`),
    );
    const withBlank = prefix.startsWith('%a %u') || prefix.includes('%u %a');
    users.forEach((user, i) => {
      if (user === 'it is me' && withBlank) return;
      const app = prefix.includes('%a') ? 'a b' : null;
      expect(found[i]).toEqual(['7', user, app, i === 4 ? 'DETAIL' : 'LOG', SECOND + i, `t ${i}: x`]);
    });
  });

  it('lines without a session, and what is no message', () => {
    const lines = [`${TIME}.500 UTC [7] LOG:  a`, `${TIME}.500 UTC [7] app@shop ERROR: b`, 'FROM LOG:  c', '', TIME];
    expect(read('%m [%p] %q%u@%d ', lines)).toEqual([
      ['7', null, null, 'LOG', SECOND + 500, 'a'],
      ['7', 'app', null, 'ERROR', SECOND + 500, 'b'],
      null,
      null,
      null,
    ]);
  });
});
