import { bodyOf, field, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import type { MigrationContext } from './context.js';
import type { ScriptState } from './script-state.js';
import { formerOf, questionsOf, signatureOf } from './formers.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames, written } from './relation.js';
import type { Relation } from './relation.js';

/** What a CREATE makes beside relations, by kind and name as they are written; null for what may have been there before. */
export function madeBy(operation: Operation, context: MigrationContext): string | null {
  const { type, body } = operation;
  if (body['if_not_exists'] === true) return null;
  if (body['replace'] === true) {
    const [question, ...more] = questionsOf(operation);
    if (!question || more.length > 0 || formerOf(question, context) !== null) return null;
  }
  const make = MAKES[type];
  return make?.(body) ?? null;
}

/** Whether an operation changes, comments on or gives away something that the file itself made: it goes on the way back. */
export function isOfMade({ type, body }: Operation, { state }: MigrationContext): boolean {
  const keys = SUBJECTS[type]?.(body) ?? [];
  return keys.length > 0 && keys.every((key) => key !== null && state.made.has(key));
}

/** The state's things that the file made, after an operation. */
export function afterMaking(state: ScriptState, operation: Operation, context: MigrationContext): ScriptState['made'] {
  const key = madeBy(operation, context);
  if (key !== null) return state.made.with(key, true);
  const { type, body } = operation;
  const to = textOf(body, 'newname');
  if (type !== 'RenameStmt' || to === null) return state.made;
  const [old, now] = [renamed(body, null), renamed(body, to)];
  return old !== null && now !== null && state.made.has(old) ? state.made.with(now, true) : state.made;
}

/** Of a trigger of a table. */
export function triggerKey(table: Relation, name: string): string {
  return key('trigger', name, written(table)) ?? '';
}

type Key = string | null;

function key(kind: string, name: string | null, within: string | null = null): Key {
  return name === null || name === '' ? null : JSON.stringify([kind, within, name]);
}

const MAKES: Readonly<Record<string, (body: TreeNode) => Key>> = {
  CreateFunctionStmt: (body) => key('function', signatureOf(body)),
  CreateTrigStmt: (body) => onTable('trigger', body, 'relation', 'trigname'),
  RuleStmt: (body) => onTable('rule', body, 'relation', 'rulename'),
  CreatePolicyStmt: (body) => onTable('policy', body, 'table', 'policy_name'),
  CreateEventTrigStmt: (body) => key('event trigger', textOf(body, 'trigname')),
  CreatePublicationStmt: (body) => key('publication', textOf(body, 'pubname')),
  CreateSchemaStmt: (body) => key('schema', textOf(body, 'schemaname')),
  CreateExtensionStmt: (body) => key('extension', textOf(body, 'extname')),
  CreateEnumStmt: (body) => key('type', ofNames(body, 'typeName')),
  CreateRangeStmt: (body) => key('type', ofNames(body, 'typeName')),
  CreateDomainStmt: (body) => key('type', ofNames(body, 'domainname')),
  CompositeTypeStmt: (body) => key('type', ofRange(field(body, 'typevar'))),
  CreateStatsStmt: (body) => key('statistics', ofNames(body, 'defnames')),
  CreateForeignServerStmt: (body) => key('server', textOf(body, 'servername')),
  DefineStmt: (body) => key(kindOf(textOf(body, 'kind') ?? ''), ofNames(body, 'defnames')),
};

const SUBJECTS: Readonly<Record<string, (body: TreeNode) => readonly Key[]>> = {
  AlterPublicationStmt: (body) => [key('publication', textOf(body, 'pubname'))],
  AlterEventTrigStmt: (body) => [key('event trigger', textOf(body, 'trigname'))],
  AlterTSConfigurationStmt: (body) => [key('ts configuration', ofNames(body, 'cfgname'))],
  AlterTSDictionaryStmt: (body) => [key('ts dictionary', ofNames(body, 'dictname'))],
  AlterPolicyStmt: (body) => [onTable('policy', body, 'table', 'policy_name')],
  AlterFunctionStmt: (body) => [ofObject('OBJECT_FUNCTION', { ObjectWithArgs: field(body, 'func') ?? {} })],
  AlterStatsStmt: (body) => [key('statistics', ofNames(body, 'defnames'))],
  AlterEnumStmt: (body) => [key('type', ofNames(body, 'typeName'))],
  AlterDomainStmt: (body) => [key('type', ofNames(body, 'typeName'))],
  AlterForeignServerStmt: (body) => [key('server', textOf(body, 'servername'))],
  AlterOwnerStmt: (body) => [ofObject(textOf(body, 'objectType') ?? '', body['object'] ?? null)],
  CommentStmt: (body) => [ofObject(textOf(body, 'objtype') ?? '', body['object'] ?? null)],
  GrantStmt: (body) =>
    textOf(body, 'targtype') === 'ACL_TARGET_OBJECT'
      ? list(body, 'objects').map((object) => ofObject(textOf(body, 'objtype') ?? '', object))
      : [],
};

function renamed(body: TreeNode, to: string | null): Key {
  const kind = textOf(body, 'renameType') ?? '';
  if (kind === 'OBJECT_TRIGGER' || kind === 'OBJECT_POLICY' || kind === 'OBJECT_RULE')
    return key(kindOf(kind), to ?? textOf(body, 'subname'), ofRange(field(body, 'relation')));
  const relation = relationOfNames(body['object'] ?? null);
  if (relation) return key(kindOf(kind), written(to === null ? relation : { ...relation, name: to }));
  return key(kindOf(kind), to ?? textOf(bodyOf(body['object'] ?? null, 'String') ?? {}, 'sval'));
}

function ofObject(kind: string, object: TreeValue): Key {
  const named = kindOf(kind);
  if (['trigger', 'rule', 'policy'].includes(named)) {
    const path = list(bodyOf(object, 'List') ?? {}, 'items');
    const table = relationOfNames(path.slice(0, -1));
    return key(named, names(path).at(-1) ?? null, table && written(table));
  }
  if (named === 'function') {
    const of = bodyOf(object, 'ObjectWithArgs');
    return key(named, of && signatureOf({ ObjectWithArgs: of }));
  }
  const plain = bodyOf(object, 'String');
  if (plain) return key(named, textOf(plain, 'sval'));
  const type = bodyOf(object, 'TypeName');
  const relation = relationOfNames(type ? list(type, 'names') : object);
  return key(named, relation && written(relation));
}

/** `OBJECT_EVENT_TRIGGER` as this file has it. */
function kindOf(kind: string): string {
  const word = kind.replace(/^OBJECT_/, '').toLowerCase();
  if (word === 'procedure' || word === 'routine') return 'function';
  if (word === 'domain') return 'type';
  if (word === 'statistic_ext') return 'statistics';
  if (word === 'foreign_server') return 'server';
  return word
    .replace('tsconfiguration', 'ts configuration')
    .replace('tsdictionary', 'ts dictionary')
    .replaceAll('_', ' ');
}

function onTable(kind: string, body: TreeNode, of: string, name: string): Key {
  return key(kind, textOf(body, name), ofRange(field(body, of)));
}

function ofRange(range: TreeNode | null): string | null {
  const relation = relationOf(range);
  return relation && written(relation);
}

function ofNames(body: TreeNode, name: string): string | null {
  const relation = relationOfNames(list(body, name));
  return relation && written(relation);
}
