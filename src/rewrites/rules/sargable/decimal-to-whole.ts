import { bodyOf, textOf } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, castOf, stringConstant, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly form: string;
  readonly parameter: TreeNode | null;
}

export default defineRewrite<Site>({
  id: 'sargable/decimal-to-whole',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`id = 42.0`, `id > 41.5` and `id::numeric = 42` on a column of whole numbers, and the same with `float8`, become `id = 42`, `id >= 42` and `id = 42`; `id = $1::numeric` becomes a comparison with the parameter where it is whole.',
    why: 'The column is turned into numeric for the comparison, and an index on it can not serve that. Drivers send decimals for whole numbers.',
    limits:
      'The column is smallint, integer or bigint; a literal has at most 15 digits before the point. A parameter needs an explicit cast to numeric, else the server takes the type of the column by itself.',
    sources: ['PostgreSQL manual, "Operator Type Resolution"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }): readonly Site[] => {
        const cast = castOf(left);
        const isCast = cast !== null && WIDER.has(cast.type);
        const column = isCast ? cast.value : left;
        const origin = originOf(query, column);
        if (!origin || !WHOLE_NUMBERS.has(origin.column?.baseType ?? '')) return [];
        const site = { condition: node, column, origin };
        const parameter = operator === '=' && castOf(right)?.type === 'numeric' ? castOf(right)?.value : undefined;
        if (parameter && bodyOf(parameter, 'ParamRef')) return [{ ...site, form: `$1 = ${WHOLE_OF}`, parameter }];
        const decimal = decimalOf(right, isCast);
        const form = decimal === null ? null : formOf(operator, decimal);
        return form === null ? [] : [{ ...site, form, parameter: null }];
      }),
    ),
  requires: ({ origin }) => [seen(`${origin.name} is ${origin.column?.type}: all its values are whole numbers`)],
  rewrite: ({ condition, column, form, parameter }, view) =>
    replace(view.statement.tree, condition, expression(form, parameter ? [column, parameter] : [column])),
  example: {
    schema: 'CREATE TABLE ticket (id int PRIMARY KEY, title text);',
    data: `
      INSERT INTO ticket SELECT n, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: 'SELECT id, title FROM ticket WHERE id = 4711.0',
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'a whole number can be greater than 1.5 and not greater than 2',
    statement: 'SELECT id, title FROM ticket WHERE id > 1.5',
    to: 'SELECT id, title FROM ticket WHERE id > 2',
  },
});

const WHOLE_OF = `CASE WHEN $2::numeric = trunc($2::numeric) AND $2::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN $2::numeric::bigint END`;

/** Types that a whole number is turned into for a comparison. A double holds the first 15 digits of each whole number in their order, and no more than that are compared. */
const WIDER = new Set(['numeric', 'float8']);

/** A decimal as written; a whole number only where the column is cast, else there is nothing to mend. */
function decimalOf(value: TreeValue, orWhole: boolean): string | null {
  const cast = castOf(value);
  if (cast) return WIDER.has(cast.type) ? decimalOf(cast.value, true) : null;
  const whole = wholeConstant(value);
  if (whole !== null) return orWhole ? String(whole) : null;
  const given = bodyOf(value, 'A_Const')?.['fval'];
  const text = orWhole ? stringConstant(value) : null;
  const written = text ?? (given === undefined ? '' : (textOf(given as TreeNode, 'fval') ?? ''));
  return /^-?\d{1,15}(\.\d*)?$/.test(written) ? written : null;
}

/** Null where nothing can be equal. */
function formOf(operator: string, decimal: string): string | null {
  const [digits = '0', fraction = ''] = decimal.split('.');
  const cut = BigInt(digits);
  if (!/[1-9]/.test(fraction)) return `$1 ${operator} ${cut}`;
  const floor = decimal.startsWith('-') ? cut - 1n : cut;
  if (operator === '>' || operator === '>=') return `$1 > ${floor}`;
  return operator === '<' || operator === '<=' ? `$1 <= ${floor}` : null;
}
