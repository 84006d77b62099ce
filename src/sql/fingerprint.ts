import { fingerprintSync } from 'libpg-query';
import { parseStatement } from './parse.js';

/**
 * Sixteen hex digits, the same for statements that differ only in constants, parameters, the length of IN lists, and white space.
 * Throws `sql/parse`. Source: libpg_query, "Fingerprinting".
 */
export function fingerprint(sql: string): string {
  parseStatement(sql);
  return fingerprintSync(sql);
}
