import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { searchSource } from './source-search.js';

const FROM = "SELECT id, title FROM book WHERE id::text = $1 AND kind = 'new'";
const TO = "SELECT id, title FROM book WHERE id = $1 AND kind = 'new' AND id > 0";
let folder = '';

beforeEach(async () => {
  await loadParser();
  folder = mkdtempSync(join(tmpdir(), 'source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function search(sql = FROM, signal = new AbortController().signal) {
  return searchSource(folder, [{ fingerprint: 'f', sql, sources: [] }], signal);
}

async function placesOf(sql = FROM): Promise<readonly string[]> {
  const { places } = await search(sql);
  return (places.get('f') ?? []).map(({ file, line, how }) => `${how} ${file}:${line}`);
}

describe('the search of program text', () => {
  it('respects .gitignore, passes over binaries, large files and links, and says so', async () => {
    const text = `q("${FROM}")\n`;
    write('.gitignore', '# a comment\n/build/\n*.gen.ts\n!keep.gen.ts\nsub/**/x.ts\n');
    for (const path of [
      'a.ts',
      'build/b.ts',
      'c.gen.ts',
      'keep.gen.ts',
      'sub/deep/er/x.ts',
      'sub/build/y.ts',
      'node_modules/m/z.ts',
    ])
      write(path, text);
    write('inner/.gitignore', 'a.ts\n');
    write('inner/a.ts', text);
    write('binary.ts', `\0${text}`);
    write('large.ts', text + ' '.repeat(1024 * 1024));
    write('notes.txt', text);
    expect(await placesOf()).toEqual(['text a.ts:1', 'text keep.gen.ts:1', 'text sub/build/y.ts:1']);
    expect((await search()).coverage.skipped).toEqual([
      { what: `program text of ${folder}`, reason: '1 files over 1 MB', remedy: null },
    ]);
  });

  it('names the likely call where the text stands nowhere', async () => {
    write('schema.prisma', 'model Tome {\n  id Int @id\n  @@map("book")\n}\n');
    write('a.ts', 'const rows = await prisma.tome.findMany({ where: { kind: "new" } });\n');
    write('b.py', 'Book.objects.filter(kind="new")\n');
    const { places } = await search();
    expect(places.get('f')?.map(({ file, says }) => `${file} ${says}`)).toEqual([
      'a.ts likely: prisma.tome.findMany (Prisma) asks book, with kind',
      'b.py likely: Book.objects.filter (Django) asks book, with kind',
    ]);
  });

  it('refuses what is no folder, and stops when it is told to', async () => {
    await expect(searchSource(join(folder, 'none'), [], new AbortController().signal)).rejects.toMatchObject({
      code: 'input/invalid',
    });
    write('a.ts', 'x');
    await expect(search(FROM, AbortSignal.abort())).rejects.toThrow();
  });
});

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'a.ts',
    `const a = 1;\nconst q = \`\n  SELECT id, title\n  FROM book\n  WHERE id::text = \${id} AND kind = 'new'\n\`;\nconst b = 2;\n`,
    '${id}',
  ],
  [
    'b.py',
    `import x\n\n\nQ = "SELECT id, title FROM book WHERE id::text = %(id)s AND kind = 'new'"\nprint(Q)`,
    '%(id)s',
  ],
  [
    'c.js',
    `run('SELECT id, title FROM book WHERE id::text = ? AND kind = \\'new\\'', [id])\r\nnext()\r\n`,
    "\\'new\\'",
  ],
  ['d.go', "package d\n\nconst q = `SELECT id, title FROM book\nWHERE id::text = $1 AND kind = 'new'`\n", '$1'],
  [
    'e.sql',
    `-- name: one\nSELECT id, title FROM book WHERE id::text = :id AND kind = 'new';\n-- name: two\nSELECT 1;\n`,
    ':id',
  ],
  ['f.rb', `Q = <<~SQL\n  SELECT id, title FROM book\n  WHERE id::text = #{id} AND kind = 'new'\nSQL\n`, '#{id}'],
];

describe('the patch', () => {
  it.each(CASES)('of %s is one that git applies', async (path, text, placeholder) => {
    write(path, text);
    const found = await search();
    const { patch } = found.attribution('f', TO);
    if (!patch || !('patch' in patch)) throw new Error(JSON.stringify(patch));
    writeFileSync(join(folder, 'p.patch'), patch.patch);
    execFileSync('git', ['init', '-q'], { cwd: folder });
    execFileSync('git', ['apply', 'p.patch'], { cwd: folder });
    const now = readFileSync(join(folder, path), 'utf8');
    expect(now).toContain(placeholder);
    expect(await placesOf(TO)).toEqual([expect.stringMatching(`^text ${path}:\\d+$`)]);
    execFileSync('git', ['apply', '-R', 'p.patch'], { cwd: folder });
    expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
  });

  it.each([
    [
      'values in another order',
      `q("${FROM.replace('$1', '?').replace("'new'", '?')}", id, kind)\n`,
      "SELECT id, title FROM book WHERE kind = 'new' AND id = $1",
      /another order/,
    ],
    [
      'a value that is lost',
      `q("${FROM.replace("'new'", ':kind')}")\n`,
      'SELECT id, title FROM book WHERE id = $1',
      /used no more/,
    ],
    ['a secret in the line', `login({ password: "hunter2hunter2" }); q("${FROM}")\n`, TO, /secret/],
    ['a secret in the line after', `q("${FROM}")\nconst apiKey = "abcdef123456";\n`, TO, /secret/],
    [
      'several strings',
      `q("SELECT id, title FROM book " + "WHERE id::text = ? AND kind = 'new'")\n`,
      TO,
      /no single string/,
    ],
  ])('is refused: %s', async (_, text, to, reason) => {
    write('a.ts', text);
    expect((await search()).attribution('f', to).patch).toEqual({ reason: expect.stringMatching(reason) as string });
  });

  it('leaves out lines around that may hold a secret', async () => {
    write(
      'a.ts',
      `const url = "postgres://app:s3cret@host/db";\nconst one = 1;\nq("${FROM}")\nconst two = 2;\nconst token = "abcdefgh";\n`,
    );
    const { patch } = (await search()).attribution('f', TO);
    expect(patch).toEqual({ patch: expect.stringContaining('@@ -2,3 +2,3 @@') as string });
    expect(JSON.stringify(patch)).not.toMatch(/s3cret|abcdefgh/);
  });

  it('is not there for what stands nowhere', async () => {
    expect((await search()).attribution('f', TO)).toEqual({ places: [], patch: null });
  });
});

it('passes over a folder that can not be read', async () => {
  write('closed/a.ts', `q("${FROM}")`);
  write('b.ts', `q("${FROM}")`);
  chmodSync(join(folder, 'closed'), 0o000);
  try {
    expect(await placesOf()).toContain('text b.ts:1');
  } finally {
    chmodSync(join(folder, 'closed'), 0o700);
  }
});
