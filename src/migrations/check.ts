import type { Catalog } from '../model/catalog.js';
import { field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { parentOf } from './advance-names.js';
import { advance } from './advance.js';
import { catalogue } from './catalogue.js';
import { isKnownAbsent, isNew, tableOf } from './context.js';
import { initialState } from './script-state.js';
import type { MigrationContext } from './context.js';
import type { FileFacts, ScriptState } from './script-state.js';
import type { Match, MigrationRule, MigrationSeverity } from './define.js';
import { estimateOf } from './duration.js';
import type { DurationEstimate } from './duration.js';
import type { Effect } from './effects/effect.js';
import { effectOf } from './effects/of.js';
import { columnBody, operationsOf } from './operation.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Script, ScriptStatement } from './script.js';
import { indexColumns } from './shapes.js';
import { remadeViews } from './views-aside.js';

/** How a file is looked at. */
export interface CheckOptions {
  readonly major: number;
  readonly catalog: Catalog | null;
  /** Whether the tool that runs the file opens one transaction around it. */
  readonly oneTransaction: boolean;
}

/** An operation of a file with what it does and what the rules say. */
export interface CheckedOperation {
  readonly operation: Operation;
  readonly statement: ScriptStatement;
  readonly context: MigrationContext;
  readonly effect: Effect;
  /** Null where nothing is known of the sizes. */
  readonly estimate: DurationEstimate | null;
  readonly findings: readonly MigrationFinding[];
}

/** A rule that spoke. */
export interface MigrationFinding {
  readonly rule: MigrationRule;
  readonly match: Match;
  readonly severity: MigrationSeverity;
  /** Why it is less than the rule's own severity; null where it is not. */
  readonly lowered: string | null;
}

/** Looks at every operation of a file in order. Needs `loadParser()`. */
export function checkScript(script: Script, options: CheckOptions): readonly CheckedOperation[] {
  const checked: CheckedOperation[] = [];
  const said = new Set<string>();
  const file = factsOfFile(script);
  let state: ScriptState = initialState(options.oneTransaction);
  for (const statement of script.statements) {
    for (const operation of operationsOf(statement.parsed)) {
      const { major, catalog } = options;
      const context: MigrationContext = { major, catalog, state, file, line: statement.line };
      const one = checkOperation(operation, statement, context, said);
      for (const { rule } of one.findings) if (rule.once) said.add(rule.id);
      checked.push(one);
      state = advance(operation, context);
    }
  }
  return checked;
}

/** What `MigrationContext.file` is made of. */
export function factsOfFile({ statements }: Script): FileFacts {
  const indexes = statements.flatMap(({ parsed: { type, body } }) => {
    const table = type === 'IndexStmt' ? relationOf(field(body, 'relation')) : null;
    return table ? [{ table: table.name, columns: indexColumns(body) }] : [];
  });
  const views = statements.flatMap(({ parsed: { type, body } }) => {
    const view = type === 'ViewStmt' ? relationOf(field(body, 'view')) : null;
    return view ? [view.name] : [];
  });
  const needing = statements.flatMap(({ line, parsed: { type, body } }) => {
    if (type === 'SelectStmt' || type === 'InsertStmt') return [];
    const ranges = [...JSON.stringify(body).matchAll(RELATION_NAME)].map(
      ([, name]) => JSON.parse(name ?? '""') as string,
    );
    const named = relationOfNames(body['object'] ?? null)?.name;
    const dropped = type === 'DropStmt' ? list(body, 'objects').map((one) => relationOfNames(one)?.name) : [];
    // Another table comes by the name: a view can not have it as well.
    const taken =
      type === 'RenameStmt' && textOf(body, 'renameType') === 'OBJECT_TABLE' ? textOf(body, 'newname') : null;
    return [...new Set([...ranges, named, taken, ...dropped])].flatMap((table) => (table ? [{ table, line }] : []));
  });
  const switched = statements.flatMap(({ line, parsed: { type, body } }) => {
    const renames = type === 'RenameStmt' && textOf(body, 'renameType') === 'OBJECT_TABLE';
    const drops = type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_TABLE';
    const tables = renames
      ? [relationOf(field(body, 'relation'))]
      : drops
        ? list(body, 'objects').map(relationOfNames)
        : [];
    return tables.flatMap((table) => (table ? [{ table: table.name, line }] : []));
  });
  const parents = statements.flatMap(({ parsed }) =>
    operationsOf(parsed).flatMap(({ body, relation, command }) => {
      const isParent = /^AT_(?:Attach|Detach)Partition/.test(command?.subtype ?? '');
      return (isParent ? relation?.name : parentOf(body)?.name) ?? [];
    }),
  );
  const remade = remadeViews(statements);
  const arriving = statements.flatMap(arrivingIn);
  const renamed = statements.flatMap(({ parsed: { type, body } }) => {
    if (type === 'RenameStmt') return textOf(body, 'newname') ?? [];
    const moved = relationOf(field(body, 'relation')) ?? relationOfNames(body['object'] ?? null);
    return type === 'AlterObjectSchemaStmt' && moved ? [moved.name] : [];
  });
  return {
    indexes,
    views,
    parents,
    drops: statements.flatMap(droppedIn),
    reshaped: statements.flatMap(reshapedBy),
    remade,
    needing,
    switched,
    arriving,
    renamed,
    numbered: numberedIn(statements),
  };
}

const NUMBERS = new Set(['AT_AddIdentity', 'AT_SetIdentity', 'AT_ColumnDefault']);

function numberedIn(statements: readonly ScriptStatement[]): FileFacts['numbered'] {
  const columns = statements.flatMap(({ parsed }) =>
    operationsOf(parsed).flatMap(({ relation, command }) =>
      relation && command?.name && NUMBERS.has(command.subtype) ? [{ table: relation.name, column: command.name }] : [],
    ),
  );
  const sequences = statements.flatMap(({ parsed: { type, body } }) =>
    type === 'AlterSeqStmt' ? (relationOf(field(body, 'sequence'))?.name ?? []) : [],
  );
  return { columns, sequences, calls: statements.some(({ sql }) => /\bsetval\s*\(/i.test(sql)) };
}

function arrivingIn({ parsed }: ScriptStatement): FileFacts['arriving'] {
  return operationsOf(parsed).flatMap(({ relation, body, command }) => {
    const renamed = textOf(body, 'renameType') === 'OBJECT_COLUMN' ? textOf(body, 'newname') : null;
    const column = command?.subtype === 'AT_AddColumn' ? textOf(columnBody(command.body) ?? {}, 'colname') : renamed;
    return relation && column !== null ? [{ table: relation.name, column }] : [];
  });
}

function reshapedBy({ line, parsed }: ScriptStatement): FileFacts['reshaped'] {
  const { type, body } = parsed;
  const dropped =
    type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_TABLE'
      ? list(body, 'objects').flatMap((object) => relationOfNames(object)?.name ?? [])
      : [];
  const altered = operationsOf(parsed).flatMap(({ relation, command }) =>
    relation && command && /^AT_(?:AlterColumnType|DropColumn)$/.test(command.subtype) ? [relation.name] : [],
  );
  return [...dropped, ...altered].map((table) => ({ table, line }));
}

function droppedIn({ line, parsed: { type, body } }: ScriptStatement): FileFacts['drops'] {
  if (type !== 'DropStmt' || textOf(body, 'behavior') === 'DROP_CASCADE') return [];
  if (!RESTED_ON.test(textOf(body, 'removeType') ?? '')) return [];
  return list(body, 'objects').flatMap((object) => {
    const type = field(object as TreeNode, 'TypeName');
    const called = field(object as TreeNode, 'ObjectWithArgs');
    const named = type ? list(type, 'names') : called ? list(called, 'objname') : object;
    const name = relationOfNames(named)?.name;
    return name === undefined ? [] : [{ name, line }];
  });
}

const RESTED_ON =
  /^OBJECT_(?:TYPE|DOMAIN|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|SEQUENCE|TABLE|COLLATION|FOREIGN_TABLE)$/;

/** Of a `RangeVar`, wherever in a statement it stands. */
const RELATION_NAME = /"relname":("(?:[^"\\]|\\.)*")/g;

/** Asks every rule about one operation; those in `said` have spoken already. */
export function checkOperation(
  operation: Operation,
  statement: ScriptStatement,
  context: MigrationContext,
  said: ReadonlySet<string> = new Set(),
): CheckedOperation {
  const effect = effectOf(operation, context);
  const estimate = estimateOf(effect, context);
  const { relation, body } = operation;
  const isIdle = relation !== null && body['missing_ok'] === true && isKnownAbsent(context, relation);
  const findings = (isIdle ? [] : catalogue).flatMap((rule): MigrationFinding[] => {
    if (!isForMajor(rule, context.major) || said.has(rule.id)) return [];
    const match = rule.match(operation, context, effect);
    if (!match || (match.subject && isNew(context, match.subject))) return [];
    const severity = match.severity ?? rule.severity;
    const lowered = loweredBy(match, effect, estimate, context);
    return [{ rule, match, severity: lowered === null ? severity : 'info', lowered }];
  });
  return { operation, statement, context, effect, estimate, findings };
}

/** Whether a rule's form exists on a major. */
export function isForMajor({ minMajor, maxMajor }: MigrationRule, major: number): boolean {
  return minMajor <= major && (maxMajor === null || major <= maxMajor);
}

/** Work that is over within this is no longer than the wait for a lock that a careful migration allows itself (`lock_timeout` of the plan). */
const SHORT_MS = 100;

/** Reading or writing a small table under a lock is short; what breaks or fails does so on small tables as well. */
function loweredBy(
  { subject }: Match,
  { rewrites, scans }: Effect,
  estimate: DurationEstimate | null,
  context: MigrationContext,
): string | null {
  if (!subject || (rewrites.length === 0 && scans.length === 0) || !estimate || estimate.highMs > SHORT_MS) return null;
  const table = tableOf(context, subject);
  if (table && estimate.bytes === 0) return 'the table is empty';
  return table ? `the table is small: at most ${Math.max(1, Math.ceil(estimate.highMs))} ms of work, estimated` : null;
}
