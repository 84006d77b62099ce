import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { factsOf } from './facts.js';
import type { Fact } from './facts.js';
import { withBody } from './repeated.js';
import { isLimitedOnly, singleRow, withoutLimit } from './single-row.js';
import { viewOf } from './view.js';

/** More subqueries than this keep their LIMIT. */
const MOST = 8;

/**
 * The statement whose subqueries have no LIMIT where a key holds them to one row, `(SELECT a.name FROM author AS a WHERE a.id = b.author_id LIMIT 1)`, for rules that look for
 * plain ones, and the keys. Null where there is none.
 */
export function limitsDropped(
  statement: ParsedStatement,
  catalog: Catalog,
): { readonly statement: ParsedStatement; readonly facts: readonly Fact[] } | null {
  const all: Fact[] = [];
  let current = statement;
  for (let n = 0; n < MOST; n += 1) {
    const found = withoutOne(current, catalog);
    if (!found) break;
    current = found.statement;
    all.push(...found.facts);
  }
  return current === statement ? null : { statement: current, facts: all };
}

function withoutOne(
  statement: ParsedStatement,
  catalog: Catalog,
): { readonly statement: ParsedStatement; readonly facts: readonly Fact[] } | null {
  const facts = factsOf(catalog);
  for (const query of viewOf(statement, catalog).queries) {
    const keys = isLimitedOnly(query, facts) ? singleRow(query, facts) : [];
    const proved = keys.length > 0 && keys.every(({ holds }) => holds);
    const parsed = proved ? withBody(statement, query, withoutLimit(query)) : null;
    if (parsed) return { statement: parsed, facts: keys };
  }
  return null;
}
