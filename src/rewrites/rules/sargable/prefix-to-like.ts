import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { quoteLiteral } from '../../../base/quote.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, functionName, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  readonly column: TreeNode;
  /** The condition with `$1` for the column. */
  readonly form: string;
}

export default defineRewrite<Site>({
  id: 'sargable/prefix-to-like',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`left(c, 3) = 'abc'`, `substr(c, 1, 3) = 'abc'`, `starts_with(c, 'abc')` and `strpos(c, 'abc') = 1` become `c LIKE 'abc%'`; `strpos(c, 'abc') > 0` becomes `c LIKE '%abc%'`.",
    why: 'A btree with text_pattern_ops, or of a database in the C locale, serves LIKE with a prefix, and a trigram index any LIKE; no index serves the functions.',
    limits:
      'The column is text or varchar; the constant is a literal, with `%`, `_` and backslashes escaped. Where it is shorter than the length asked for, only the whole text can be equal. The database has no collation of its own.',
    sources: ['PostgreSQL manual, "Operator Classes and Operator Families"', 'PostgreSQL manual, "LIKE"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      prefixes(node).flatMap(({ column, form }) => {
        const origin = originOf(query, column);
        return origin && ['text', 'varchar'].includes(origin.column?.baseType ?? '')
          ? [{ condition: node, origin, column, form }]
          : [];
      }),
    ),
  requires: ({ origin }, facts) => [
    facts.textsAsWritten(),
    seen(`${origin.name} is ${origin.column?.type}, which is not padded with blanks`),
  ],
  rewrite: ({ condition, column, form }, view) => replace(view.statement.tree, condition, expression(form, [column])),
  example: {
    schema: 'CREATE TABLE product (id bigint PRIMARY KEY, code text NOT NULL, title text);',
    data: `
      INSERT INTO product SELECT n, upper(md5(n::text)), repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON product (code text_pattern_ops);
      ANALYZE;`,
    statement: "SELECT id, title FROM product WHERE left(code, 4) = 'C4CA'",
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'an underscore stands for any character in LIKE',
    statement: "SELECT id, title FROM product WHERE left(code, 3) = 'a_b'",
    to: "SELECT id, title FROM product WHERE code LIKE 'a_b%'",
  },
});

interface Prefix {
  readonly column: TreeNode;
  readonly form: string;
}

function prefixes(node: TreeNode): readonly Prefix[] {
  const called = call(node, 'starts_with');
  const start = called ? stringConstant(called[1]) : null;
  if (called && start !== null) return [{ column: called[0], form: like(`${escaped(start)}%`) }];
  return bothWays(node).flatMap(({ operator, left, right }): readonly Prefix[] => {
    const found = call(left, 'strpos') ?? call(left, 'position');
    const part = found ? stringConstant(found[1]) : null;
    if (found && part !== null && part !== '') {
      const at = `${operator} ${wholeConstant(right)}`;
      if (at === '= 1') return [{ column: found[0], form: like(`${escaped(part)}%`) }];
      return ['> 0', '>= 1', '<> 0'].includes(at) ? [{ column: found[0], form: like(`%${escaped(part)}%`) }] : [];
    }
    const cut = cutTo(left);
    const text = stringConstant(right);
    if (!cut || text === null || operator !== '=') return [];
    const length = Array.from(text).length;
    if (length > cut.length || length === 0) return [];
    return [
      { column: cut.column, form: length === cut.length ? like(`${escaped(text)}%`) : `$1 = ${quoteLiteral(text)}` },
    ];
  });
}

/** The column and how many of its first characters are left. */
function cutTo(value: TreeValue): { readonly column: TreeNode; readonly length: number } | null {
  const left = call(value, 'left');
  if (left) return { column: left[0], length: wholeConstant(left[1]) ?? 0 };
  const part = call(value, 'substr') ?? call(value, 'substring');
  if (!part || wholeConstant(part[1]) !== 1 || part[2] === undefined) return null;
  return { column: part[0], length: wholeConstant(part[2]) ?? 0 };
}

/** The arguments of a call whose first one is a column. */
function call(value: TreeValue, name: string): readonly [TreeNode, ...TreeValue[]] | null {
  const body = bodyOf(value, 'FuncCall');
  const [column, ...others] = body ? list(body, 'args') : [];
  return body && functionName(body) === name && bodyOf(column, 'ColumnRef') ? [column as TreeNode, ...others] : null;
}

function like(pattern: string): string {
  return `$1 LIKE ${quoteLiteral(pattern)}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
