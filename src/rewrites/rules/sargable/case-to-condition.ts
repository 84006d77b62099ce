import { bodyOf, field, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { isScalar, originOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly when: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/case-to-condition',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`CASE WHEN p THEN 1 ELSE 0 END = 1`, `CASE c WHEN 5 THEN 1 ELSE 0 END = 1`, and `CASE WHEN p THEN true ELSE false END`, become `p` and `c = 5`; `CASE WHEN c IS NULL THEN 0 ELSE 1 END = 1` becomes `c IS NOT NULL`, and with `c = 5` there `c IS DISTINCT FROM 5`; `p IS TRUE` and `COALESCE(p, false)` alike.',
    why: 'The planner neither looks into a CASE for an index nor estimates its condition.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false. All results are literals of one kind, and the first branch alone has the one that is asked for, or ELSE after a single one: of a later one the conditions before it would have to be false too.',
    sources: ['PostgreSQL manual, "Conditional Expressions", section "CASE"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const bare = orFalse(node);
      if (bare) return [{ condition: node, when: bare }];
      const compared = bothWays(node).find(({ operator, left }) => operator === '=' && bodyOf(left, 'CaseExpr'));
      const body = bodyOf(compared?.left ?? node, 'CaseExpr');
      if (!body) return [];
      const wanted = compared ? literal(compared.right) : 'true';
      const [first, ...others] = list(body, 'args').map((one) => bodyOf(one, 'CaseWhen') ?? {});
      const when = conditionOf(body['arg'], first?.['expr']);
      const rest = [...others.map((one) => literal(one['result'])), elseOf(body)];
      const kinds = new Set([wanted, literal(first?.['result']), ...rest.filter((one) => one !== NULL)].map(kindOf));
      const found = wanted !== null && literal(first?.['result']) === wanted && !rest.includes(wanted);
      const isElse = others.length === 0 && elseOf(body) === wanted && literal(first?.['result']) !== wanted;
      const otherwise = wanted !== null && isElse ? unmet(query, when) : null;
      if (otherwise && !found && kinds.size === 1 && !kinds.has('')) return [{ condition: node, when: otherwise }];
      return found && kinds.size === 1 && !kinds.has('') && isNode(when) ? [{ condition: node, when }] : [];
    }),
  requires: () => [
    seen('the condition stands where NULL is as good as false'),
    seen(
      'the first branch alone has the result that is asked for, or all rows that are not in it, or what is NULL counts as false',
    ),
  ],
  rewrite: ({ condition, when }, view) => replace(view.statement.tree, condition, when),
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, payload text);',
    data: `
      INSERT INTO job SELECT n, 'state ' || n % 500, repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (state);
      ANALYZE;`,
    statement: "SELECT id, payload FROM job WHERE CASE WHEN state = 'state 7' THEN 1 ELSE 0 END = 1",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'a branch before takes rows away, and one after has the same result',
    statement: "SELECT id FROM job WHERE CASE WHEN state = 'a' THEN 1 WHEN id > 2 THEN 0 ELSE 1 END = 1",
    to: "SELECT id FROM job WHERE state = 'a'",
  },
});

/** The condition of a branch: what is written, or that it is equal to what CASE begins with. */
function conditionOf(subject: TreeValue, when: TreeValue): TreeValue {
  return isNode(subject) && isNode(when) ? expression('$1 = $2', [subject, when]) : when;
}

/** What says that a condition is not true: of a test for NULL, and of `c = v` with a literal v. Null for any other. */
function unmet(query: Query, when: TreeValue): TreeNode | null {
  const test = bodyOf(when, 'NullTest');
  const other = test?.['nulltesttype'] === 'IS_NULL' ? 'IS_NOT_NULL' : 'IS_NULL';
  if (test) {
    const origin = originOf(query, test['arg']);
    return origin && isScalar(origin) ? { NullTest: { ...test, nulltesttype: other } } : null;
  }
  const equal = isNode(when) ? bothWays(when).find(({ left }) => bodyOf(left, 'ColumnRef')) : undefined;
  const known = equal?.operator === '=' && ![null, NULL].includes(literal(equal.right));
  return known ? expression('$1 IS DISTINCT FROM $2', [equal.left, equal.right]) : null;
}

/** The comparison in `(a = b) IS TRUE` and `COALESCE(a = b, false)`; null for anything else. */
function orFalse(node: TreeNode): TreeNode | null {
  const test = bodyOf(node, 'BooleanTest');
  const [first, second, more] = list(bodyOf(node, 'CoalesceExpr') ?? {}, 'args');
  const inside =
    test?.['booltesttype'] === 'IS_TRUE' ? test['arg'] : literal(second) === 'false' && !more ? first : null;
  const isTest = bodyOf(inside, 'A_Expr') ?? bodyOf(inside, 'BoolExpr') ?? (test ? null : bodyOf(inside, 'ColumnRef'));
  return isNode(inside) && isTest ? inside : null;
}

const NULL = 'null';

/** A literal as text, apart from its position; null for anything else. */
function literal(value: TreeValue): string | null {
  const body = bodyOf(value, 'A_Const');
  if (!body) return null;
  if (body['isnull'] !== undefined) return NULL;
  const truth = field(body, 'boolval');
  return truth ? String(truth['boolval'] === true) : treeText({ ...body, location: undefined });
}

function elseOf(body: TreeNode): string | null {
  return body['defresult'] === undefined ? NULL : literal(body['defresult']);
}

function kindOf(text: string | null): string {
  if (text === 'true' || text === 'false') return 'truth';
  return text === null || text === NULL ? '' : (/"([ifs])val"/.exec(text)?.[1] ?? '');
}
