import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { castOf, isFixed, stringConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { askedIn, standInsOf } from '../../stand-ins.js';
import type { Asked, StandIns } from '../../stand-ins.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site extends StandIns {
  readonly condition: TreeNode;
  readonly asked: Asked;
}

export default defineRewrite<Site>({
  id: 'sargable/coalesce-to-or',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`COALESCE(c, d) = v`, where v is fixed or a column of another table and d a literal or a column, becomes `c = v OR (c IS NULL AND d = v)`; `<`, `<=`, `>`, `>=`, `<>`, IN, BETWEEN, LIKE, `@>` and `&&` alike, several values (`COALESCE(c, b, d)`), `COALESCE(body ->> 'kind', d)`, and COALESCE on both sides of a join.",
    why: 'An index on `c` can not serve a condition on COALESCE of it. `d = v` is computed while planning, and where it is false only `c = v` is left.',
    limits:
      "In WHERE, HAVING and ON, where NULL is as good as false. The column is of a common type, so that a literal d can be given it; a column d is of the same, or a date for a timestamp. Texts are asked for equality and LIKE alone: in an order, a pattern or a class of letters a literal would be compared under another collation than the column's.",
    sources: ['PostgreSQL manual, "Conditional Expressions", section "COALESCE"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      askedIn(node).flatMap((asked) => {
        const found = standInsOf(view, query, asked);
        if (!found || !asked.against.every((one) => isFixed(one) || isElsewhere(query, one, found))) return [];
        return found.endsInDay && !asked.against.every(isTimestamp) ? [] : [{ condition: node, asked, ...found }];
      }),
    ),
  requires: ({ values, type, isText }, facts) => [
    seen('the condition stands where NULL is as good as false, and is that where its COALESCE is NULL'),
    seen(`the ${values.length} values of COALESCE are ${type}, which a literal in their place becomes too`),
    ...(isText ? [facts.textsAsWritten()] : []),
  ],
  rewrite: (site, view) => replace(view.statement.tree, site.condition, alternatives(site)),
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, queue int, payload text);',
    data: `
      INSERT INTO job SELECT n, nullif(n % 500, 0), repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (queue);
      ANALYZE;`,
    statement: 'SELECT id, payload FROM job WHERE COALESCE(queue, 0) = 7',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'the value that stands for NULL fulfils the condition as well',
    statement: 'SELECT id, payload FROM job WHERE COALESCE(queue, 0) = 0',
    to: 'SELECT id, payload FROM job WHERE queue = 0',
  },
});

/** `p(a) OR a IS NULL AND (p(b) OR b IS NULL AND p(c))`, where p asks for COALESCE(a, b, c). */
function alternatives({ condition, asked, values, endsInDay }: Site): TreeNode {
  const last = values.length - 1;
  return values.reduceRight<TreeNode | null>((rest, value, at) => {
    const condition_ = endsInDay && at === last ? ofTimestamps(condition, asked) : condition;
    const own = replace(condition_, asked.coalesce, value);
    return rest === null ? own : expression('$1 OR ($2 IS NULL AND $3)', [own, value, rest]);
  }, null) as TreeNode;
}

/** The condition whose literals are timestamps also beside a date. */
function ofTimestamps(condition: TreeNode, { against }: Asked): TreeNode {
  return against.reduce(
    (tree, one) => (castOf(one) ? tree : replace(tree, one, expression('$1::timestamp', [one]))),
    condition,
  );
}

function isTimestamp(value: TreeNode): boolean {
  return stringConstant(value) !== null || castOf(value)?.type === 'timestamp';
}

/** Whether it is of another table, whose value an index on the column is asked for. */
function isElsewhere(query: Query, value: TreeNode, { source, type }: StandIns): boolean {
  const coalesce = bodyOf(value, 'CoalesceExpr');
  const other = originOf(query, coalesce ? list(coalesce, 'args')[0] : value);
  const given = other?.column?.baseType ?? '';
  return other?.source !== source && (given === type || (WHOLE_NUMBERS.has(given) && WHOLE_NUMBERS.has(type)));
}
