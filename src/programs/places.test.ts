import { describe, expect, it, test } from 'vitest';
import { languageOf } from './languages.js';
import { normalText } from './normal-text.js';
import { textPlaces } from './places.js';

const NEEDLES = new Map([[normalText('SELECT id, "name" FROM book WHERE author_id = $1 AND pages > $2'), 'found']]);

function placesIn(path: string, text: string): readonly string[] {
  const language = languageOf(path);
  if (!language) throw new Error(path);
  return textPlaces(text, language, NEEDLES).map(({ how, line }) => `${how} ${line}`);
}

test.each([
  [
    'a.ts',
    "// it's a comment\nconst q = `\n  select id, name\n  from book -- why\n  where author_id = $1 and pages > ${least};`",
    'text 3',
  ],
  ['a.js', "db.query('SELECT id, name FROM book ' +\n  'WHERE author_id = ? AND pages > 300')", 'pieces 1'],
  [
    'a.js',
    "const lines = ['SELECT id, name', 'FROM book', 'WHERE author_id = ?', 'AND pages > ?'].join(' ')",
    'pieces 1',
  ],
  [
    'a.py',
    'def f():\n    cur.execute("""SELECT id, name FROM book\n        WHERE author_id = %(author)s AND pages > %s""")',
    'text 2',
  ],
  ['a.py', 'q = ("SELECT id, name FROM book "\n     "WHERE author_id = %s "\n     f"AND pages > {n}")', 'pieces 1'],
  ['a.java', 'String q = "SELECT id, name FROM book WHERE author_id = " + id + " AND pages > " + n;', 'pieces 1'],
  ['a.java', 'sb.append("SELECT id, name FROM book ");\nsb.append("WHERE author_id = :a AND pages > :p");', 'pieces 1'],
  [
    'a.java',
    '@Query("""\n    SELECT id, name FROM book WHERE author_id = :author AND pages > :pages\n    """)',
    'text 2',
  ],
  ['a.go', 'const q = `SELECT id, name FROM book WHERE author_id = $1 AND pages > $2`', 'text 1'],
  ['a.rb', 'sql = <<~SQL\n  SELECT id, name FROM book\n  WHERE author_id = #{id} AND pages > ?\nSQL\n', 'text 2'],
  ['a.php', "$q = 'SELECT id, name FROM book WHERE author_id = ' . $id . ' AND pages > ?';", 'pieces 1'],
  ['a.php', '$q = "SELECT id, name FROM book WHERE author_id = :id";\n$q .= " AND pages > :n";', 'pieces 1'],
  ['a.cs', 'var q = @"SELECT id, ""name"" FROM book\n WHERE author_id = @author AND pages > @n";', 'text 1'],
  ['a.rs', 'let q = r#"SELECT id, "name" FROM book WHERE author_id = $1 AND pages > $2"#;', 'text 1'],
  [
    'a.xml',
    '<select id="x">\n  SELECT id, name FROM book WHERE author_id = #{a} AND pages &gt; #{n}\n</select>',
    'text 2',
  ],
  [
    'a.sql',
    "-- name: other\nSELECT ';';\n-- name: this\nSELECT id, name FROM book WHERE author_id = $1 AND pages > $2;",
    'text 4',
  ],
  ['a.ts', 'const q = "SELECT id, name FROM book WHERE author_id"; const s = `${q} = $1`', 'beginning 1'],
])('%s: %s', (path, text, expected) => {
  expect(placesIn(path, text)).toEqual([expected]);
});

describe('silent', () => {
  it.each([
    ['another statement', 'const q = "SELECT id, name FROM book WHERE author_id = ? AND pages < ?"'],
    ['a comment', '// "SELECT id, name FROM book WHERE author_id = ? AND pages > ?"'],
    ['a string that does not end', 'const q = "SELECT id, name FROM book WHERE author_id = ? AND pages > ?'],
  ])('%s', (_, text) => {
    expect(placesIn('a.ts', text)).toEqual([]);
  });
});

test('a list of values is a list however many it has; a cast is no parameter', () => {
  expect(normalText('select 1 WHERE a IN ($1, $2, $3) AND b = c::int')).toBe(
    normalText('SELECT 2 where a in (:ids) and b = c::int -- x'),
  );
});
