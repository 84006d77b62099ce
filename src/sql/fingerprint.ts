import { fingerprintSync } from 'libpg-query';
import { parseStatement } from './parse.js';
import type { ParsedStatement } from './parse.js';

/**
 * Sixteen hex digits, the same for statements that differ only in constants, parameters, the length of IN lists, and white space.
 * Throws `sql/parse`. Source: libpg_query, "Fingerprinting".
 */
export function fingerprint(sql: string): string {
  return fingerprintOf(parseStatement(sql));
}

/** The same of a statement that was parsed already. */
export function fingerprintOf(statement: ParsedStatement): string {
  return fingerprintSync(statement.sql);
}

/** Whether a text is one statement, or several, of that fingerprint; false where it can not be parsed. Needs `loadParser()`. */
export function hasFingerprint(sql: string, wanted: string): boolean {
  try {
    return fingerprintSync(sql) === wanted;
  } catch {
    return false;
  }
}
