import { columnPath } from '../sql/scope.js';
import { bodyOf, list } from '../sql/tree.js';
import { missing, seen } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { callsAggregate, mayGiveRows } from './shapes.js';
import { originOf } from './view.js';
import type { Query, Source } from './view.js';

/** Whether a SELECT gives no row twice: DISTINCT, or a key of every table of FROM in the output. */
export function withoutDuplicates(query: Query, facts: Facts): Fact {
  const { body } = query;
  const distinct = list(body, 'distinctClause');
  if (distinct.length === 1 && Object.keys(distinct[0] as object).length === 0) return seen('one query is DISTINCT');
  if (mayGiveRows(facts.catalog, body['targetList']))
    return missing('a function in the output of one query may give several rows');
  if (body['groupClause'] !== undefined || list(body, 'targetList').some(callsAggregate))
    return missing('one query groups, which is not looked into');
  const [bad] = query.sources
    .map((source) => {
      if (!source.table) return missing(`${source.alias} is not a table with a key`);
      return source.nullable
        ? missing(`an outer join may fill ${source.alias} with NULL`)
        : facts.unique(source.table, shownOf(query, source));
    })
    .filter((fact) => !fact.holds);
  if (query.sources.length === 0) return missing('one query has no FROM');
  return (
    bad ??
    seen(`a key of ${query.sources.map(({ alias }) => alias).join(', ')} is in the output (pg_index.indisunique)`)
  );
}

/** The columns of a source that the output shows as they are. */
export function shownOf(query: Query, source: Source): readonly string[] {
  return list(query.body, 'targetList').flatMap((item) => {
    const value = bodyOf(item, 'ResTarget')?.['val'];
    const reference = bodyOf(value, 'ColumnRef');
    const { path, star } = reference ? columnPath(reference) : { path: [], star: false };
    if (star) return path.length === 0 || path.at(-1) === source.alias ? (source.columns ?? []) : [];
    const origin = originOf(query, value);
    return origin?.source === source ? [origin.name] : [];
  });
}
