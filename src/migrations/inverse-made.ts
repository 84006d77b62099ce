import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { takenKey } from './chosen-name.js';
import { isNew, isNewColumn, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { dependentsOf } from './dependents.js';
import { ownerOf } from './effects/drop.js';
import type { Inverse } from './inverse.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Relation } from './relation.js';

type Invert = (operation: Operation, context: MigrationContext) => Inverse;

const NOTHING: Inverse = { sql: [] };
const CHANGED: Inverse = { why: 'rows that were changed are not brought back' };

/** Of rows, rights and comments: nothing has to be taken back where the table, or the column, is one that the file itself made, and goes on the way back. */
export const OF_WHAT_IS_MADE: Readonly<Record<string, Invert>> = {
  InsertStmt: intoNew,
  DeleteStmt: intoNew,
  MergeStmt: intoNew,
  CopyStmt: intoNew,
  UpdateStmt: (operation, context) => {
    const { relation, body } = operation;
    const targets = bodiesOf(list(body, 'targetList'), 'ResTarget').map((target) => textOf(target, 'name') ?? '');
    // Its triggers may write what stays.
    const isQuiet =
      relation !== null &&
      !dependentsOf(relation, null, context).some(({ kind }) => kind === 'trigger' || kind === 'rule');
    const isMade = isQuiet && targets.every((name) => isMadeColumn(relation, name, context));
    return isMade && !field(body, 'withClause') ? NOTHING : intoNew(operation, context);
  },
  TruncateStmt: ({ body }, context) =>
    bodiesOf(list(body, 'relations'), 'RangeVar').every((range) => isMadeHere(relationOf(range), context))
      ? NOTHING
      : { why: 'rows that were deleted can not be brought back: restore a backup' },
  GrantStmt: ({ body }, context) => {
    const objects = bodiesOf(list(body, 'objects'), 'RangeVar');
    return objects.length > 0 && objects.every((object) => isMadeHere(relationOf(object), context))
      ? NOTHING
      : { why: 'which rights there were before is not known' };
  },
  CommentStmt: ({ body }, context) =>
    isOnNew(body, context) ? NOTHING : { why: 'which comment there was before is not known' },
  DoStmt: ({ body }) =>
    JSON.stringify(body).includes('wizard_page') ? CHANGED : { why: 'what a DO block does is not looked into' },
};

function intoNew({ relation, body }: Operation, context: MigrationContext): Inverse {
  return isMadeHere(relation, context) && !field(body, 'withClause') ? NOTHING : CHANGED;
}

function isMadeHere(relation: Relation | null, context: MigrationContext): boolean {
  return relation !== null && isNew(context, relation);
}

function isMadeColumn(relation: Relation, name: string, context: MigrationContext): boolean {
  if (isNewColumn(context, relation, name)) return true;
  return tableOf(context, relation)?.columns.every((column) => column.name !== name) ?? isNew(context, relation);
}

function isOnNew(body: TreeNode, context: MigrationContext): boolean {
  const [object, kind] = [body['object'] ?? null, textOf(body, 'objtype')];
  const owner = kind === 'OBJECT_COLUMN' || kind === 'OBJECT_TABCONSTRAINT' ? ownerOf(object) : null;
  const last = relationOfNames(object)?.name ?? '';
  switch (kind) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_SEQUENCE':
      return isMadeHere(relationOfNames(object), context);
    case 'OBJECT_INDEX': {
      const index = relationOfNames(object);
      return index !== null && context.state.named.get(takenKey(index, index.name, context)) === true;
    }
    case 'OBJECT_COLUMN':
      return owner !== null && isMadeColumn(owner, last, context);
    case 'OBJECT_TABCONSTRAINT':
      return (
        owner !== null && (isNew(context, owner) || context.state.named.get(takenKey(owner, last, context)) === true)
      );
    default:
      return false;
  }
}
