import type { Catalog, Table } from '../model/catalog.js';
import { placeOf } from '../model/catalog.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, field, list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { replace } from './build.js';
import { seen } from './facts.js';
import type { Fact } from './facts.js';
import { viewOf } from './view.js';
import type { Source } from './view.js';
import { writeBack } from './write-back.js';

/** Views in views, so deep. */
const DEEPEST = 10;

/** A statement with the views that it reads written out. */
export interface Opened {
  readonly statement: ParsedStatement;
  /** What it stands on, for each view. */
  readonly facts: readonly Fact[];
}

/** The statement with the query of each view in the view's place. Null where it reads none, or one whose query is not known, and where there are row security policies, which a view's owner passes. */
export function opened(statement: ParsedStatement, catalog: Catalog): Opened | null {
  const views = new Set<string>();
  if ((catalog.otherCounts['policy'] ?? 0) > 0) return null;
  let current = statement;
  for (let n = 0; n < DEEPEST; n += 1) {
    const found = viewsIn(current, catalog);
    if (found.length === 0) return n === 0 ? null : { statement: current, facts: [...views].map(written) };
    let tree = current.tree;
    for (const { source, table } of found) {
      const item = itemOf(source, table);
      if (item === null) return null;
      views.add(placeOf(table));
      tree = replace(tree, source.item, item);
    }
    const text = writeBack(current, tree);
    const parsed = text === null ? null : tryParseStatement(text);
    if (!parsed) return null;
    current = parsed;
  }
  return null;
}

function written(view: string): Fact {
  return seen(`the view ${view} is written out as it is now (pg_get_viewdef): who runs it needs SELECT on its tables`);
}

function viewsIn(
  statement: ParsedStatement,
  catalog: Catalog,
): readonly { readonly source: Source; readonly table: Table }[] {
  return viewOf(statement, catalog).queries.flatMap(({ sources }) =>
    sources.flatMap((source) =>
      source.table?.kind === 'v' && bodyOf(source.item, 'RangeVar') ? [{ source, table: source.table }] : [],
    ),
  );
}

function itemOf({ item, alias }: Source, { viewQuery, isBarrier }: Table): TreeNode | null {
  const query = viewQuery === null || isBarrier ? null : tryParseStatement(viewQuery);
  const given = field(bodyOf(item, 'RangeVar') ?? {}, 'alias');
  const names = given ? list(given, 'colnames') : [];
  if (query?.type !== 'SelectStmt') return null;
  return {
    RangeSubselect: {
      subquery: { SelectStmt: query.body },
      alias: names.length > 0 ? { aliasname: alias, colnames: names } : { aliasname: alias },
    },
  };
}
