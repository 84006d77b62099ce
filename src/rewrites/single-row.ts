import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { innerItems } from './columns.js';
import { missing } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { bothWays, castOf, isConstant, isPlain, mayGiveRows, wholeConstant, WHOLE_NUMBERS } from './shapes.js';
import { originOf } from './view.js';
import type { Query, Source } from './view.js';

/** That a query without grouping and set operation gives one row at most: a key of each table is held at one value, by what stands outside or by a table of which that holds. */
export function singleRow(inner: Query, facts: Facts): readonly [Fact, ...Fact[]] {
  const flat = innerItems(inner.body);
  const tables = inner.sources.flatMap(({ table }) => table ?? []);
  if (!flat || tables.length < inner.sources.length || flat.items.length < inner.sources.length)
    return [missing('the subquery does not read tables by inner joins alone')];
  const all = [...flat.on, inner.body['whereClause']].flatMap(conjuncts);
  const proved = new Map<Source, Fact>();
  for (let before = -1; before < proved.size;) {
    before = proved.size;
    for (const source of inner.sources) {
      const fact = proved.has(source) || !source.table ? null : facts.unique(source.table, held(source), true);
      if (fact?.holds) proved.set(source, fact);
    }
  }
  const [first, ...others] = inner.sources.map(
    (source) => proved.get(source) ?? missing(`several rows of ${source.alias} may fulfil the conditions`),
  );
  return [first ?? missing('the subquery reads no table'), ...others];

  function held(source: Source): readonly string[] {
    return all.flatMap(bothWays).flatMap(({ operator, left, right }) => {
      const own = originOf(inner, left);
      if (operator !== '=' || own?.source !== source) return [];
      const other = originOf(inner, right);
      const known = other ? other.query !== inner || proved.has(other.source) : isConstant(right);
      return known && isAlike(own.column?.baseType, other ? other.column?.baseType : typeOf(right)) ? [own.name] : [];
    });
  }
}

/** Whether different values of the first type are different beside the second: a whole number is not turned into a float, nor a local time into an instant. */
function isAlike(type: string | undefined, other: string | null | undefined): boolean {
  if (type === undefined || other === undefined || !SCALARS.has(type)) return false;
  return other === null || type === other || (WHOLE_NUMBERS.has(type) && WHOLE_NUMBERS.has(other));
}

/** The type that a constant is cast to; null for a literal or parameter, which takes on the column's. */
function typeOf(constant: TreeNode): string | null | undefined {
  return bodyOf(constant, 'TypeCast') ? castOf(constant)?.type : null;
}

const SCALARS = new Set(
  'int2 int4 int8 numeric float4 float8 text varchar bpchar bool date timestamp timestamptz time uuid'.split(' '),
);

/** A subquery of FROM, or a scalar one, or of IN, with LIMIT and without OFFSET, that is plain otherwise. */
export function isLimitedOnly({ body, parent, role }: Query, facts: Facts): boolean {
  const { limitCount, limitOffset, limitOption, ...rest } = body;
  const count = wholeConstant(limitCount);
  const from = limitOffset === undefined || wholeConstant(limitOffset) === 0;
  const able = parent !== null && (role === 'from' || role === 'sublink') && list(body, 'fromClause').length > 0;
  const plain =
    limitOption === 'LIMIT_OPTION_COUNT' && isPlain(rest) && !mayGiveRows(facts.catalog, body['targetList']);
  return able && plain && from && count !== null && count >= 1;
}

/** The query without LIMIT and ORDER BY, of which one row needs neither. */
export function withoutLimit({ body }: Query): TreeNode {
  const { limitCount: _, limitOffset: __, limitOption: ___, sortClause: ____, ...rest } = body;
  return { ...rest, limitOption: 'LIMIT_OPTION_DEFAULT' };
}
