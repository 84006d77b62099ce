import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { missing, seen } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { IDENTICAL_KEYS, bothWays } from './shapes.js';
import { originOf } from './view.js';
import type { Query, Source } from './view.js';

/** Columns of a source of which the values are known. */
export interface Shown {
  readonly source: Source;
  readonly columns: readonly string[];
}

/** That the columns shown of all sources of a query tell its rows apart: each source has a unique key among them, or is joined by its key to sources of which that holds. */
export function keysOf(query: Query, shown: readonly Shown[], facts: Facts): readonly [Fact, ...Fact[]] {
  const proved = new Map<Source, Fact>();
  const refused = new Map<Source, Fact>();
  for (let before = -1; before < proved.size;) {
    before = proved.size;
    for (const { source, columns } of shown) {
      if (proved.has(source)) continue;
      const fact = keyOf(query, { source, columns }, [...proved.keys()], facts);
      (fact.holds ? proved : refused).set(source, fact);
    }
  }
  const [first, ...others] = shown.map(
    ({ source }) => proved.get(source) ?? refused.get(source) ?? missing('it has no key'),
  );
  return [first ?? missing('there is no table in FROM'), ...others];
}

/** That one combination of the other tables' rows has one row of a table, or its absence: by a key in the output, or by the join. */
function keyOf(query: Query, { source, columns }: Shown, known: readonly Source[], facts: Facts): Fact {
  if (!source.table) return missing(`${source.alias} is not a table with a key`);
  const shown = source.nullable
    ? missing(`an outer join may fill ${source.alias} with NULL`)
    : facts.unique(source.table, columns);
  const joined = shown.holds ? [] : joinedBy(query, source, known);
  const byJoin = joined.length > 0 ? facts.unique(source.table, joined) : shown;
  return byJoin.holds && !shown.holds ? seen(`${byJoin.says}, by which it is joined`) : shown;
}

/** The columns of a table that ON of its own join holds equal to columns of tables that are known. */
function joinedBy(query: Query, source: Source, known: readonly Source[]): readonly string[] {
  return joinsIn(query.body).flatMap((join) => {
    const able =
      join['rarg'] === source.item && (join['jointype'] === 'JOIN_INNER' || join['jointype'] === 'JOIN_LEFT');
    if (!able || join['alias'] !== undefined) return [];
    return conjuncts(join['quals'])
      .flatMap(bothWays)
      .flatMap(({ operator, left, right }) => {
        const [own, other] = [originOf(query, left), originOf(query, right)];
        const fits = operator === '=' && own?.source === source && other && known.includes(other.source);
        const type = own?.column?.baseType ?? '';
        return fits && IDENTICAL_KEYS.has(type) && type === other.column?.baseType ? [own.name] : [];
      });
  });
}

function joinsIn(body: TreeNode): readonly TreeNode[] {
  const visit = (item: TreeValue): readonly TreeNode[] => {
    const join = bodyOf(item, 'JoinExpr');
    return join ? [join, ...visit(join['larg']), ...visit(join['rarg'])] : [];
  };
  return list(body, 'fromClause').flatMap(visit);
}
