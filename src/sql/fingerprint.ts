import { createHash } from 'node:crypto';
import { fingerprintSync } from './pg-query.js';
import { parseStatement } from './parse.js';
import type { ParsedStatement } from './parse.js';
import { field, textOf, walk } from './tree.js';

/**
 * Sixteen hex digits, the same for statements that differ only in constants, parameters, the length of IN lists, and white space.
 * Throws `sql/parse`. Source: libpg_query, "Fingerprinting".
 */
export function fingerprint(sql: string): string {
  return fingerprintOf(parseStatement(sql));
}

/** The same of a statement that was parsed already; `raw` is its `rawFingerprint` when that is known. */
export function fingerprintOf(statement: ParsedStatement, raw: string | null = null): string {
  const print = raw ?? fingerprintSync(statement.sql);
  if (!NUMBERED.test(statement.sql)) return print;
  const tables = [...walk(statement.tree)].flatMap((node) => {
    // What a statement writes is no wrapped node.
    const relation = node.type === 'RangeVar' ? node.body : field(node.body, 'relation');
    const table = relation ? textOf(relation, 'relname') : null;
    return table === null ? [] : [table];
  });
  if (!tables.some((table) => NUMBERED.test(table))) return print;
  return createHash('sha256')
    .update(JSON.stringify([print, tables]))
    .digest('hex')
    .slice(0, print.length);
}

/** libpg_query's own fingerprint, to which tables are one whose names differ in runs of digits (`sale_2024`, `sale_2025`); null where the text can not be parsed. */
export function rawFingerprint(sql: string): string | null {
  try {
    return fingerprintSync(sql);
  } catch {
    return null;
  }
}

/** Such a run in the name of a table is left out by `_fingerprintRangeVar`. */
const NUMBERED = /\d\d/;
