/** A statement's node type in words of SQL: `AlterSeqStmt` as `ALTER SEQUENCE`. */
export function statementWords(type: string): string {
  const text = type
    .replace(/Stmt$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase();
  return LONG_WORDS[text] ?? text;
}

const LONG_WORDS: Readonly<Record<string, string>> = {
  'ALTER SEQ': 'ALTER SEQUENCE',
  'ALTER STATS': 'ALTER STATISTICS',
  'CREATE EVENT TRIG': 'CREATE EVENT TRIGGER',
  'CREATE FUNCTION': 'CREATE FUNCTION or PROCEDURE',
  'COMPOSITE TYPE': 'CREATE TYPE',
  DEFINE: 'CREATE TYPE, AGGREGATE or OPERATOR',
  DO: 'a DO block',
};
