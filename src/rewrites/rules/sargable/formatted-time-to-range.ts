import { bodyOf, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { stretchOf, timeFormatOf } from '../../formatted-times.js';
import { beginsOnce } from '../../midnights.js';
import { bothWays, functionName, listed, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  /** The first moment that is written so, and the first after them; null where the condition has no such end. */
  readonly from: string | null;
  readonly until: string | null;
}

export default defineRewrite<Site>({
  id: 'sargable/formatted-time-to-range',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`to_char(c, 'YYYY-MM') = '2024-03'`, with days, hours and minutes, quarters (`'YYYY-\"Q\"Q'`), weeks (`'IYYY-IW'`) and names of months (`'Mon YYYY'`), become a half-open range of `c`; `<`, `<=`, `>`, `>=` and BETWEEN alike where the format begins with the year. Times before the year 1 and after 9999 are still asked as they were.",
    why: 'An index on `c` can not serve a condition on its text.',
    limits:
      'The column is a date, timestamp or timestamptz of a table; the format is numbers, names of months (of those for equality alone), and words in quotes, without gaps from the year down, and the literal is written like it, of the years 1000 to 9999. to_char writes a year before Christ, and one of five digits, so that its text may compare otherwise: hence the second part of the condition, which an index answers at once. Formats to the hour and minute for timestamp alone: the clock of a time zone shows some twice. For timestamptz the clock of no zone goes back over the midnight of either end.',
    sources: [
      'PostgreSQL manual, "Data Type Formatting Functions"',
      'PostgreSQL source, `DCH_to_char` of formatting.c: ADJUST_YEAR',
    ],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      comparisons(node).flatMap(({ left, low, high, equal }) => {
        const call = bodyOf(left, 'FuncCall');
        const [column, given, more] = call && functionName(call) === 'to_char' ? list(call, 'args') : [];
        const origin = originOf(query, column);
        const type = origin?.column?.baseType ?? '';
        const format = stringConstant(given);
        if (!origin || format === null || more || !['date', 'timestamp', 'timestamptz'].includes(type)) return [];
        const parts = timeFormatOf(format);
        if (present.has(treeText(before([column as TreeNode])))) return [];
        if (!parts || (parts.fine && type !== 'timestamp') || (!equal && !parts.ordered)) return [];
        const [first, last] = [low && stretchOf(low.text, parts), high && stretchOf(high.text, parts)];
        if ((low && !first) || (high && !last)) return [];
        const from = first ? (low?.whole ? first.from : first.until) : null;
        const until = last ? (high?.whole ? last.until : last.from) : null;
        const twice = type === 'timestamptz' && [from, until].some((day) => day !== null && !beginsOnce(day));
        return twice || (from !== null && until !== null && from >= until)
          ? []
          : [{ condition: node, column: column as TreeNode, origin, from, until }];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}, whose text in this format keeps the order from the year 1 to 9999`),
    seen('the literal is written like the format'),
  ],
  rewrite: ({ condition, column, from, until }, view) => {
    const early = before([column]);
    const late = expression(`$1 >= '10000-01-01'`, [column]);
    const range = expression(`$1 >= '${from ?? '0001-01-01'}' AND $1 < '${until ?? '10000-01-01'}'`, [column]);
    const outside = isEquality(condition) ? early : { BoolExpr: { boolop: 'OR_EXPR', args: [early, late] } };
    const asBefore = { BoolExpr: { boolop: 'AND_EXPR', args: [outside, condition] } };
    return replace(view.statement.tree, condition, { BoolExpr: { boolop: 'OR_EXPR', args: [range, asBefore] } });
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamp NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, timestamp '2023-01-01' + n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: "SELECT id, page FROM visit WHERE to_char(at, 'YYYY-MM-DD') = '2023-06-01'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'a format without the year is the same in every year',
    statement: "SELECT id, page FROM visit WHERE to_char(at, 'MM-DD') = '06-01'",
    to: "SELECT id, page FROM visit WHERE at >= '2023-06-01' AND at < '2023-06-02'",
  },
});

/** Where to_char writes the year as that of another one. */
const before = (column: readonly TreeNode[]): TreeNode => expression(`$1 < '0001-01-01'`, column);

interface Limit {
  readonly text: string;
  /** Whether what is written so fulfils the comparison. */
  readonly whole: boolean;
}

interface Comparison {
  readonly left: TreeNode;
  readonly low: Limit | null;
  readonly high: Limit | null;
  readonly equal: boolean;
}

function isEquality(condition: TreeNode): boolean {
  return comparisons(condition).some(({ equal }) => equal);
}

function comparisons(node: TreeNode): readonly Comparison[] {
  const between = listed(node, 'AEXPR_BETWEEN');
  const [first, last] = (between?.items ?? []).map(stringConstant);
  if (between && typeof first === 'string' && typeof last === 'string') {
    const [low, high] = [first, last].map((text) => ({ text, whole: true }));
    return [{ left: between.left, low: low ?? null, high: high ?? null, equal: false }];
  }
  return bothWays(node).flatMap(({ operator, left, right }): readonly Comparison[] => {
    const text = stringConstant(right);
    if (text === null || !['=', '<', '<=', '>', '>='].includes(operator)) return [];
    const limit = { text, whole: operator.includes('=') };
    const low = operator.startsWith('<') ? null : limit;
    const high = operator.startsWith('>') ? null : limit;
    return [{ left, low, high, equal: operator === '=' }];
  });
}
