import { bodyOf, field, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { allOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { cannotFail } from '../../failures.js';
import { bothWays } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';

/** One way through a CASE: the conditions that lead there, and the result, null for `true`. */
interface Branch {
  readonly reached: readonly TreeNode[];
  readonly result: TreeNode | null;
}

interface Site {
  readonly condition: TreeNode;
  readonly branches: readonly Branch[];
}

export default defineRewrite<Site>({
  id: 'sargable/case-of-conditions',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`CASE WHEN a THEN p WHEN b THEN q ELSE r END` as a condition becomes `a AND p OR a IS NOT TRUE AND b AND q OR a IS NOT TRUE AND b IS NOT TRUE AND r`.',
    why: 'The planner neither looks into a CASE for an index nor estimates its conditions; of an OR each branch may have an index.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false; at most four branches, of which one is a condition and no literal. All conditions compare columns with literals, parameters or columns, without arithmetic, casts of columns or calls: CASE keeps those that would fail from being computed, and OR does not.',
    sources: [
      'PostgreSQL manual, "Conditional Expressions", section "CASE"',
      'PostgreSQL manual, "Value Expressions", section "Expression Evaluation Rules"',
    ],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const compared = bothWays(node).find(
        ({ operator, left, right }) => operator === '=' && bodyOf(left, 'CaseExpr') && truthOf(right) === true,
      );
      const body = bodyOf(compared?.left ?? node, 'CaseExpr');
      const branches = body && cannotFail(query, { CaseExpr: body }) ? branchesOf(body) : null;
      const open = branches?.some(({ result }) => result !== null) === true;
      return branches && open ? [{ condition: node, branches }] : [];
    }),
  requires: () => [
    seen('the condition stands where NULL is as good as false'),
    seen('no comparison of it can fail, so that it does not matter which are computed'),
  ],
  rewrite: ({ condition, branches }, view) => {
    const args = branches
      .map(({ reached, result }) => allOf([...reached, ...(result ? [result] : [])]))
      .filter((one) => one !== undefined);
    const [only, more] = args;
    const either: TreeNode = only && !more ? only : { BoolExpr: { boolop: 'OR_EXPR', args } };
    return replace(view.statement.tree, condition, either);
  },
  example: {
    schema:
      'CREATE TABLE invoice (id bigint PRIMARY KEY, kind text, due int, sent int, note text); CREATE INDEX ON invoice (kind, due); CREATE INDEX ON invoice (sent);',
    data: `
      INSERT INTO invoice SELECT n, 'kind ' || n % 3, n, n * 7919 % 40000, repeat('n', 80) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: "SELECT id, note FROM invoice WHERE CASE WHEN kind = 'kind 1' THEN due < 100 ELSE sent < 100 END",
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'where the kind is NULL the last branch is asked, and NOT of a comparison with NULL is not true',
    to: "SELECT id, note FROM invoice WHERE kind = 'kind 1' AND due < 100 OR kind <> 'kind 1' AND sent < 100",
  },
});

/** More branches make conditions longer than what they save. */
const MOST_BRANCHES = 4;

/** Null where there are too many; those that are never true are left out. */
function branchesOf(body: TreeNode): readonly Branch[] | null {
  const whens = list(body, 'args').map((one) => bodyOf(one, 'CaseWhen') ?? {});
  if (whens.length > MOST_BRANCHES) return null;
  const subject = body['arg'];
  const conditions = whens.flatMap(({ expr }) => {
    if (!isNode(expr)) return [];
    return isNode(subject) ? [expression('$1 = $2', [subject, expr])] : [expr];
  });
  if (conditions.length < whens.length) return null;
  const missed = conditions.map((one) => notTrue(one));
  const found = [...whens.map(({ result }) => result), body['defresult']].flatMap((result, i): readonly Branch[] => {
    const truth = truthOf(result);
    if (!isNode(result) || truth === false) return [];
    const taken = conditions[i];
    const reached = [...missed.slice(0, i), ...(taken ? [taken] : [])];
    return [{ reached, result: truth === true ? null : result }];
  });
  return found.length > 0 ? found : null;
}

function notTrue(condition: TreeNode): TreeNode {
  const test = bodyOf(condition, 'NullTest');
  const other = test?.['nulltesttype'] === 'IS_NULL' ? 'IS_NOT_NULL' : 'IS_NULL';
  if (test) return { NullTest: { ...test, nulltesttype: other } };
  return { BooleanTest: { arg: condition, booltesttype: 'IS_NOT_TRUE' } };
}

/** What a literal is as a condition; null for anything else. */
function truthOf(value: TreeValue): boolean | null {
  const literal = bodyOf(value, 'A_Const');
  if (!literal) return null;
  if (literal['isnull'] !== undefined) return false;
  const truth = field(literal, 'boolval');
  return truth ? truth['boolval'] === true : null;
}
