import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, derived, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { fanOutsOf, onceEach } from '../../fan-outs.js';
import type { FanOuts } from '../../fan-outs.js';
import { callsIn } from '../../shapes.js';

export default defineRewrite<FanOuts>({
  id: 'aggregate/fan-outs-apart',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id, count(DISTINCT b.id), count(DISTINCT c.id) FROM a LEFT JOIN b ... LEFT JOIN c ... GROUP BY a.id` aggregates b and c each by itself, and joins the results to a.',
    why: 'Each row of a is joined with every pair of its rows of b and c before DISTINCT takes the copies out again.',
    limits:
      'Two or more LEFT JOINs of tables to the first one, by equality with its columns of the same whole-number or uuid type; GROUP BY holds a key of that one and its columns alone, and WHERE names it alone. The aggregates are count(DISTINCT x), min, max, bool_and and bool_or, of columns of one table each. No HAVING.',
    sources: ['W. P. Yan, P.-A. Larson: Eager aggregation and lazy aggregation, VLDB 1995'],
  },
  triggers: [],
  match: (view) => view.queries.flatMap((query) => fanOutsOf(view, query) ?? []),
  requires: ({ own, groups }, facts) => [
    own.table ? facts.unique(own.table, groups) : missing(`${own.alias} is not a table with a key`),
  ],
  rewrite: ({ query, own, fans }, view) => {
    const base = freshAlias(view, 'totals');
    let from = own.item;
    let targets: TreeNode = { targetList: namedTargets(query.body) };
    fans.forEach(({ source, pairs, rest, calls }, f) => {
      const alias = f === 0 ? base : `${base}_${f + 1}`;
      const keys = pairs.map(({ inside }, i) => output(inside, `${alias}_key${i + 1}`));
      const values = calls.map((call, i) =>
        output({ FuncCall: onceEach(view, query, call) }, `${alias}_value${i + 1}`),
      );
      const grouped = withWhere(
        {
          ...PLAIN,
          targetList: [...keys, ...values],
          fromClause: [source.item],
          groupClause: pairs.map(({ inside }) => inside),
        },
        rest,
      );
      const links = pairs.map(({ outside }, i) =>
        expression('$1 = $2', [columnOf(alias, `${alias}_key${i + 1}`), outside]),
      );
      const quals = links.length === 1 ? links[0] : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
      from = { JoinExpr: { jointype: 'JOIN_LEFT', larg: from, rarg: derived(grouped, alias), quals } };
      calls.forEach((call, i) => {
        const column = columnOf(alias, `${alias}_value${i + 1}`);
        const isCount = callsIn({ FuncCall: call })[0]?.name === 'count';
        targets = replace(targets, call, isCount ? expression('COALESCE($1, 0)', [column]) : column);
      });
    });
    const { groupClause: _, ...body } = query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: { ...body, ...targets, fromClause: [from] } });
  },
  example: {
    schema: `
      CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, author_id int REFERENCES person, likes int);
      CREATE TABLE note (id int PRIMARY KEY, author_id int REFERENCES person);`,
    data: `
      INSERT INTO person SELECT n, 'person ' || n FROM generate_series(1, 1000) AS n;
      INSERT INTO post SELECT n, 1 + n % 1000, n % 99 FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, 1 + n % 900 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT p.id, p.name, count(DISTINCT o.id) AS posts, max(o.likes), count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id GROUP BY p.id ORDER BY p.id',
    gain: { rows: 5, why: 'the copies are made and taken out in memory' },
  },
  unsoundTwin: {
    why: 'two rows of the same name are one group, and their posts are counted together',
    statement:
      'SELECT p.name, count(DISTINCT o.id) AS posts, count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id GROUP BY p.name',
  },
});

const PLAIN = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' };
