import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser, parseStatement } from './parse.js';
import { statementUses } from './uses.js';
import { expandQueries } from './views.js';
import type { FunctionQuery } from './views.js';

beforeAll(() => loadParser());

const VIEWS: Record<string, string> = {
  'open task': `SELECT t.id, t.owner AS "Owner", p.name FROM task t JOIN project p ON p.id = t.project_id WHERE t.state = 'open'`,
  mine: 'SELECT o.id, o."Owner" AS who FROM "open task" o',
  either: 'SELECT id, owner FROM task UNION ALL SELECT id, owner FROM project',
  itself: 'SELECT id FROM itself',
};

const FUNCTIONS: Record<string, FunctionQuery> = {
  tasks_of: {
    sql: 'SELECT * FROM task WHERE task.owner = who AND state = $2',
    parameters: ['who', 'state'],
    columns: ['k', 'o'],
  },
  lately: { sql: 'SELECT id FROM "open task" WHERE "Owner" = lately.id', parameters: ['id'], columns: [] },
  twice: { sql: 'SELECT 1; SELECT 2', parameters: [], columns: [] },
};

/** `relation: column operator, ...` of each. */
function conditions(sql: string): readonly string[] {
  const columnsOf = (_: string | null, name: string): readonly string[] | null =>
    name === 'task' || name === 'project'
      ? ['id', 'owner', 'name', 'state', 'project_id']
      : name === 'open task'
        ? ['id', 'Owner', 'name']
        : null;
  const expanded = expandQueries(parseStatement(sql), {
    viewQuery: (schema, name) => (schema === null ? (VIEWS[name] ?? null) : null),
    functionQuery: (schema, name, count) => {
      const found = schema === null ? FUNCTIONS[name] : undefined;
      return found?.parameters.length === count ? found : null;
    },
    columnsOf,
  });
  return statementUses(expanded, columnsOf).relations.map(
    ({ name, predicates }) =>
      `${name}: ${predicates.map((one) => `${one.column} ${one.operator}${one.value.kind === 'constant' ? ` ${one.value.sql}` : ''}`).join(', ')}`,
  );
}

describe('a function in FROM', () => {
  test.each([
    ["SELECT 1 FROM tasks_of(5, 'x') WHERE k = 7", ["task: owner = 5, state = 'x', id = 7"]],
    ['SELECT 1 FROM tasks_of(5, $1) f(a, b) WHERE b > 7', ['task: owner = 5, state =, owner > 7']],
    ['SELECT 1 FROM project p, tasks_of(p.owner, p.name)', ['project: owner =, name =', 'task: owner =, state =']],
    ['SELECT 1 FROM lately(9)', ["task: project_id =, state = 'open', owner = 9", 'project: id =']],
    ['SELECT 1 FROM project, tasks_of(owner, 2)', ['project: ']],
    ['SELECT 1 FROM tasks_of(5)', []],
    ['SELECT 1 FROM other.tasks_of(5, 6)', []],
    ['SELECT 1 FROM twice()', []],
    ['SELECT 1 FROM tasks_of(5, 6) WITH ORDINALITY', []],
  ])('%s', (sql, expected) => {
    expect(conditions(sql)).toEqual(expected);
  });
});

describe('a view', () => {
  test.each([
    ['SELECT 1 FROM "open task" WHERE "Owner" = 5', ["task: project_id =, state = 'open', owner = 5", 'project: id =']],
    ['SELECT 1 FROM mine m WHERE m.who > 5', ["task: project_id =, state = 'open', owner > 5", 'project: id =']],
    [
      'SELECT 1 FROM either JOIN task t USING (id) WHERE either.owner = 5',
      ['task: id =, owner = 5', 'project: id =, owner = 5', 'task: id ='],
    ],
    [
      'UPDATE task SET name = m.id FROM mine m WHERE m.id = task.id',
      ['task: id =', "task: project_id =, state = 'open', id =", 'project: id ='],
    ],
    ['SELECT 1 FROM other.mine WHERE who = 5', ['mine: who = 5']],
    ['WITH mine AS (SELECT id AS who FROM task) SELECT 1 FROM mine WHERE who = 5', ['task: id = 5']],
    ['UPDATE mine SET who = 4 WHERE id = 3', ['mine: id = 3']],
    ['SELECT 1 FROM mine FOR UPDATE OF mine', ["task: project_id =, state = 'open'", 'project: id =']],
    ['SELECT 1 FROM itself WHERE id = 3', ['itself: id = 3']],
  ])('%s', (sql, expected) => {
    expect(conditions(sql)).toEqual(expected);
  });
});
