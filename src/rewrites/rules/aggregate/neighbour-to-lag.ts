import { bodyOf, list, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, expression } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { inItsPlace, ownColumn, selfLookupFacts, selfLookups } from '../../self-lookups.js';
import type { SelfLookup } from '../../self-lookups.js';
import { wholeConstant } from '../../shapes.js';
import { sortOriginOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site extends SelfLookup {
  readonly value: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'aggregate/neighbour-to-lag',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT b.x FROM t AS b WHERE b.g = a.g AND b.k < a.k ORDER BY b.k DESC LIMIT 1)`, the x of the row before, becomes `lag(x) OVER (PARTITION BY g ORDER BY k)`; the row after becomes lead().',
    why: 'The subquery looks the neighbour up for each row; a window has it at hand.',
    limits:
      'Both queries read the same table; g and k together are unique and NOT NULL, so that there is one neighbour.',
    sources: ['PostgreSQL manual, "Window Functions" (functions), lag and lead'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    selfLookups(view, CLAUSES).flatMap((lookup) => {
      const { inner, operator, column } = lookup;
      const [target, more] = list(inner.body, 'targetList');
      const value = ownColumn(lookup, bodyOf(target, 'ResTarget')?.['val'] as TreeNode | undefined);
      const [item, second] = list(inner.body, 'sortClause');
      const key = bodyOf(item, 'SortBy');
      const sorted = sortOriginOf(inner, key?.['node']);
      const ways = operator === '<' ? ['SORTBY_DESC'] : operator === '>' ? ['SORTBY_ASC', 'SORTBY_DEFAULT'] : [];
      const one = inner.body['limitOption'] === 'LIMIT_OPTION_COUNT' && wholeConstant(inner.body['limitCount']) === 1;
      const own = sorted?.source === lookup.own && sorted.name === column.name;
      const nearest = own && ways.includes(textOf(key ?? {}, 'sortby_dir') ?? '');
      return value && one && !more && !second && nearest ? [{ ...lookup, value }] : [];
    }),
  requires: (site, facts) => [
    site.source.table
      ? facts.unique(
          site.source.table,
          [...site.groups, site.column].map(({ name }) => name),
        )
      : missing(`${site.source.alias} is not a table with a key`),
    ...selfLookupFacts(site, facts),
  ],
  rewrite: (site, view) => {
    const { source, groups, column, value, operator } = site;
    const columns = [value, column, ...groups].map((one) => columnOf(source.alias, one.name));
    const partition = groups.map((_, i) => `$${i + 3}`).join(', ');
    const over = `${partition === '' ? '' : `PARTITION BY ${partition} `}ORDER BY $2`;
    const name = operator === '<' ? 'lag' : 'lead';
    return inItsPlace(view, site, expression(`${name}($1) OVER (${over})`, columns));
  },
  example: {
    schema: 'CREATE TABLE reading (sensor int, at timestamptz, value int, note text, PRIMARY KEY (sensor, at));',
    data: `
      INSERT INTO reading SELECT n % 10, timestamptz '2024-01-01' + n * interval '1 minute', n % 77, 'n' FROM generate_series(1, 10000) AS n;
      VACUUM ANALYZE reading;`,
    statement:
      'SELECT r.sensor, r.at, r.value - (SELECT b.value FROM reading AS b WHERE b.sensor = r.sensor AND b.at < r.at ORDER BY b.at DESC LIMIT 1) AS step FROM reading AS r',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'of rows at one time each is the neighbour of the other',
    schema:
      'CREATE TABLE reading (sensor int NOT NULL, at timestamptz NOT NULL, value int, note text); CREATE INDEX ON reading (sensor, at);',
  },
});

const CLAUSES = new Set(['targetList', 'fromClause', 'whereClause', 'sortClause', 'limitCount', 'limitOption', 'op']);
