import { bodiesOf, bodyOf, isNode, list, names } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { castOf, functionName, stringConstant, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { originOf, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  /** The keys of ORDER BY that one key stands for, the first and the one after it. */
  readonly keys: readonly TreeNode[];
  readonly origin: ColumnOrigin;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly why: string;
}

export default defineRewrite<Site>({
  id: 'order/expression-to-column',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: '`ORDER BY -c` becomes `ORDER BY c DESC`, `extract(epoch FROM c)` becomes `c`, `c IS NULL, c` and `CASE WHEN c IS NULL THEN 1 ELSE 0 END, c` become `c NULLS LAST`, and `c::date, c` becomes `c`.',
    why: 'An index on `c` gives the rows in its order, and in no order of an expression: PostgreSQL sorts the whole table, also for the first ten rows.',
    limits:
      'One column of a table: whole numbers under a minus, since NaN is greater than all numbers on either side of one; days and units of a date or timestamp without time zone before the column itself. A query with DISTINCT or GROUP BY is left alone. Where `-c` fails with an overflow, the new form does not.',
    sources: ['PostgreSQL manual, "Indexes and ORDER BY"', 'PostgreSQL manual, "Sorting Rows (ORDER BY)"'],
  },
  triggers: ['rows/top-n-over-many', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const isOwn = body['op'] === undefined || body['op'] === 'SETOP_NONE';
      if (query.type !== 'SelectStmt' || !isOwn || body['distinctClause'] !== undefined) return [];
      if (body['groupClause'] !== undefined) return [];
      const keys = bodiesOf(list(body, 'sortClause'), 'SortBy');
      return keys.flatMap((key, i) => {
        const found = list(key, 'useOp').length > 0 ? null : (alone(query, key) ?? withNext(query, key, keys[i + 1]));
        return found ? [{ query, ...found }] : [];
      });
    }),
  requires: ({ why }) => [seen(why)],
  rewrite: ({ query, keys, origin, descending, nullsFirst }, view) => {
    const [first, ...others] = keys;
    const isNullable = !factsOf(view.catalog).notNull(origin).holds;
    const nulls = isNullable && nullsFirst !== descending;
    const one = {
      SortBy: {
        node: columnOf(origin.source.alias, origin.name),
        sortby_dir: descending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT',
        sortby_nulls: nulls ? (nullsFirst ? 'SORTBY_NULLS_FIRST' : 'SORTBY_NULLS_LAST') : 'SORTBY_NULLS_DEFAULT',
      },
    };
    const sortClause = list(query.body, 'sortClause').flatMap((item): readonly TreeValue[] => {
      const key = bodyOf(item, 'SortBy');
      return key === first ? [one] : others.some((other) => other === key) ? [] : [item];
    });
    return replace(view.statement.tree, query.body, { SelectStmt: { ...query.body, sortClause } });
  },
  example: {
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, score int NOT NULL, title text);',
    data: `
      INSERT INTO post SELECT n, n * 7919 % 40000, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON post (score);
      ANALYZE;`,
    statement: 'SELECT id, title FROM post ORDER BY -score LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'the rows with NULL come last in the one order, and first in the other',
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, score int, title text);',
    to: 'SELECT id, title FROM post ORDER BY score DESC LIMIT 10',
  },
});

type Found = Omit<Site, 'query'> | null;

const isDescending = (key: TreeNode): boolean => key['sortby_dir'] === 'SORTBY_DESC';

function hasNullsFirst(key: TreeNode): boolean {
  const given = key['sortby_nulls'];
  return given === 'SORTBY_NULLS_FIRST' || (given !== 'SORTBY_NULLS_LAST' && isDescending(key));
}

/** A key by an expression that orders just as the column does, or just the other way. */
function alone(query: Query, key: TreeNode): Found {
  const common = { keys: [key], nullsFirst: hasNullsFirst(key) };
  const minus = bodyOf(key['node'], 'A_Expr');
  if (minus && minus['lexpr'] === undefined && names(list(minus, 'name')).join('.') === '-') {
    const origin = originOf(query, minus['rexpr']);
    return origin && WHOLE_NUMBERS.has(origin.column?.baseType ?? '')
      ? {
          ...common,
          origin,
          descending: !isDescending(key),
          why: 'the opposite of whole numbers turns their order round',
        }
      : null;
  }
  const call = bodyOf(key['node'], 'FuncCall');
  const [unit, of, more] = call && functionName(call) === 'extract' ? list(call, 'args') : [];
  const origin = stringConstant(unit)?.toLowerCase() === 'epoch' && !more ? originOf(query, of) : null;
  return origin && TIMES.has(origin.column?.baseType ?? '')
    ? { ...common, origin, descending: isDescending(key), why: 'extract() gives the seconds to the last digit' }
    : null;
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

/** A key that says where NULL goes, or which day it is, before the key by the column itself. */
function withNext(query: Query, key: TreeNode, next: TreeNode | undefined): Found {
  const origin = next && list(next, 'useOp').length === 0 ? sortOriginOf(query, next['node']) : null;
  if (!next || !origin?.column) return null;
  const isIt = (value: TreeValue): boolean => {
    const other = originOf(query, value);
    return other?.source === origin.source && other.name === origin.name;
  };
  const common = { keys: [key, next], origin, descending: isDescending(next) };
  const nullsHigh = nullsHighIn(key['node'], isIt);
  if (nullsHigh !== null)
    return {
      ...common,
      nullsFirst: nullsHigh === isDescending(key),
      why: 'the first key tells NULL from the rest alone',
    };
  const cut = cutTime(key['node']);
  const same = isDescending(key) === isDescending(next) && hasNullsFirst(key) === hasNullsFirst(next);
  return cut && isIt(cut) && same && ['date', 'timestamp'].includes(origin.column.baseType)
    ? { ...common, nullsFirst: hasNullsFirst(next), why: 'of two times the later is in no earlier day or unit' }
    : null;
}

/** Whether a key is greater for NULL than for all else, or less; null where it is not such a key. */
function nullsHighIn(value: TreeValue, isIt: (value: TreeValue) => boolean): boolean | null {
  const test = bodyOf(value, 'NullTest');
  if (test) return isIt(test['arg']) ? test['nulltesttype'] === 'IS_NULL' : null;
  const choice = bodyOf(value, 'CaseExpr');
  const [when, more] = choice && choice['arg'] === undefined ? list(choice, 'args') : [];
  const branch = bodyOf(when, 'CaseWhen');
  const asked = branch && !more ? nullsHighIn(branch['expr'], isIt) : null;
  const [then, other] = [wholeConstant(branch?.['result']), wholeConstant(choice?.['defresult'])];
  if (asked === null || then === null || other === null || then === other || !bodyOf(branch?.['expr'], 'NullTest'))
    return null;
  return asked === then > other;
}

/** The time in `c::date` and `date_trunc('month', c)`. */
function cutTime(value: TreeValue): TreeNode | null {
  const cast = castOf(value);
  if (cast) return cast.type === 'date' ? cast.value : null;
  const call = bodyOf(value, 'FuncCall');
  const [unit, of, more] = call && ['date_trunc', 'date'].includes(functionName(call)) ? list(call, 'args') : [];
  if (call && functionName(call) === 'date') return isNode(unit) && of === undefined ? unit : null;
  return stringConstant(unit) !== null && isNode(of) && more === undefined ? of : null;
}
