import { bareLiteral } from '../base/quote.js';
import type { Index } from '../model/catalog.js';
import { keptInSetting } from './kept-in-setting.js';
import type { KeptAside } from './kept-in-setting.js';
import { GRANTEE } from './old-name.js';
import { writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/** Lives until the end of the transaction. */
const SETTING = 'database_wizard.kept_aside';

/**
 * What goes with a column and nothing that takes its place has: its privileges, comment, statistics target and options; comments on its indexes and constraints, targets of its indexes; its extended statistics; comment
 * and privileges of its identity's sequence. `keep` writes it down as statements while the column is there, `give` runs them once another has its name, in the same transaction.
 */
export function keptAside(relation: Relation, column: string, indexes: readonly Index[]): KeptAside {
  const selects = [
    ...ofColumn(relation, column),
    ...(indexes.length > 0 ? ofIndexes(indexes) : []),
    ...ofConstraints(relation, column),
    ...ofStatistics(relation, column),
    ...ofSequence(relation, column),
  ];
  const text = `SELECT pg_catalog.string_agg(k.statement, '; ' ORDER BY k.place) FROM (
${selects.join('\n    UNION ALL\n')}
  ) AS k (place, statement)`;
  return keptInSetting(SETTING, text, 'what the column had is lost: this belongs into the transaction that dropped it');
}

/** A comment is put where the one on `what` was. */
function comment(on: string, args: string, what: string): string {
  return `pg_catalog.format('COMMENT ON ${on} IS %L', ${args}, ${what})`;
}

function ofColumn(relation: Relation, column: string): readonly string[] {
  const table = regclass(relation);
  const from = `FROM pg_catalog.pg_attribute AS a WHERE ${isColumn(relation, column)}`;
  const described = 'pg_catalog.col_description(a.attrelid, a.attnum)';
  const alter = `'ALTER TABLE %s ALTER COLUMN %I`;
  return [
    `    SELECT 1, pg_catalog.format('GRANT %s (%I) ON %s TO %s', g.privilege_type, a.attname, ${table}, ${GRANTEE})
    FROM pg_catalog.pg_attribute AS a, pg_catalog.aclexplode(a.attacl) AS g WHERE ${isColumn(relation, column)}`,
    `    SELECT 1, ${comment('COLUMN %s.%I', `${table}, a.attname`, described)} ${from} AND ${described} IS NOT NULL`,
    `    SELECT 1, pg_catalog.format(${alter} SET STATISTICS %s', ${table}, a.attname, a.attstattarget) ${from} AND a.attstattarget >= 0`,
    `    SELECT 1, pg_catalog.format(${alter} SET (%s)', ${table}, a.attname, pg_catalog.array_to_string(a.attoptions, ', ')) ${from} AND a.attoptions IS NOT NULL`,
  ];
}

function ofIndexes(indexes: readonly Index[]): readonly string[] {
  const isOne = `i.oid IN (${indexes.map(regclass).join(', ')})`;
  const described = `pg_catalog.obj_description(i.oid, 'pg_class')`;
  return [
    `    SELECT 1, ${comment('INDEX %s', 'i.oid::pg_catalog.regclass', described)} FROM pg_catalog.pg_class AS i WHERE ${isOne} AND ${described} IS NOT NULL`,
    `    SELECT 1, pg_catalog.format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', i.oid::pg_catalog.regclass, a.attnum, a.attstattarget)
    FROM pg_catalog.pg_class AS i JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.oid WHERE ${isOne} AND a.attstattarget >= 0`,
  ];
}

function ofConstraints(relation: Relation, column: string): readonly string[] {
  const table = regclass(relation);
  const described = `pg_catalog.obj_description(c.oid, 'pg_constraint')`;
  return [
    `    SELECT 1, ${comment('CONSTRAINT %I ON %s', 'c.conname, c.conrelid::pg_catalog.regclass', described)}
    FROM pg_catalog.pg_constraint AS c JOIN pg_catalog.pg_attribute AS a ON ${isColumn(relation, column)}
    WHERE (c.conrelid = ${table} AND a.attnum = ANY (c.conkey) OR c.confrelid = ${table} AND a.attnum = ANY (c.confkey)) AND ${described} IS NOT NULL`,
  ];
}

/** An object is made before it is altered. */
function ofStatistics(relation: Relation, column: string): readonly string[] {
  const name = 's.stxnamespace::pg_catalog.regnamespace, s.stxname';
  const described = `pg_catalog.obj_description(s.oid, 'pg_statistic_ext')`;
  const from = `FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_attribute AS a ON ${isColumn(relation, column)}
    WHERE EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND d.objid = s.oid
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)`;
  return [
    `    SELECT 2, pg_catalog.pg_get_statisticsobjdef(s.oid) ${from}`,
    `    SELECT 3, pg_catalog.format('ALTER STATISTICS %s.%I SET STATISTICS %s', ${name}, s.stxstattarget) ${from} AND s.stxstattarget >= 0`,
    `    SELECT 3, ${comment('STATISTICS %s.%I', name, described)} ${from} AND ${described} IS NOT NULL`,
    `    SELECT 4, pg_catalog.format('ALTER STATISTICS %s.%I OWNER TO %I', ${name}, pg_catalog.pg_get_userbyid(s.stxowner)) ${from} AND pg_catalog.pg_get_userbyid(s.stxowner) <> current_user`,
  ];
}

function ofSequence(relation: Relation, column: string): readonly string[] {
  const from = `FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS q ON q.oid = pg_catalog.pg_get_serial_sequence(${writtenLiteral(relation)}, ${bareLiteral(column)})::pg_catalog.regclass`;
  const isIdentity = `WHERE ${isColumn(relation, column)} AND a.attidentity <> ''`;
  const described = `pg_catalog.obj_description(q.oid, 'pg_class')`;
  return [
    `    SELECT 1, ${comment('SEQUENCE %s', 'q.oid::pg_catalog.regclass', described)} ${from} ${isIdentity} AND ${described} IS NOT NULL`,
    `    SELECT 1, pg_catalog.format('GRANT %s ON SEQUENCE %s TO %s', g.privilege_type, q.oid::pg_catalog.regclass, ${GRANTEE})
    ${from}, pg_catalog.aclexplode(q.relacl) AS g ${isIdentity} AND g.grantee <> q.relowner`,
  ];
}

function isColumn(relation: Relation, column: string): string {
  return `a.attrelid = ${regclass(relation)} AND a.attname = ${bareLiteral(column)}`;
}

function regclass({ schema, name }: Relation): string {
  return `${writtenLiteral({ schema, name })}::pg_catalog.regclass`;
}
