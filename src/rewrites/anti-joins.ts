import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import type { Catalog } from '../model/catalog.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, existence, replace, withWhere } from './build.js';
import { mentions, partsBeside } from './columns.js';
import { factsOf } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { hasBareStar } from './shapes.js';
import { originOf, viewOf } from './view.js';
import type { ColumnOrigin, Query, StatementView } from './view.js';
import { writeBack } from './write-back.js';

/** `FROM a LEFT JOIN b ON ... WHERE b.c IS NULL`, which asks for the rows of a without a partner where c is never NULL in b. */
export interface AntiJoin {
  readonly query: Query;
  readonly join: TreeNode;
  /** The tests of b, of which one is enough. */
  readonly tests: readonly TreeNode[];
  readonly origin: ColumnOrigin;
}

/** Finds them by their form: b is a table, the outermost join of FROM, and named only in ON and in tests for NULL. Of several tests that of a NOT NULL column is taken. */
export function antiJoinsIn(view: StatementView): readonly AntiJoin[] {
  const facts = factsOf(view.catalog);
  return view.queries.flatMap((query) => {
    const [item, more] = list(query.body, 'fromClause');
    const join = bodyOf(item, 'JoinExpr');
    const own = query.sources.find((source) => source.item === join?.['rarg']);
    const able = join?.['jointype'] === 'JOIN_LEFT' && !more && isNode(join['quals']) && join['alias'] === undefined;
    if (!join || !able || !own?.table || hasBareStar(query.body) || query.type !== 'SelectStmt') return [];
    const all = conjuncts(query.body['whereClause']);
    const found = all.flatMap((test) => {
      const origin = originOf(query, nullTested(test));
      return origin?.source === own ? [{ test, origin }] : [];
    });
    const tests = found.map(({ test }) => test);
    const rest = all.filter((one) => !tests.includes(one));
    const best = found.find(({ origin }) => setInItsTable(origin, facts).holds) ?? found[0];
    if (!best || mentions(view, query, [...partsBeside(query.body), ...rest], own)) return [];
    return [{ query, join, tests, origin: best.origin }];
  });
}

/** That the tested column is never NULL in a row that did join. */
export function setInItsTable(origin: ColumnOrigin, facts: Facts): Fact {
  return facts.notNull({ ...origin, source: { ...origin.source, nullable: false } });
}

/** The statement with NOT EXISTS in the join's place. */
export function withoutJoin(view: StatementView, { query, join, tests }: AntiJoin): TreeNode {
  const none = existence({ fromClause: [join['rarg']], whereClause: join['quals'] }, false);
  const rest = conjuncts(query.body['whereClause']).filter((one) => !tests.includes(one));
  const body = withWhere({ ...query.body, fromClause: [join['larg']] }, [...rest, none]);
  return replace(view.statement.tree, query.body, { SelectStmt: body });
}

/** The statement with its first proved anti join as NOT EXISTS, for rules that look for that, and what proves it. Null where there is none. */
export function antiJoined(
  statement: ParsedStatement,
  catalog: Catalog,
): { readonly statement: ParsedStatement; readonly says: string } | null {
  const view = viewOf(statement, catalog);
  for (const site of antiJoinsIn(view)) {
    const fact = setInItsTable(site.origin, factsOf(catalog));
    const text = fact.holds ? writeBack(statement, withoutJoin(view, site)) : null;
    const parsed = text === null ? null : tryParseStatement(text);
    if (parsed) return { statement: parsed, says: fact.says };
  }
  return null;
}

function nullTested(test: TreeNode): TreeValue {
  const body = bodyOf(test, 'NullTest');
  return body?.['nulltesttype'] === 'IS_NULL' ? body['arg'] : null;
}
