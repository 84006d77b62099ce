import { quoteLiteral } from '../../../base/quote.js';
import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { isWhole } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, castOf, functionName, listed, operation, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly first: Part;
  readonly second: Part;
  readonly cuts: readonly (readonly [string, string])[];
  readonly ofNull: Joined['ofNull'];
}

/** What is put together, and what becomes of NULL in it. */
interface Joined {
  readonly first: Part;
  readonly second: Part;
  readonly between: string;
  /** `nothing` where NULL makes the whole NULL; else it counts as an empty text, with or without the literal beside it. */
  readonly ofNull: 'nothing' | 'empty' | 'left out';
}

interface Part {
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'sargable/concatenated-columns',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`first || ' ' || last = 'Ann Lee'` becomes `first = 'Ann' AND last = 'Lee'`, with one alternative for each place where the literal can be cut; `a::text || '-' || b::text IN ('5-29', '7-43')`, `concat(first, ' ', last)` and `concat_ws(' ', first, last)` alike.",
    why: 'An index on the columns can not serve a condition on what is made of them.',
    limits:
      'Two columns with one literal between them, compared by `=` or IN with literals; text, varchar or whole numbers. At most eight alternatives. Under concat() no part is empty, since NULL would be too; under concat_ws() the columns are NOT NULL. The database has no collation of its own.',
    sources: ['PostgreSQL manual, "String Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const among = listed(node, 'AEXPR_IN');
      const compared = among
        ? [{ left: among.left, wholes: among.items }]
        : bothWays(node).flatMap(({ operator, left, right }) => (operator === '=' ? [{ left, wholes: [right] }] : []));
      return compared.flatMap(({ left, wholes }) => {
        const joined = joinOf(query, left);
        const texts = wholes.map((one) => (bodyOf(one, 'A_Const') ? stringConstant(one) : null));
        if (!joined || texts.includes(null)) return [];
        const { first, second, between, ofNull } = joined;
        const cuts = texts.flatMap((text) => cutsOf(text ?? '', between, { first, second }));
        // An empty part may have been NULL.
        if (ofNull === 'empty' && cuts.flat().includes('')) return [];
        return cuts.length > 0 && cuts.length <= MOST_CUTS ? [{ condition: node, first, second, cuts, ofNull }] : [];
      });
    }),
  requires: ({ first, second, ofNull }, facts) => [
    facts.textsAsWritten(),
    ...(ofNull === 'left out' ? [facts.notNull(first.origin), facts.notNull(second.origin)] : []),
    seen(`${first.origin.name} and ${second.origin.name} are whole numbers or texts that are not padded with blanks`),
    seen('every place where the literal can be cut in two is an alternative'),
  ],
  rewrite: ({ condition, first, second, cuts }, view) => {
    const all = cuts.map(([one, other]) =>
      expression(`$1 = ${valueSql(first, one)} AND $2 = ${valueSql(second, other)}`, [first.column, second.column]),
    );
    const [only, another] = all;
    const to = only && !another ? only : { BoolExpr: { boolop: 'OR_EXPR', args: all } };
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: 'CREATE TABLE person (id bigint PRIMARY KEY, first text NOT NULL, last text NOT NULL, note text);',
    data: `
      INSERT INTO person SELECT n, 'first' || n % 300, 'last' || n % 7001, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON person (last, first);
      ANALYZE;`,
    statement: "SELECT id, note FROM person WHERE first || ' ' || last = 'first7 last7'",
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'without anything between them the literal can be cut anywhere, and one of the columns may be empty',
    statement: "SELECT id FROM person WHERE first || last = 'ab'",
    to: "SELECT id FROM person WHERE first = 'a' AND last = 'b'",
  },
});

/** More alternatives than this make no plan better. */
const MOST_CUTS = 8;

/** `a || sep || b`, which the parser reads from the left. */
function joinOf(query: Query, value: TreeValue): Joined | null {
  const call = bodyOf(value, 'FuncCall');
  if (call) return joinedBy(query, call);
  const outer = operation(value);
  const inner = outer?.operator === '||' ? operation(outer.left) : null;
  if (!outer || inner?.operator !== '||') return null;
  const between = bodyOf(inner.right, 'A_Const') ? stringConstant(inner.right) : null;
  const [first, second] = [partOf(query, inner.left), partOf(query, outer.right)];
  return first && second && between ? { first, second, between, ofNull: 'nothing' } : null;
}

/** `concat(a, sep, b)`, which reads NULL as an empty text, and `concat_ws(sep, a, b)`, which leaves it out with its separator. */
function joinedBy(query: Query, call: TreeNode): Joined | null {
  const [one, other, third, more] = list(call, 'args');
  const isConcat = functionName(call) === 'concat';
  if (!isNode(third) || more || !(isConcat || functionName(call) === 'concat_ws')) return null;
  const [before, separator] = isConcat ? [one, other] : [other, one];
  const between = bodyOf(separator, 'A_Const') ? stringConstant(separator) : null;
  const [first, second] = [isNode(before) ? partOf(query, before) : null, partOf(query, third)];
  return first && second && between ? { first, second, between, ofNull: isConcat ? 'empty' : 'left out' } : null;
}

function partOf(query: Query, value: TreeNode): Part | null {
  const cast = castOf(value);
  const column = cast && ['text', 'varchar'].includes(cast.type) ? cast.value : value;
  const origin = isNode(column) ? originOf(query, column) : null;
  if (!origin?.column) return null;
  return isWhole(origin) || ['text', 'varchar'].includes(origin.column.baseType) ? { column, origin } : null;
}

function cutsOf(
  text: string,
  between: string,
  { first, second }: Pick<Site, 'first' | 'second'>,
): readonly (readonly [string, string])[] {
  const cuts: (readonly [string, string])[] = [];
  for (let at = text.indexOf(between); at >= 0; at = text.indexOf(between, at + 1)) {
    const [one, other] = [text.slice(0, at), text.slice(at + between.length)];
    if (canBe(first, one) && canBe(second, other)) cuts.push([one, other]);
  }
  return cuts;
}

/** A whole number is written in one way. */
function canBe({ origin }: Part, text: string): boolean {
  return !isWhole(origin) || /^(0|-?[1-9]\d{0,8})$/.test(text);
}

function valueSql({ origin }: Part, text: string): string {
  return isWhole(origin) ? text : quoteLiteral(text);
}
