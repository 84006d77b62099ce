import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Relation } from './relation.js';
import type { Script, ScriptStatement } from './script.js';

/**
 * Statements of one transaction of the file that have to stay in one, by number: others would see, or write to, what is between them. From a LOCK or a TRUNCATE to the transaction's end; from where a table loses its
 * name, or is dropped, to where another comes by it and has what makes it work in the old one's place: its partitions, rows, rights, triggers, defaults.
 */
export function keptTogether({ statements }: Script, oneTransaction: boolean): ReadonlyMap<ScriptStatement, number> {
  const groups = new Map<ScriptStatement, number>();
  const all = statements.filter(({ parsed }) => !SETTINGS.has(parsed.type));
  for (const [number, block] of (oneTransaction ? [all] : blocksOf(statements)).entries()) {
    const arrivals = new Map(
      block.flatMap((one, at) => arrivingBy(one).map((name) => [name, lastToFit(name, at, block)] as const)),
    );
    let until = -1;
    for (const [at, statement] of block.entries()) {
      until = Math.max(until, lastOf(statement, block.length - 1, arrivals));
      if (at <= until) groups.set(statement, number);
    }
  }
  return groups;
}

const SETTINGS = new Set(['TransactionStmt', 'VariableSetStmt']);

/** The statements between BEGIN and COMMIT, settings left out. */
function blocksOf(statements: readonly ScriptStatement[]): readonly (readonly ScriptStatement[])[] {
  const blocks: ScriptStatement[][] = [];
  let block: ScriptStatement[] | null = null;
  for (const statement of statements) {
    const { type } = statement.parsed;
    if (type === 'TransactionStmt') {
      if (block) blocks.push(block);
      block = block ? null : [];
    } else if (block && !SETTINGS.has(type)) block.push(statement);
  }
  return blocks;
}

/** The place of the last statement that has to be in one transaction with this one; -1 where there is none. `arrivals` are the places where names come last. */
function lastOf(
  { parsed: { type, body } }: ScriptStatement,
  end: number,
  arrivals: ReadonlyMap<string, number>,
): number {
  if (type === 'LockStmt' || type === 'TruncateStmt') return end;
  const gone =
    type === 'RenameStmt' && textOf(body, 'renameType') === 'OBJECT_TABLE'
      ? [relationOf(field(body, 'relation'))]
      : type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_TABLE'
        ? list(body, 'objects').map(relationOfNames)
        : [];
  return Math.max(-1, ...gone.map((relation) => arrivals.get(relation?.name ?? '') ?? -1));
}

/** The place of the last statement without which the table that came at a place does not do what the one before it did. */
function lastToFit(name: string, at: number, block: readonly ScriptStatement[]): number {
  const quoted = JSON.stringify(name);
  const last = block.findLastIndex(({ parsed: { type, body } }) => {
    if (!FITS.has(type)) return false;
    if (type === 'AlterTableStmt' && !bodiesOf(list(body, 'cmds'), 'AlterTableCmd').some(isNeeded)) return false;
    const text = JSON.stringify(body);
    return text.includes(`"relname":${quoted}`) || text.includes(`"sval":${quoted}`);
  });
  return Math.max(at, last);
}

const FITS = new Set([
  'AlterTableStmt',
  'AlterOwnerStmt',
  'AlterSeqStmt',
  'CopyStmt',
  'CreatePolicyStmt',
  'CreateStmt',
  'CreateTrigStmt',
  'DeleteStmt',
  'GrantStmt',
  'InsertStmt',
  'RenameStmt',
  'RuleStmt',
  'UpdateStmt',
]);

/** Not what adds to the table, or proves something of it: that may take long, and follows. */
function isNeeded(command: TreeNode): boolean {
  return /^AT_(?:AttachPartition|ColumnDefault|AddIdentity|SetIdentity|ChangeOwner|AddInherit|ReplicaIdentity|(?:Enable|Disable|Force)\w+)$/.test(
    textOf(command, 'subtype') ?? '',
  );
}

/** The name by which a table or view comes; empty where none does. */
function arrivingBy({ parsed: { type, body } }: ScriptStatement): readonly string[] {
  const made = MAKES[type]?.(body);
  if (made) return [made.name];
  const isRename = type === 'RenameStmt' && /^OBJECT_(?:TABLE|VIEW)$/.test(textOf(body, 'renameType') ?? '');
  return isRename ? [textOf(body, 'newname') ?? ''] : [];
}

const MAKES: Readonly<Record<string, (body: TreeNode) => Relation | null>> = {
  CreateStmt: (body) => relationOf(field(body, 'relation')),
  ViewStmt: (body) => relationOf(field(body, 'view')),
  CreateTableAsStmt: (body) => relationOf(field(field(body, 'into') ?? {}, 'rel')),
};
