import type { TreeNode } from '../../../sql/tree.js';
import { expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { fanOutsOf, onceEach } from '../../fan-outs.js';
import type { FanOuts } from '../../fan-outs.js';

export default defineRewrite<FanOuts>({
  id: 'aggregate/fan-outs-to-lookups',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id, count(DISTINCT b.id), count(DISTINCT c.id) FROM a LEFT JOIN b ... LEFT JOIN c ... GROUP BY a.id` becomes `SELECT a.id, (SELECT count(*) FROM b WHERE ...), (SELECT count(*) FROM c WHERE ...) FROM a`.',
    why: 'Each row of a is joined with every pair of its rows of b and c before DISTINCT takes the copies out again, and before LIMIT leaves out what is not asked for.',
    limits:
      'Two or more LEFT JOINs of tables to the first one, by equality with its columns of the same whole-number or uuid type; GROUP BY holds a key of that one and its columns alone, and WHERE names it alone. The aggregates are count(DISTINCT x), min, max, bool_and and bool_or, of columns of one table each. No HAVING. Where many rows of a are asked for, `aggregate/fan-outs-apart` is the faster form: the trial tells.',
    sources: ['Django documentation, "Combining multiple aggregations"', 'PostgreSQL manual, "Scalar Subqueries"'],
  },
  triggers: [],
  match: (view) => view.queries.flatMap((query) => fanOutsOf(view, query) ?? []),
  requires: ({ own, groups }, facts) => [
    own.table ? facts.unique(own.table, groups) : missing(`${own.alias} is not a table with a key`),
  ],
  rewrite: ({ query, own, fans }, view) => {
    let targets: TreeNode = { targetList: namedTargets(query.body) };
    for (const { source, pairs, rest, calls } of fans) {
      const links = pairs.map(({ inside, outside }) => expression('$1 = $2', [inside, outside]));
      for (const call of calls) {
        const select = {
          ...withWhere(selectOf('SELECT 1'), [...links, ...rest]),
          targetList: [output({ FuncCall: onceEach(view, query, call) })],
          fromClause: [source.item],
        };
        const lookup = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } };
        targets = replace(targets, call, lookup);
      }
    }
    const { groupClause: _, ...body } = query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: { ...body, ...targets, fromClause: [own.item] } });
  },
  example: {
    schema: `
      CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, city int NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, author_id int REFERENCES person, likes int);
      CREATE TABLE note (id int PRIMARY KEY, author_id int REFERENCES person);
      CREATE INDEX ON post (author_id);
      CREATE INDEX ON note (author_id);`,
    data: `
      INSERT INTO person SELECT n, 'person ' || n, n % 20 FROM generate_series(1, 1000) AS n;
      INSERT INTO post SELECT n, 1 + n % 1000, n % 99 FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, 1 + n % 900 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT p.id, p.name, count(DISTINCT o.id) AS posts, count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id WHERE p.city = 7 GROUP BY p.id ORDER BY p.id LIMIT 10',
    gain: { rows: 5, why: 'the copies are made and taken out in memory' },
  },
  unsoundTwin: {
    why: 'two rows of the same name are one group, and their posts are counted together',
    statement:
      'SELECT p.name, count(DISTINCT o.id) AS posts, count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id GROUP BY p.name',
  },
});
