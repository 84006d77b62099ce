import { groupBy } from '../../base/group.js';
import type { Cascade } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/**
 * What CASCADE takes along with each wanted function, type, extension, sequence and schema on which something rests (`pg_depend`, followed to its end), by kind and name. Level by level: one recursive statement is over
 * in 60 ms, but PostgreSQL takes it for so much work that it compiles it first (JIT), which took 9 s.
 */
export async function readCascades(
  session: Session,
  wanted: readonly Pick<Cascade, 'kind' | 'name'>[],
): Promise<readonly Cascade[]> {
  if (wanted.length === 0) return [];
  const roots = await session.query<RootRow>(ROOTS_SQL, [
    wanted.map(({ kind }) => kind),
    wanted.map(({ name }) => name),
  ]);
  const seen = new Map<string, Reached>();
  let level = roots.map(({ classid, objid }, root): Reached => ({ root, classid, objid, objsubid: 0 }));
  for (const one of level) seen.set(keyOf(one), one);
  while (level.length > 0) {
    const next: Reached[] = [];
    for (const row of await inParts(level, STEP_PART, (args) => session.query<ReachedRow>(NEXT_SQL, args))) {
      const one = { ...row, root: Number(row.root), objsubid: Number(row.objsubid) };
      if (seen.has(keyOf(one))) continue;
      seen.set(keyOf(one), one);
      next.push(one);
    }
    level = next;
  }
  const along = [...seen.values()].slice(roots.length);
  const rows = await inParts(along, WORDS_PART, (args) => session.query<AlongRow>(ALONG_SQL, args));
  const byRoot = groupBy(rows, (row) => Number(row.root));
  return roots.flatMap(({ kind, schema, name }, root) => {
    const own = byRoot.get(root) ?? [];
    const whole = new Set(own.filter(({ is_whole }) => is_whole).map(placeOf));
    const said = own.filter((row) => row.is_whole || !whole.has(placeOf(row)));
    return said.length === 0 ? [] : [{ kind, schema, name, along: said.map(toAlong) }];
  });
}

/** An object, or a column of one, that goes with a root. */
interface Reached {
  readonly root: number;
  readonly classid: string;
  readonly objid: string;
  readonly objsubid: number;
}

function keyOf({ root, classid, objid, objsubid }: Reached): string {
  return [root, classid, objid, objsubid].join(' ');
}

function placeOf({ schema, relation }: AlongRow): string {
  return JSON.stringify([schema, relation]);
}

function toAlong({ what, schema, relation: name, is_whole }: AlongRow): Cascade['along'][number] {
  const relation = schema === null || name === null ? null : { schema, name };
  return { what, relation, isWhole: is_whole };
}

/** So many at a time cost less than `jit_above_cost` by PostgreSQL's estimate: some 20 for a step to the next level, some 100 for the words. */
const STEP_PART = 2000;
const WORDS_PART = 500;

async function inParts<Row>(
  all: readonly Reached[],
  size: number,
  ask: (args: readonly unknown[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < all.length; at += size) {
    const part = all.slice(at, at + size);
    const args = [part.map(({ root }) => root), part.map(({ classid }) => classid), part.map(({ objid }) => objid)];
    rows.push(...(await ask([...args, part.map(({ objsubid }) => objsubid)])));
  }
  return rows;
}

const ROOTS_SQL = `
  SELECT r.classid::int8 AS classid, r.objid::int8 AS objid, r.kind, r.own_schema AS schema, r.own_name AS name FROM (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, 'function', n.nspname, p.proname
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE ${userSchema('n')} AND ${notOfExtension('pg_proc', 'p.oid')}
    UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'type', n.nspname, t.typname
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)
      AND ${userSchema('n')} AND ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, oid, 'extension', NULL, extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 'sequence', n.nspname, c.relname
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS i WHERE i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.objid = c.oid AND i.deptype = 'i')
    UNION ALL
    SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, 'schema', NULL, n.nspname FROM pg_catalog.pg_namespace AS n WHERE ${userSchema('n')}
  ) AS r (classid, objid, kind, own_schema, own_name)
  WHERE (r.kind, r.own_name::text) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w)
  ORDER BY r.kind, r.own_schema, r.own_name, r.objid`;

const REACHED = `ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.oid[]), pg_catalog.unnest($3::pg_catalog.oid[]), pg_catalog.unnest($4::pg_catalog.int4[]))
    AS r (root, classid, objid, objsubid)`;

/** An object goes with what it depends on, and takes along what it is an inner part of: a view with its rule. */
const NEXT_SQL = `
  SELECT r.root, d.classid::int8 AS classid, d.objid::int8 AS objid, d.objsubid
  FROM ${REACHED} JOIN pg_catalog.pg_depend AS d ON d.refclassid = r.classid AND d.refobjid = r.objid AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid)
  UNION
  SELECT r.root, d.refclassid::int8, d.refobjid::int8, d.refobjsubid
  FROM ${REACHED} JOIN pg_catalog.pg_depend AS d ON d.classid = r.classid AND d.objid = r.objid AND d.objsubid = r.objsubid AND d.deptype = 'i'
  ORDER BY 1, 2, 3, 4`;

/** Left out of what is said: members of an extension and inner parts (TOAST, array types, indexes of constraints, triggers of foreign keys). */
const ALONG_SQL = `
  SELECT k.root, n.nspname AS schema, c.relname AS relation, coalesce(k.objsubid = 0 AND k.relkind IS NOT NULL AND k.objid = k.relation, false) AS is_whole,
    pg_catalog.pg_describe_object(k.classid, k.objid, k.objsubid) AS what
  FROM (
    SELECT r.*, c.relkind,
      CASE r.classid
        WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN CASE WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN r.objid WHEN c.relkind IN ('i', 'I') THEN i.indrelid END
        WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN (SELECT adrelid FROM pg_catalog.pg_attrdef WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN (SELECT nullif(conrelid, 0) FROM pg_catalog.pg_constraint WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN (SELECT ev_class FROM pg_catalog.pg_rewrite WHERE oid = r.objid AND rulename <> '_RETURN')
      END AS relation
    FROM ${REACHED}
    LEFT JOIN pg_catalog.pg_class AS c ON r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = r.objid
    LEFT JOIN pg_catalog.pg_index AS i ON c.relkind IN ('i', 'I') AND i.indexrelid = c.oid) AS k
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = k.relation LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE (k.relation IS NOT NULL OR k.classid = ANY ('{pg_catalog.pg_proc,pg_catalog.pg_extension,pg_catalog.pg_collation,pg_catalog.pg_operator,pg_catalog.pg_ts_config,pg_catalog.pg_ts_dict}'::pg_catalog.regclass[])
      OR k.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE t.oid = k.objid AND t.typrelid = 0
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS m WHERE m.classid = k.classid AND m.objid = k.objid AND m.objsubid IN (0, k.objsubid) AND m.deptype = 'e')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS m WHERE m.classid = k.classid AND m.objid = k.objid AND m.objsubid = k.objsubid AND m.deptype = 'i'
      AND k.classid <> 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
    AND n.nspname IS DISTINCT FROM 'pg_toast'
  ORDER BY k.root, n.nspname, c.relname, 5`;

type RootRow = { classid: string; objid: string; kind: Cascade['kind']; schema: string | null; name: string };
type ReachedRow = { root: string; classid: string; objid: string; objsubid: string };
type AlongRow = { root: string; schema: string | null; relation: string | null; is_whole: boolean; what: string };
