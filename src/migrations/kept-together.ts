import { field, list, textOf } from '../sql/tree.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Script, ScriptStatement } from './script.js';

/**
 * Statements of one transaction of the file that have to stay in one, by number: others would see, or write to, what is between them. From a LOCK or a TRUNCATE to the transaction's end; from where a table loses its
 * name, or is dropped, to where another comes by it.
 */
export function keptTogether({ statements }: Script, oneTransaction: boolean): ReadonlyMap<ScriptStatement, number> {
  const groups = new Map<ScriptStatement, number>();
  const all = statements.filter(({ parsed }) => !SETTINGS.has(parsed.type));
  for (const [number, block] of (oneTransaction ? [all] : blocksOf(statements)).entries()) {
    for (const at of block.keys()) {
      const to = lastOf(block, at);
      for (const one of block.slice(at, to + 1)) groups.set(one, number);
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

/** The place of the last statement that has to be in one transaction with that at `at`; `at` or less where there is none. */
function lastOf(block: readonly ScriptStatement[], at: number): number {
  const { type, body } = block[at]?.parsed ?? { type: '', body: {} };
  if (type === 'LockStmt' || type === 'TruncateStmt') return block.length - 1;
  const gone =
    type === 'RenameStmt' && textOf(body, 'renameType') === 'OBJECT_TABLE'
      ? [relationOf(field(body, 'relation'))?.name]
      : type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_TABLE'
        ? list(body, 'objects').map((object) => relationOfNames(object)?.name)
        : [];
  return block.findLastIndex((one, i) => i > at && gone.includes(arrivingBy(one)));
}

/** The name by which a table or view comes. */
function arrivingBy({ parsed: { type, body } }: ScriptStatement): string | undefined {
  switch (type) {
    case 'RenameStmt':
      return /^OBJECT_(?:TABLE|VIEW)$/.test(textOf(body, 'renameType') ?? '')
        ? (textOf(body, 'newname') ?? undefined)
        : undefined;
    case 'CreateStmt':
      return relationOf(field(body, 'relation'))?.name;
    case 'ViewStmt':
      return relationOf(field(body, 'view'))?.name;
    case 'CreateTableAsStmt':
      return relationOf(field(field(body, 'into') ?? {}, 'rel'))?.name;
    default:
      return undefined;
  }
}
