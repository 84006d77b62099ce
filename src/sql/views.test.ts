import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser, parseStatement } from './parse.js';
import { statementUses } from './uses.js';
import { expandViews } from './views.js';

beforeAll(() => loadParser());

const VIEWS: Record<string, string> = {
  'open task': `SELECT t.id, t.owner AS "Owner", p.name FROM task t JOIN project p ON p.id = t.project_id WHERE t.state = 'open'`,
  mine: 'SELECT o.id, o."Owner" AS who FROM "open task" o',
  either: 'SELECT id, owner FROM task UNION ALL SELECT id, owner FROM project',
  itself: 'SELECT id FROM itself',
};

/** `relation: column operator, ...` of each. */
function conditions(sql: string): readonly string[] {
  const expanded = expandViews(parseStatement(sql), (schema, name) => (schema === null ? (VIEWS[name] ?? null) : null));
  const uses = statementUses(expanded, (_, name) =>
    name === 'task' || name === 'project' ? ['id', 'owner', 'name', 'state', 'project_id'] : null,
  );
  return uses.relations.map(
    ({ name, predicates }) => `${name}: ${predicates.map((one) => `${one.column} ${one.operator}`).join(', ')}`,
  );
}

describe('a view', () => {
  test.each([
    ['SELECT 1 FROM "open task" WHERE "Owner" = 5', ['task: project_id =, state =, owner =', 'project: id =']],
    ['SELECT 1 FROM mine m WHERE m.who > 5', ['task: project_id =, state =, owner >', 'project: id =']],
    [
      'SELECT 1 FROM either JOIN task t USING (id) WHERE either.owner = 5',
      ['task: id =, owner =', 'project: id =, owner =', 'task: id ='],
    ],
    [
      'UPDATE task SET name = m.id FROM mine m WHERE m.id = task.id',
      ['task: id =', 'task: project_id =, state =, id =', 'project: id ='],
    ],
    ['SELECT 1 FROM other.mine WHERE who = 5', ['mine: who =']],
    ['WITH mine AS (SELECT id AS who FROM task) SELECT 1 FROM mine WHERE who = 5', ['task: id =']],
    ['UPDATE mine SET who = 4 WHERE id = 3', ['mine: id =']],
    ['SELECT 1 FROM mine FOR UPDATE OF mine', ['task: project_id =, state =', 'project: id =']],
    ['SELECT 1 FROM itself WHERE id = 3', ['itself: id =']],
  ])('%s', (sql, expected) => {
    expect(conditions(sql)).toEqual(expected);
  });
});
