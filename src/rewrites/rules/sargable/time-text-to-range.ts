import { quoteLiteral } from '../../../base/quote.js';
import { bodyOf, list, names, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { allOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { beginsOnce } from '../../midnights.js';
import { bothWays, castOf, functionName, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  /** What the condition implies. */
  readonly range: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/time-text-to-range',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`c::text LIKE '2024-03%'`, `left(c::text, 7) = '2024-03'` and `substring(c::text, 1, 10) = '2024-03-05'` get the range of `c` that they imply beside them: the month, the day.",
    why: 'An index on `c` can not serve a condition on its text.',
    limits:
      'The column is a date, timestamp or timestamptz of a table; the text begins with a year of four digits and a month, and ends with it or with a day. The original stays as a filter, since under another DateStyle no time is written so. For timestamptz the clock of no zone goes back over the midnight of either end.',
    sources: ['PostgreSQL manual, "Date/Time Output"', 'PostgreSQL source, `EncodeDateOnly` of datetime.c'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) => {
      const found = prefixOf(node);
      const origin = found ? originOf(query, found.column) : null;
      const period = found ? periodOf(found.prefix) : null;
      const type = origin?.column?.baseType ?? '';
      if (!found || !origin || !period || !['date', 'timestamp', 'timestamptz'].includes(type)) return [];
      if (type === 'timestamptz' && ![period.from, period.until].every(beginsOnce)) return [];
      const range = expression(
        `$1 >= ${quoteLiteral(period.from)} AND $1 < ${quoteLiteral(period.until)} OR $1 < '0001-01-01'`,
        [found.column],
      );
      return present.has(treeText(range)) ? [] : [{ condition: node, origin, range }];
    });
  },
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}, whose text begins with the year in one DateStyle alone`),
    seen('a text that begins so is that of a time in the range, or of one before the year 1'),
  ],
  rewrite: ({ condition, range }, view) => {
    const both = allOf([range, condition]);
    return both ? replace(view.statement.tree, condition, both) : null;
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamp NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, timestamp '2023-01-01' + n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: "SELECT id, page FROM visit WHERE at::text LIKE '2023-06-01%'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the last day of the month is in it',
    statement: "SELECT id, page FROM visit WHERE at::text LIKE '2023-06%'",
    to: "SELECT id, page FROM visit WHERE at >= '2023-06-01' AND at < '2023-06-30'",
  },
});

/** The column whose text begins with what is asked for. */
function prefixOf(node: TreeNode): { readonly column: TreeNode; readonly prefix: string } | null {
  const like = bodyOf(node, 'A_Expr');
  if (like?.['kind'] === 'AEXPR_LIKE' && names(list(like, 'name')).at(-1) === '~~') {
    const pattern = /^([\d-]+)%$/.exec(stringConstant(like['rexpr']) ?? '');
    const column = textOfColumn(like['lexpr'] as TreeNode);
    return column && pattern ? { column, prefix: pattern[1] ?? '' } : null;
  }
  for (const { operator, left, right } of bothWays(node)) {
    const call = operator === '=' ? bodyOf(left, 'FuncCall') : null;
    const prefix = stringConstant(right);
    if (!call || prefix === null) continue;
    const [text, first, second, more] = list(call, 'args');
    const name = functionName(call);
    const length = name === 'left' && !second ? wholeConstant(first) : wholeConstant(second);
    const fromStart = name === 'left' || (['substr', 'substring'].includes(name) && wholeConstant(first) === 1);
    const column = textOfColumn(text as TreeNode);
    if (fromStart && !more && column && length === prefix.length) return { column, prefix };
  }
  return null;
}

function textOfColumn(value: TreeNode | undefined): TreeNode | null {
  const cast = castOf(value);
  return cast && ['text', 'varchar'].includes(cast.type) && bodyOf(cast.value, 'ColumnRef') ? cast.value : null;
}

/** A month or a day; null for anything else. */
function periodOf(prefix: string): { readonly from: string; readonly until: string } | null {
  const written = /^([1-9]\d{3})-(\d\d)(?:-(\d\d))?$/.exec(prefix);
  const [year, month, day] = [Number(written?.[1]), Number(written?.[2]), Number(written?.[3] ?? 1)];
  const from = new Date(Date.UTC(year, month - 1, day));
  if (!written || Number.isNaN(from.getTime()) || from.getUTCMonth() !== month - 1 || from.getUTCDate() !== day)
    return null;
  const until = new Date(from);
  if (written[3] === undefined) until.setUTCMonth(month);
  else until.setUTCDate(day + 1);
  return { from: from.toISOString().slice(0, 10), until: until.toISOString().slice(0, 10) };
}
