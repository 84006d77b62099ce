import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, expression } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import { inItsPlace, ownColumn, selfLookupFacts, selfLookups } from '../../self-lookups.js';
import type { SelfLookup } from '../../self-lookups.js';
import { BARE_CLAUSES, functionName } from '../../shapes.js';
import type { ColumnOrigin } from '../../view.js';

interface Site extends SelfLookup {
  readonly name: string;
  /** Null for count(*). */
  readonly argument: ColumnOrigin | null;
}

export default defineRewrite<Site>({
  id: 'aggregate/running-total',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.k, (SELECT sum(b.x) FROM t AS b WHERE b.g = a.g AND b.k <= a.k) FROM t AS a` becomes `sum(x) OVER (PARTITION BY g ORDER BY k)`; with `<` the row and its ties are left out of the frame.',
    why: 'The subquery adds up the rows before each row anew, so that twice the rows are four times the work; a window adds one row after the other.',
    limits:
      'Both queries read the same table; sum, avg, min, max and count of a column, sums of whole numbers and numeric alone: another order of additions changes a float. The columns are NOT NULL, or WHERE holds them so. Where conditions leave out rows of a group, the window is computed of all rows beneath them.',
    sources: ['PostgreSQL manual, "Window Function Calls"', 'PostgreSQL manual, "Window Functions" (tutorial)'],
  },
  triggers: ['subquery/subplan-per-row', 'rows/many-rows-deduplicated'],
  match: (view) =>
    selfLookups(view, BARE_CLAUSES).flatMap((lookup) => {
      const [target, more] = list(lookup.inner.body, 'targetList');
      const call = bodyOf(bodyOf(target, 'ResTarget')?.['val'], 'FuncCall');
      const away = ['over', 'agg_filter', 'agg_order', 'agg_distinct', 'agg_within_group', 'func_variadic'];
      if (!call || more || away.some((name) => call[name] !== undefined)) return [];
      const name = functionName(call);
      const [value, second] = list(call, 'args');
      const argument = ownColumn(lookup, value as TreeNode | undefined);
      const counts = name === 'count' && call['agg_star'] === true;
      return AGGREGATES.has(name) && !second && (counts || argument) ? [{ ...lookup, name, argument }] : [];
    }),
  requires: (site, facts) => [
    ['sum', 'avg'].includes(site.name) && !EXACT.has(site.argument?.column?.baseType ?? '')
      ? missing(`${site.argument?.name} is not known to be added exactly, whatever the order`)
      : seen(`${site.name} gives the same in whatever order its rows come`),
    ...selfLookupFacts(site, facts),
  ],
  rewrite: (site, view) => {
    const { source, name, argument, groups, column, operator } = site;
    const columns = [column, ...groups, ...(argument ? [argument] : [])].map((one) => columnOf(source.alias, one.name));
    const partition = groups.map((_, i) => `$${i + 2}`).join(', ');
    const isSet = factsOf(view.catalog).notNull(column).holds;
    const over = [
      ...(partition === '' ? [] : [`PARTITION BY ${partition}`]),
      `ORDER BY $1${operator.startsWith('>') ? ' DESC' : ''}${isSet || !operator.startsWith('>') ? '' : ' NULLS LAST'}`,
      ...(operator.endsWith('=') ? [] : ['GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING']),
    ];
    const value = argument ? `$${columns.length}` : '*';
    return inItsPlace(view, site, expression(`${name}(${value}) OVER (${over.join(' ')})`, columns));
  },
  example: {
    schema:
      'CREATE TABLE entry (id bigint PRIMARY KEY, account int NOT NULL, at date NOT NULL, amount int); CREATE INDEX ON entry (account, at);',
    data: `
      INSERT INTO entry SELECT n, n % 10, date '2024-01-01' + n / 10, n % 77 FROM generate_series(1, 3000) AS n;
      ANALYZE;`,
    statement:
      'SELECT e.id, e.at, (SELECT sum(b.amount) FROM entry AS b WHERE b.account = e.account AND b.at <= e.at) AS balance FROM entry AS e',
    gain: { buffers: 100 },
  },
  unsoundTwin: {
    why: 'rows of one day are before one another in the one form, and one after the other in the other',
    to: 'SELECT e.id, e.at, sum(e.amount) OVER (PARTITION BY e.account ORDER BY e.at ROWS UNBOUNDED PRECEDING) AS balance FROM entry AS e',
  },
});

const AGGREGATES = new Set(['sum', 'avg', 'min', 'max', 'count']);
const EXACT = new Set(['int2', 'int4', 'int8', 'numeric']);
