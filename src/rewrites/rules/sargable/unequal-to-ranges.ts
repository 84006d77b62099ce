import { sameRelation, placeOf } from '../../../model/catalog.js';
import { bodyOf, isNode, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { ORDERED } from '../../loose-scan.js';
import { bothWays, castOf, stringConstant, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  /** In ascending order where there are several. */
  readonly values: readonly TreeNode[];
  /** NULL is another value as well: IS DISTINCT FROM. */
  readonly orNull: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/unequal-to-ranges',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`state <> 'done'` becomes `state < 'done' OR state > 'done'`, where an index begins with the column; `kind NOT IN (1, 2)` of whole numbers becomes the ranges between them; `<> ALL (ARRAY[...])` alike, and `IS DISTINCT FROM` with `OR state IS NULL`.",
    why: 'No index serves `<>`: where nearly all rows have that value, PostgreSQL reads them all for the few that have another.',
    limits:
      'A literal of the type of the column, which is of a type that a btree orders. Where many rows have other values the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "B-Tree Indexes"', 'PostgreSQL manual, "Combining Multiple Indexes"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const found = excluded(query, node);
      return found ? [{ condition: node, ...found }] : [];
    }),
  requires: ({ origin }, facts) => [
    seen('a value that is neither less nor greater than another is equal to it, and NULL is none of them'),
    indexed(origin, facts),
  ],
  rewrite: ({ condition, column, values, orNull }, view) => {
    const ranges = [...values, null].map((value, i) => {
      const before = values[i - 1];
      if (value === null) return expression('$1 > $2', [column, before as TreeNode]);
      return before === undefined
        ? expression('$1 < $2', [column, value])
        : expression('$1 > $2 AND $1 < $3', [column, before, value]);
    });
    const args = orNull ? [...ranges, expression('$1 IS NULL', [column])] : ranges;
    return replace(view.statement.tree, condition, { BoolExpr: { boolop: 'OR_EXPR', args } });
  },
  example: {
    schema: 'CREATE TABLE task (id bigint PRIMARY KEY, state text NOT NULL, title text); CREATE INDEX ON task (state);',
    data: `
      INSERT INTO task SELECT n, CASE WHEN n % 1000 = 0 THEN 'open' WHEN n % 1500 = 1 THEN 'failed' ELSE 'done' END, repeat('t', 80) FROM generate_series(1, 60000) AS n;
      ANALYZE;`,
    statement: "SELECT id, title FROM task WHERE state <> 'done'",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'a row without a value is not known to have another one',
    schema: 'CREATE TABLE task (id bigint PRIMARY KEY, state text, title text); CREATE INDEX ON task (state);',
    to: "SELECT id, title FROM task WHERE state < 'done' OR state > 'done' OR state IS NULL",
  },
});

/** `c <> v`, `c IS DISTINCT FROM v`, `c NOT IN (v)` and, of whole numbers, `c NOT IN (v, w, ...)`. */
function excluded(query: Query, node: TreeNode): Omit<Site, 'condition'> | null {
  const body = bodyOf(node, 'A_Expr');
  const listed = body && isNode(body['lexpr']) && names(list(body, 'name')).join('.') === '<>' ? listOf(body) : null;
  if (body && listed && isNode(body['lexpr'])) {
    const origin = originOf(query, body['lexpr']);
    const values = sorted(listed) ?? [];
    // An array of literals is of texts, beside which a char(n) loses its blanks.
    const isTold = body['kind'] === 'AEXPR_IN' || origin?.column?.baseType !== 'bpchar';
    return origin && isTold && values.length > 0 && values.every((one) => isOfType(origin, one))
      ? { column: body['lexpr'], origin, values, orNull: false }
      : null;
  }
  const isDistinct = body?.['kind'] === 'AEXPR_DISTINCT';
  const compared = isDistinct ? bothWays({ A_Expr: { ...body, kind: 'AEXPR_OP' } }) : bothWays(node);
  for (const { operator, left, right } of compared) {
    const origin = isDistinct || operator === '<>' ? originOf(query, left) : null;
    if (origin && isOfType(origin, right)) return { column: left, origin, values: [right], orNull: isDistinct };
  }
  return null;
}

/** The values of NOT IN, and of `<> ALL (ARRAY[...])`. */
function listOf(body: TreeNode): readonly TreeNode[] | null {
  const { kind, rexpr } = body;
  const items =
    kind === 'AEXPR_IN'
      ? list(bodyOf(rexpr, 'List') ?? {}, 'items')
      : kind === 'AEXPR_OP_ALL'
        ? list(bodyOf(rexpr, 'A_ArrayExpr') ?? {}, 'elements')
        : [];
  return items.length > 0 ? items.filter(isNode) : null;
}

/** More values than this make a condition of more ranges than anyone wants to read. */
const MOST = 6;

/** Different values in ascending order; null where that is not known, or where they are many. */
function sorted(values: readonly TreeNode[]): readonly TreeNode[] | null {
  if (values.length <= 1) return values.length === 1 ? values : null;
  const numbers = values.map(wholeConstant);
  if (numbers.includes(null) || new Set(numbers).size < numbers.length || numbers.length > MOST) return null;
  return values.toSorted((a, b) => (wholeConstant(a) ?? 0) - (wholeConstant(b) ?? 0));
}

/** Whether a literal is, or takes, the type of the column, so that an index on it is asked. */
function isOfType({ column, source }: ColumnOrigin, value: TreeNode): boolean {
  const type = column?.baseType ?? '';
  if (!source.table || !ORDERED.has(type)) return false;
  const cast = castOf(value);
  if (cast) return cast.type === type && stringConstant(cast.value) !== null;
  if (type === 'numeric' && decimalConstant(value) !== null) return true;
  return WHOLE_NUMBERS.has(type) ? wholeConstant(value) !== null : stringConstant(value) !== null;
}

function indexed({ source: { table, alias }, name }: ColumnOrigin, { catalog }: Facts): Fact {
  const index = table
    ? catalog.indexes.find(
        (one) => one.method === 'btree' && one.valid && sameRelation(one.table, table) && one.keys[0]?.column === name,
      )
    : undefined;
  return index
    ? seen(`${index.name} begins with ${name}`)
    : missing(`no index of ${table ? placeOf(table) : alias} begins with ${name}`);
}
