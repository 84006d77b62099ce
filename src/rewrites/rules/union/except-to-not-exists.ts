import { bodyOf, field, list, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, existence, expression, replace, withWhere } from '../../build.js';
import { mapColumns, freshAlias } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { withoutDuplicates } from '../../duplicates.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { heldNotNull } from '../../truth.js';
import { onlyTable } from '../../loose-scan.js';
import { holdsSubquery, isPlain } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly operation: TreeNode;
  readonly left: Query;
  readonly right: Query;
  readonly except: boolean;
  readonly pairs: readonly { readonly shown: ColumnOrigin; readonly other: ColumnOrigin }[];
}

export default defineRewrite<Site>({
  id: 'union/except-to-not-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id FROM a EXCEPT SELECT b.a_id FROM b` becomes `SELECT a.id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)`, DISTINCT where a may give a row twice; INTERSECT becomes EXISTS.',
    why: 'PostgreSQL reads, and sorts or hashes, all rows of both; a join may look up those that are asked for alone.',
    limits:
      'Two plain queries, the second of one table, that show columns of one type, whole numbers, uuids, dates, times or texts; those of the first are never NULL. No ALL.',
    sources: ['PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    [...walk(view.statement.tree)].flatMap(({ type, body }): readonly Site[] => {
      const except = body['op'] === 'SETOP_EXCEPT';
      if (type !== 'SelectStmt' || body['all'] === true || !(except || body['op'] === 'SETOP_INTERSECT')) return [];
      const [left, right] = [queryOf(view, field(body, 'larg')), queryOf(view, field(body, 'rarg'))];
      if (!left || !right || !isPlain(undeduplicated(left)) || !isPlain(undeduplicated(right))) return [];
      if (!onlyTable(right)?.table) return [];
      if (holdsSubquery(right.body) || left.body['sortClause'] !== undefined) return [];
      const origins = (query: Query): readonly (ColumnOrigin | null)[] =>
        list(query.body, 'targetList').map((item) => originOf(query, bodyOf(item, 'ResTarget')?.['val']));
      const [shown, others] = [origins(left), origins(right)];
      const pairs = shown.flatMap((own, i) => {
        const other = others[i];
        return own?.query === left && other?.query === right ? [{ shown: own, other }] : [];
      });
      const all = pairs.length === shown.length && shown.length === others.length && shown.length > 0;
      return all ? [{ operation: body, left, right, except, pairs }] : [];
    }),
  requires: ({ pairs }, facts): readonly [Fact, ...Fact[]] => [
    seen('what is asked of each row of the first query is whether the second has one like it'),
    ...pairs.flatMap(({ shown, other }) => {
      const [type, otherType] = [shown.column?.baseType ?? '', other.column?.baseType ?? ''];
      const alike = ALIKE.has(type) && type === otherType;
      return [
        heldNotNull(shown) ?? facts.notNull(shown),
        alike
          ? seen(`${shown.name} and ${other.name} are ${type}, of which equal values are the same`)
          : missing(
              `${shown.name} and ${other.name} are not known to be columns of one type of which equal values are the same`,
            ),
        ...(TEXTS.has(type) ? [facts.textsAsWritten()] : []),
      ];
    }),
  ],
  rewrite: ({ operation, left, right, except, pairs }, view) => {
    const source = onlyTable(right);
    const item = bodyOf(source?.item, 'RangeVar');
    if (!source || !item) return null;
    const alias = left.sources.some((one) => one.alias === source.alias) ? freshAlias(view, 'other') : source.alias;
    const where = conjuncts(
      mapColumns(view, right, right.body['whereClause'], (origin) =>
        origin.source === source ? columnOf(alias, origin.name) : null,
      ),
    );
    const links = pairs.map(({ shown, other }) =>
      expression('$1 = $2', [columnOf(alias, other.name), columnOf(shown.source.alias, shown.name)]),
    );
    const from = { RangeVar: { ...item, alias: { aliasname: alias } } };
    const exists = existence(withWhere({ fromClause: [from] }, [...where, ...links]), !except);
    const { op: _, larg: __, rarg: ___, all: ____, ...around } = operation;
    const body = withWhere(undeduplicated(left), [...conjuncts(left.body['whereClause']), exists]);
    const single = withoutDuplicates({ ...left, body }, factsOf(view.catalog)).holds;
    const distinct = single ? {} : { distinctClause: [{}] };
    return replace(view.statement.tree, operation, {
      SelectStmt: { ...body, ...distinct, ...around, op: 'SETOP_NONE' },
    });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint, amount int NOT NULL);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 2900, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      'SELECT c.id FROM customer AS c WHERE c.id BETWEEN 2880 AND 2920 EXCEPT SELECT p.customer_id FROM purchase AS p',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'NULL is like NULL for EXCEPT, and not for =',
    schema: `
      CREATE TABLE customer (id bigint, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint, amount int NOT NULL);`,
    statement: 'SELECT c.id FROM customer AS c EXCEPT SELECT p.customer_id FROM purchase AS p',
  },
});

/** Types of which equal values look the same. */
const ALIKE = new Set(['int2', 'int4', 'int8', 'uuid', 'date', 'timestamp', 'timestamptz', 'text', 'varchar', 'bool']);
const TEXTS = new Set(['text', 'varchar']);

/** A query without its DISTINCT, which EXCEPT and INTERSECT do anyway; DISTINCT ON stays. */
function undeduplicated({ body }: Query): TreeNode {
  const [first] = list(body, 'distinctClause');
  if (first === undefined || Object.keys(first as object).length > 0) return body;
  const { distinctClause: _, ...rest } = body;
  return rest;
}
