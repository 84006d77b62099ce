import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, castOf, listed, stringConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  /** Texts; null for a parameter. */
  readonly texts: readonly string[] | null;
  /** A parameter, or a column of another table; null for texts. */
  readonly parameter: TreeNode | null;
  /** Whether that is a column of the same kind of type, cast like this one. */
  readonly same: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/text-cast-to-value',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`id::text = '42'`, `id::text IN ('1', '2')` and `id::text = $1` become `id = 42`, `id IN (1, 2)` and `id = CASE WHEN $1 ~ '<digits>' THEN $1::bigint END`; uuid columns alike. A join `a.id::text = b.text` is one with the whole number that the text writes, and `a.id::text = b.id::text` one of the numbers.",
    why: 'An index on the column can not serve a condition on its text.',
    limits:
      'The column is smallint, integer, bigint or uuid; a literal is written as PostgreSQL itself writes the value (`42`, not `042` or `+42`), and within the range of the type. Parameters and texts of other tables for integers only.',
    sources: ['PostgreSQL manual, "Type Casts"', 'PostgreSQL manual, "Numeric Types"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      comparisons(node).flatMap(({ left, texts, parameter }): readonly Site[] => {
        const cast = castOf(left);
        const origin = cast && ['text', 'varchar'].includes(cast.type) ? originOf(query, cast.value) : null;
        const type = origin?.column?.baseType ?? '';
        if (!cast || !origin || !TYPES.has(type)) return [];
        const site = { condition: node, column: cast.value, origin, texts, parameter };
        if (parameter && !bodyOf(parameter, 'ParamRef')) {
          const other = otherSide(query, origin, parameter);
          return other && (WHOLE_NUMBERS.has(type) || other.same) ? [{ ...site, ...other }] : [];
        }
        return parameter && type === 'uuid' ? [] : [{ ...site, same: false }];
      }),
    ),
  requires: ({ origin, texts }) => {
    const type = origin.column?.baseType ?? '';
    const other = texts?.some((text) => !isCanonical(type, text)) === true;
    return [
      other
        ? missing(`a text is compared with ${origin.name} that is not how ${origin.column?.type} is written`)
        : seen(`${origin.name} is ${origin.column?.type}, of which each value is written in one way alone`),
    ];
  },
  rewrite: ({ condition, column, origin, texts, parameter, same }, view) => {
    const type = origin.column?.baseType ?? '';
    if (parameter && same) return replace(view.statement.tree, condition, expression('$1 = $2', [column, parameter]));
    const to = parameter
      ? expression(`$1 = ${WHOLE_OF}`, [column, parameter])
      : expression(formOf(type, texts ?? []), [column]);
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: 'CREATE TABLE ticket (id int PRIMARY KEY, title text);',
    data: `
      INSERT INTO ticket SELECT n, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: "SELECT id, title FROM ticket WHERE id::text = '4711'",
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'no value is written with a zero in front',
    statement: "SELECT id, title FROM ticket WHERE id::text = '02'",
  },
});

const TYPES = new Set([...WHOLE_NUMBERS, 'uuid']);
const MOST: Readonly<Record<string, bigint>> = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n };

/** The whole number that a text writes, NULL where it writes none, or one beyond bigint. */
const WHOLE_OF = `CASE WHEN $2::text ~ '^(0|-?[1-9][0-9]{0,18})$' THEN
  CASE WHEN $2::text::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN $2::text::bigint END END`;

interface Compared {
  readonly left: TreeNode;
  readonly texts: readonly string[] | null;
  readonly parameter: TreeNode | null;
}

function comparisons(node: TreeNode): readonly Compared[] {
  const among = listed(node, 'AEXPR_IN') ?? anyOf(node);
  if (among) {
    const texts = among.items.map(stringConstant);
    return texts.length > 0 && texts.every((text) => text !== null)
      ? [{ left: among.left, texts, parameter: null }]
      : [];
  }
  return bothWays(node).flatMap(({ operator, left, right }): readonly Compared[] => {
    if (operator !== '=') return [];
    const text = stringConstant(right);
    if (text !== null) return [{ left, texts: [text], parameter: null }];
    const isOther = bodyOf(right, 'ParamRef') ?? bodyOf(castOf(right)?.value ?? right, 'ColumnRef');
    return isOther ? [{ left, texts: null, parameter: right }] : [];
  });
}

/** A column of another source that a cast column is compared with: one of text, or one cast like it. Null for anything else. */
function otherSide(
  query: Query,
  { source, column }: ColumnOrigin,
  value: TreeNode,
): { readonly parameter: TreeNode; readonly same: boolean } | null {
  const cast = castOf(value);
  const other = originOf(query, cast ? cast.value : value);
  const type = other?.column?.baseType ?? '';
  if (!other || other.source === source || (cast && !['text', 'varchar'].includes(cast.type))) return null;
  if (['text', 'varchar'].includes(type)) return { parameter: cast ? cast.value : value, same: false };
  const same =
    cast !== null &&
    (type === column?.baseType || (WHOLE_NUMBERS.has(type) && WHOLE_NUMBERS.has(column?.baseType ?? '')));
  return same ? { parameter: cast.value, same } : null;
}

/** `x = ANY (ARRAY[...])`. */
function anyOf(node: TreeNode): { readonly left: TreeNode; readonly items: readonly TreeValue[] } | null {
  const body = bodyOf(node, 'A_Expr');
  const array = bodyOf(body?.['rexpr'], 'A_ArrayExpr');
  return body?.['kind'] === 'AEXPR_OP_ANY' && array && isNode(body['lexpr'])
    ? { left: body['lexpr'], items: list(array, 'elements') }
    : null;
}

function isCanonical(type: string, text: string): boolean {
  if (type === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return false;
  const [value, most] = [BigInt(text), MOST[type] ?? 0n];
  return value >= -most && value < most;
}

function formOf(type: string, texts: readonly string[]): string {
  const values = texts.map((text) =>
    type === 'uuid' || !/^-?\d+$/.test(text) ? `'${text.replaceAll("'", "''")}'` : text,
  );
  return values.length === 1 ? `$1 = ${values[0]}` : `$1 IN (${values.join(', ')})`;
}
