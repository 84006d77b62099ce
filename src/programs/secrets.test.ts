import { expect, test } from 'vitest';
import { mayHoldSecret } from './secrets.js';

test.each([
  'const key = "s3cret-s3cret";',
  "DB_PASSWORD = 'hunter2hunter2'",
  'password: "hunter2"',
  "'api_key' => 'abcdef'",
  'const apiKey: string = `abcdef`',
  'PGPASSWORD=hunter2',
  'connect("postgres://app:pw@host/db")',
  '-----BEGIN PRIVATE KEY-----',
  'x = "ghp_abcdefgh12345678"',
  'sign("9f86d081884c7d659a2feaa0c55ad015")',
  "WHERE token = 'abcdefgh'",
])('may hold a secret: %s', (line) => expect(mayHoldSecret(line)).toBe(true));

test.each([
  'const rows = await db.query(`',
  'SELECT u.id, u.password FROM users AS u WHERE u.token = $1 AND u.author = $2',
  'WHERE api_key = :key AND author_id = ?',
  'return rows.map((row) => row.title);',
  "import { pool } from './pool.js';",
  '`, [token, id]);',
])('is shown: %s', (line) => expect(mayHoldSecret(line)).toBe(false));
