import { sameRelation, placeOf } from '../../../model/catalog.js';
import { bodyOf, isNode, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
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
}

export default defineRewrite<Site>({
  id: 'sargable/unequal-to-ranges',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`state <> 'done'` becomes `state < 'done' OR state > 'done'`, where an index begins with the column; `kind NOT IN (1, 2)` of whole numbers becomes the ranges between them.",
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
  rewrite: ({ condition, column, values }, view) => {
    const ranges = [...values, null].map((value, i) => {
      const before = values[i - 1];
      if (value === null) return expression('$1 > $2', [column, before as TreeNode]);
      return before === undefined
        ? expression('$1 < $2', [column, value])
        : expression('$1 > $2 AND $1 < $3', [column, before, value]);
    });
    return replace(view.statement.tree, condition, { BoolExpr: { boolop: 'OR_EXPR', args: ranges } });
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

/** `c <> v`, `c NOT IN (v)` and, of whole numbers, `c NOT IN (v, w, ...)`. */
function excluded(query: Query, node: TreeNode): Omit<Site, 'condition'> | null {
  const body = bodyOf(node, 'A_Expr');
  const items =
    body?.['kind'] === 'AEXPR_IN' && names(list(body, 'name'))[0] === '<>' ? bodyOf(body['rexpr'], 'List') : null;
  if (body && items && isNode(body['lexpr'])) {
    const origin = originOf(query, body['lexpr']);
    const values = sorted(list(items, 'items').filter(isNode));
    return origin && values?.every((one) => isOfType(origin, one)) ? { column: body['lexpr'], origin, values } : null;
  }
  for (const { operator, left, right } of bothWays(node)) {
    const origin = operator === '<>' ? originOf(query, left) : null;
    if (origin && isOfType(origin, right)) return { column: left, origin, values: [right] };
  }
  return null;
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
