import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName, operation, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  readonly to: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/range-to-bounds',
  minMajor: 14,
  maxMajor: 16,
  docs: {
    what: "`tstzrange('2024-05-04', '2024-05-05') @> c` and `c <@ daterange('2024-01-01', '2024-02-01', '[]')` become the bounds of `c`: `c >= '2024-05-04' AND c < '2024-05-05'`.",
    why: 'Before 17, an index on `c` does not serve the question whether a range holds it.',
    limits:
      'The range is made of two literals by the constructor of the type of the column: dates and times that are written with their year, or whole numbers, the first before the second; the third argument is one of the four pairs of brackets.',
    sources: ['PostgreSQL manual, "Range Types"', 'PostgreSQL 17 release notes, "Optimizer"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const asked = operation(node);
      const [range, column] = asked?.operator === '@>' ? [asked.left, asked.right] : [asked?.right, asked?.left];
      if (!asked || !['@>', '<@'].includes(asked.operator) || !column) return [];
      const origin = originOf(query, column);
      const to = origin ? boundsOf(range, column, origin.column?.baseType ?? '') : null;
      return origin && to ? [{ condition: node, origin, to }] : [];
    }),
  requires: ({ origin }) => [seen(`${origin.name} is ${origin.column?.type}, and the range is one of that type`)],
  rewrite: ({ condition, to }, view) => replace(view.statement.tree, condition, to),
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, timestamptz '2023-01-01' + n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: "SELECT id, page FROM visit WHERE tstzrange('2023-06-01', '2023-06-02') @> at",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the upper bound of a range is not in it',
    to: "SELECT id, page FROM visit WHERE at BETWEEN '2023-06-01' AND '2023-06-02'",
  },
});

const TYPE_OF: Readonly<Record<string, string>> = {
  int4range: 'int4',
  int8range: 'int8',
  daterange: 'date',
  tsrange: 'timestamp',
  tstzrange: 'timestamptz',
};

function boundsOf(range: TreeValue, column: TreeNode, type: string): TreeNode | null {
  const call = bodyOf(range, 'FuncCall');
  const [low, high, brackets, more] = call ? list(call, 'args') : [];
  const flags = brackets === undefined ? '[)' : stringConstant(brackets);
  if (!call || more || TYPE_OF[functionName(call)] !== type || !/^[[(][\])]$/.test(flags ?? '')) return null;
  const [first, last] = [valueOf(low, type), valueOf(high, type)];
  if (first === null || last === null || !(first < last)) return null;
  const [above, below] = [flags?.startsWith('[') ? '>=' : '>', flags?.endsWith(']') ? '<=' : '<'];
  return expression(`$1 ${above} $2 AND $1 ${below} $3`, [column, low as TreeNode, high as TreeNode]);
}

/** Of two literals the lesser is less; null for anything that is not written in one way alone. */
function valueOf(value: TreeValue, type: string): number | string | null {
  if (type.startsWith('int')) return wholeConstant(value);
  const text = bodyOf(value, 'A_Const') ? stringConstant(value) : null;
  return text !== null && /^[1-9]\d{3}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?$/.test(text) ? text : null;
}
