import { keptInSetting } from './kept-in-setting.js';
import type { KeptAside } from './kept-in-setting.js';
import { GRANTEE } from './old-name.js';
import { writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

const SETTING = 'database_wizard.views';

/** The name of a view `c` of a schema `n`, as SQL. */
export const VIEW_NAME = "pg_catalog.format('%I.%I', n.nspname, c.relname)";

const COLUMN = 'JOIN pg_catalog.pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0';

/** Rows `(oid, place, statement)` that make the views of `v` (`pg_class` with `full_name`) again with all that they had but their owner, each view's in the order of `place`. */
export const VIEW_STATEMENTS = `
      SELECT oid, 1, pg_catalog.format('CREATE VIEW %s%s AS %s', full_name, ' WITH (' || pg_catalog.array_to_string(reloptions, ', ') || ')', pg_catalog.rtrim(pg_catalog.pg_get_viewdef(oid), ';')) FROM v
      UNION ALL
      SELECT v.oid, 2, pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', full_name, a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
      FROM v ${COLUMN} JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      UNION ALL
      SELECT v.oid, 2, pg_catalog.pg_get_triggerdef(t.oid) FROM v JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = v.oid AND NOT t.tgisinternal
      UNION ALL
      SELECT v.oid, 2, pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';') FROM v JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = v.oid AND r.rulename <> '_RETURN'
      UNION ALL
      SELECT v.oid, 3, pg_catalog.format('GRANT %s ON %s TO %s', g.privilege_type, full_name, ${GRANTEE}) FROM v, pg_catalog.aclexplode(v.relacl) AS g WHERE g.grantee <> v.relowner
      UNION ALL
      SELECT v.oid, 3, pg_catalog.format('GRANT %s (%I) ON %s TO %s', g.privilege_type, a.attname, full_name, ${GRANTEE}) FROM v ${COLUMN}, pg_catalog.aclexplode(a.attacl) AS g
      UNION ALL
      SELECT v.oid, 3, pg_catalog.format('COMMENT ON VIEW %s IS %L', full_name, d.description) FROM v, pg_catalog.obj_description(v.oid, 'pg_class') AS d (description) WHERE d.description IS NOT NULL
      UNION ALL
      SELECT v.oid, 3, pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', full_name, a.attname, d.description) FROM v ${COLUMN}, pg_catalog.col_description(v.oid, a.attnum) AS d (description) WHERE d.description IS NOT NULL`;

/**
 * Views that go for a change and come again, as they were, in the same transaction: with options, columns' defaults, rules, triggers, rights, comments and owner. `keep` writes them down as statements while they are
 * there, `give` runs those. A view is made after those that it reads as long as it is younger than they are.
 */
export function restored(views: readonly Relation[]): KeptAside {
  const oids = views.map((view) => `pg_catalog.to_regclass(${writtenLiteral(view)})::pg_catalog.oid`).join(', ');
  const selects = `
    WITH v AS (
      SELECT c.*, ${VIEW_NAME} AS full_name FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND c.oid IN (${oids})
    )
    SELECT pg_catalog.string_agg(s.statement, '; ' ORDER BY s.oid, s.place) FROM (${VIEW_STATEMENTS}
      UNION ALL
      SELECT oid, 4, pg_catalog.format('ALTER VIEW %s OWNER TO %I', full_name, pg_catalog.pg_get_userbyid(relowner)) FROM v WHERE pg_catalog.pg_get_userbyid(relowner) <> current_user
    ) AS s (oid, place, statement)`;
  return keptInSetting(SETTING, selects, 'the views are lost: this belongs into the transaction that dropped them');
}
