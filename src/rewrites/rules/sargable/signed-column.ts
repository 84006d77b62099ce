import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant, decimalText, isWhole } from '../../decimals.js';
import type { Decimal } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { MIRRORED, bothWays, functionName, operation } from '../../shapes.js';
import type { Operation } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly form: string;
}

export default defineRewrite<Site>({
  id: 'sargable/signed-column',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: '`-c > 5` becomes `c < -5`, and `abs(c) < 5` and `abs(c - 100) > 5` become `c > -5 AND c < 5` and `c > 105 OR c < 95`; `<=`, `>=` and `=` alike.',
    why: 'An index on `c` can not serve a condition on its opposite or its distance from a number.',
    limits:
      'Whole columns and literals; numeric ones under abs() too, but not after a minus, which leaves NaN the greatest. Where the original fails with an overflow for some row, the new form does not.',
    sources: ['PostgreSQL manual, "Mathematical Functions and Operators"', 'PostgreSQL manual, "Numeric Types" (NaN)'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap((compared) => {
        const found = opposite(query, compared) ?? distance(query, compared);
        return found ? [{ condition: node, ...found }] : [];
      }),
    ),
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}, of which a sign turns the order round and loses nothing`),
  ],
  rewrite: ({ condition, column, form }, view) => replace(view.statement.tree, condition, expression(form, [column])),
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, delta int, note text);',
    data: `
      INSERT INTO reading SELECT n, n % 2000 - 1000, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON reading (delta);
      ANALYZE;`,
    statement: 'SELECT id, note FROM reading WHERE abs(delta) >= 999',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'below zero the distance grows the other way: -5 is as far away as 5',
    statement: 'SELECT id FROM reading WHERE abs(delta) >= 5',
    to: 'SELECT id FROM reading WHERE delta >= 5',
  },
});

type Found = Pick<Site, 'column' | 'origin' | 'form'> | null;

/** `-c op k`, whole columns alone. */
function opposite(query: Query, { operator, left, right }: Operation): Found {
  const minus = bodyOf(left, 'A_Expr');
  const isMinus =
    minus?.['kind'] === 'AEXPR_OP' && minus['lexpr'] === undefined && MINUS.test(JSON.stringify(minus['name']));
  const column = isMinus ? (minus['rexpr'] as TreeNode) : null;
  const origin = column ? originOf(query, column) : null;
  const bound = decimalConstant(right);
  const mirrored = MIRRORED[operator];
  if (!column || !origin || !isWhole(origin) || bound?.scale !== 0 || mirrored === undefined || operator === '<>')
    return null;
  return { column, origin, form: `$1 ${mirrored} ${signed({ ...bound, units: -bound.units })}` };
}

const MINUS = /"sval":"-"/;

/** `abs(c) op k` and `abs(c - m) op k`. */
function distance(query: Query, { operator, left, right }: Operation): Found {
  const call = bodyOf(left, 'FuncCall');
  const [inside, more] = call && functionName(call) === 'abs' ? list(call, 'args') : [];
  const bound = decimalConstant(right);
  if (!inside || more || !bound) return null;
  const away = operation(inside);
  const middle = away ? decimalConstant(away.right) : { units: 0n, scale: 0 };
  const column = (away ? away.left : inside) as TreeNode;
  const origin = originOf(query, column);
  if (!origin || !middle || (away && away.operator !== '-')) return null;
  const exact = isWhole(origin) ? bound.scale === 0 && middle.scale === 0 : origin.column?.baseType === 'numeric';
  if (!exact || (operator === '=' && bound.units < 0n)) return null;
  const [low, high] = [plus(middle, { ...bound, units: -bound.units }), plus(middle, bound)].map(signed);
  const forms: Readonly<Record<string, string>> = {
    '<': `$1 > ${low} AND $1 < ${high}`,
    '<=': `$1 >= ${low} AND $1 <= ${high}`,
    '>': `$1 > ${high} OR $1 < ${low}`,
    '>=': `$1 >= ${high} OR $1 <= ${low}`,
    '=': `$1 = ${low} OR $1 = ${high}`,
  };
  const form = forms[operator];
  return form === undefined ? null : { column, origin, form };
}

function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const units = (one: Decimal): bigint => one.units * 10n ** BigInt(scale - one.scale);
  return { units: units(a) + units(b), scale };
}

/** A negative literal in brackets, so that it stands behind any operator. */
function signed(value: Decimal): string {
  return value.units < 0n ? `(${decimalText(value)})` : decimalText(value);
}
