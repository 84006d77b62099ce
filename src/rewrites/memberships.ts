import type { Catalog } from '../model/catalog.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';

import type { TreeNode } from '../sql/tree.js';
import { columnOf, conjuncts, output, query as selectOf, replace, withWhere } from './build.js';
import { innerItems, mentions, partsBeside } from './columns.js';
import { factsOf } from './facts.js';
import type { Fact } from './facts.js';
import { bothWays, hasBareStar, isFixed } from './shapes.js';
import { originOf, originsIn, viewOf } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';
import { writeBack } from './write-back.js';

/**
 * `FROM message AS m JOIN membership AS s ON s.room_id = m.room_id WHERE s.user_id = 7 ... LIMIT n`, which shows nothing of the membership and finds each once, as
 * `m.room_id IN (SELECT s.room_id FROM membership AS s WHERE s.user_id = 7)`, and the key that proves it. Null where there is none.
 */
export function membershipAsked(
  statement: ParsedStatement,
  catalog: Catalog,
): { readonly statement: ParsedStatement; readonly fact: Fact } | null {
  const view = viewOf(statement, catalog);
  for (const query of view.queries) {
    const { body } = query;
    const limited = body['limitCount'] !== undefined && body['sortClause'] !== undefined;
    if (query.type !== 'SelectStmt' || !limited || query.sources.length < 2 || hasBareStar(body)) continue;
    for (const source of query.sources) {
      const found = asked(view, query, source);
      const text = found ? writeBack(statement, replace(statement.tree, body, { SelectStmt: found.body })) : null;
      const parsed = text === null ? null : tryParseStatement(text);
      if (found && parsed) return { statement: parsed, fact: found.fact };
    }
  }
  return null;
}

function asked(
  view: StatementView,
  query: Query,
  source: Source,
): { readonly body: TreeNode; readonly fact: Fact } | null {
  const { body } = query;
  const flat = innerItems(body);
  if (!source.table || !flat?.items.includes(source.item) || mentions(view, query, partsBeside(body), source))
    return null;
  const all = [...flat.on, body['whereClause']].flatMap(conjuncts);
  const own = all.filter((one) => originsIn(view, query, one)?.every((origin) => origin.source === source) === true);
  const others = all.filter((one) => !own.includes(one) && mentions(view, query, [one], source));
  const [link] = others.flatMap((one) => linkOf(query, one, source));
  if (!link || others.length > 1 || /"SubLink"/.test(JSON.stringify(own))) return null;
  const pinned = own.flatMap((one) =>
    bothWays(one).flatMap(({ operator, left, right }) =>
      operator === '=' && isFixed(right) ? (originOf(query, left)?.name ?? []) : [],
    ),
  );
  const fact = factsOf(view.catalog).unique(source.table, [...pinned, link.inside.name], true);
  if (!fact.holds) return null;
  const select = {
    ...withWhere(selectOf('SELECT 1'), own),
    targetList: [output(columnOf(source.alias, link.inside.name))],
    fromClause: [source.item],
  };
  const membership = {
    SubLink: {
      subLinkType: 'ANY_SUBLINK',
      testexpr: columnOf(link.outside.source.alias, link.outside.name),
      subselect: { SelectStmt: select },
    },
  };
  const rest = all.filter((one) => !own.includes(one) && !others.includes(one));
  const fromClause = flat.items.filter((one) => one !== source.item);
  return { body: withWhere({ ...body, fromClause }, [...rest, membership]), fact };
}

interface Link {
  readonly inside: ColumnOrigin;
  readonly outside: ColumnOrigin;
}

function linkOf(query: Query, condition: TreeNode, source: Source): readonly Link[] {
  return bothWays(condition).flatMap(({ operator, left, right }) => {
    const [inside, outside] = [originOf(query, left), originOf(query, right)];
    const able = operator === '=' && inside?.source === source && outside?.query === query && outside.source !== source;
    const same = inside?.column !== null && inside?.column?.type === outside?.column?.type;
    return able && same && inside && outside ? [{ inside, outside }] : [];
  });
}
