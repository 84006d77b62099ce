import { asWizardError } from '../base/errors.js';
import { oncePer } from '../base/once-per.js';
import type { Former } from '../model/catalog.js';
import { deparseGuarded } from '../sql/deparse.js';
import { bodiesOf, bodyOf, field, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import type { MigrationContext } from './context.js';
import { functionObject } from './inverse-create.js';
import { operationsOf } from './operation.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames, written } from './relation.js';
import type { ScriptStatement } from './script.js';

/** What may be asked of something before it is changed. Those of `dropped` things are answered with all that they had. */
export type FormerKind =
  | 'function'
  | 'dropped function'
  | 'view'
  | 'dropped view'
  | 'trigger'
  | 'trigger states'
  | 'rule'
  | 'policy'
  | 'row security'
  | 'dropped type'
  | 'dropped schema'
  | 'dropped extension'
  | 'dropped statistics'
  | 'statistics target'
  | 'domain'
  | 'domain constraint'
  | 'sequence'
  | 'identity'
  | 'owner of relation'
  | 'owner of function'
  | 'owner of schema'
  | 'owner of type'
  | 'options'
  | 'column options'
  | 'column storage'
  | 'index statistics'
  | 'replica identity'
  | 'cluster'
  | 'tablespace'
  | 'access method'
  | 'bound'
  | 'setting'
  | 'rights on relation'
  | 'rights on function'
  | 'rights on schema'
  | 'rights on type'
  | 'comment on relation'
  | 'comment on column'
  | 'comment on function'
  | 'comment on type'
  | 'comment on schema'
  | 'comment on extension'
  | 'comment on constraint'
  | 'comment on trigger'
  | 'comment on policy'
  | 'comment on rule';

export interface FormerQuestion {
  readonly kind: FormerKind;
  /** As SQL that `regclass`, `regprocedure`, `regtype` or `regnamespace` take; a bare name for an extension and a setting. */
  readonly name: string;
  /** What of it: an unquoted name, or JSON; empty for none. */
  readonly sub: string;
}

/** Names the answer of a question (`Former.question`). */
export function formerKey({ kind, name, sub }: FormerQuestion): string {
  return JSON.stringify([kind, name, sub]);
}

/** What has to be known of the database for the ways back of a script, each question once. */
export function formerQuestions(statements: readonly ScriptStatement[]): readonly FormerQuestion[] {
  const asked = statements.flatMap(({ parsed }) => operationsOf(parsed).flatMap(questionsOf));
  return [...new Map(asked.map((one) => [formerKey(one), one])).values()];
}

/** The answer: null where there is no such thing, undefined where it was not asked. */
export function formerOf(
  question: FormerQuestion,
  { catalog }: MigrationContext,
): readonly string[] | null | undefined {
  return catalog?.formers ? answersOf(catalog.formers).get(formerKey(question))?.sql : undefined;
}

/** The place of an answer among all: younger things stand after those on which they may stand. */
export function formerPlace(question: FormerQuestion, { catalog }: MigrationContext): number {
  return (catalog?.formers && answersOf(catalog.formers).get(formerKey(question))?.place) ?? 0;
}

interface Answer {
  readonly sql: Former['sql'];
  readonly place: number;
}

/** By question; a file of thousands of statements asks for each of them. */
const answersOf = oncePer((formers: readonly Former[]): ReadonlyMap<string, Answer> => {
  const made = new Map<string, Answer>();
  for (const [place, { question, sql }] of formers.entries())
    if (!made.has(question)) made.set(question, { sql, place });
  return made;
});

/** What has to be known for the way back of an operation; empty where its own text, or the catalog, says it. */
export function questionsOf(operation: Operation): readonly FormerQuestion[] {
  const { command, relation, type, body } = operation;
  if (command && relation) {
    const asked = ofCommand(operation);
    return asked ? [{ name: written(relation), sub: command.name ?? '', ...asked }] : [];
  }
  return QUESTIONS[type]?.(body, operation) ?? [];
}

type Ask = (body: TreeNode, operation: Operation) => readonly FormerQuestion[];

const QUESTIONS: Readonly<Record<string, Ask>> = {
  CreateFunctionStmt: (body) => (body['replace'] === true ? ask('function', signature(functionObject(body))) : []),
  AlterFunctionStmt: (body) => ask('function', signature({ ObjectWithArgs: field(body, 'func') ?? {} })),
  CreateSeqStmt: (body) => {
    const sequence = body['if_not_exists'] === true ? relationOf(field(body, 'sequence')) : null;
    return sequence ? ask('sequence', written(sequence)) : [];
  },
  ViewStmt: (body, { relation }) => (relation && body['replace'] === true ? ask('view', written(relation)) : []),
  CreateTrigStmt: (body, { relation }) =>
    relation && body['replace'] === true ? ask('trigger', written(relation), textOf(body, 'trigname')) : [],
  RuleStmt: (body, { relation }) =>
    relation && body['replace'] === true ? ask('rule', written(relation), textOf(body, 'rulename')) : [],
  AlterPolicyStmt: (body) => {
    const table = relationOf(field(body, 'table'));
    return table ? ask('policy', written(table), textOf(body, 'policy_name')) : [];
  },
  AlterOwnerStmt: (body) => {
    const of = classOf(textOf(body, 'objectType'));
    return of ? ask(`owner of ${of}`, nameOf(of, body['object'] ?? null)) : [];
  },
  AlterSeqStmt: (body, { relation }) => {
    const sequence = relation ?? relationOf(field(body, 'sequence'));
    return sequence ? ask('sequence', written(sequence)) : [];
  },
  AlterStatsStmt: (body) => ask('statistics target', writtenNames(list(body, 'defnames'))),
  AlterDomainStmt: (body) => {
    const kind = textOf(body, 'subtype') ?? '';
    const name = writtenNames(list(body, 'typeName'));
    if (kind === 'X') return ask('domain constraint', name, textOf(body, 'name'));
    return 'TNO'.includes(kind) ? ask('domain', name, kind === 'T' ? 'default' : 'not null') : [];
  },
  AlterDatabaseSetStmt: (body) => settingOf(body, { database: textOf(body, 'dbname'), role: null }),
  AlterRoleSetStmt: (body) =>
    settingOf(body, { database: textOf(body, 'database'), role: textOf(field(body, 'role') ?? {}, 'rolename') }),
  GrantStmt: (body) => ofGrant(body),
  CommentStmt: (body) => ofComment(body),
  DropStmt: (body) => {
    const [kind, along] = [textOf(body, 'removeType') ?? '', textOf(body, 'behavior') === 'DROP_CASCADE'];
    return list(body, 'objects').flatMap((object) => ofDrop(kind, object, along));
  },
};

function ask(kind: FormerKind, name: string | null, sub: string | null = ''): readonly FormerQuestion[] {
  return name === null || name === '' || sub === null ? [] : [{ kind, name, sub }];
}

type Asked = Pick<FormerQuestion, 'kind'> & Partial<FormerQuestion>;

function ofCommand({ command, body }: Operation): Asked | null {
  if (!command) return null;
  const definition = field(command.body, 'def') ?? {};
  const options = bodiesOf(list(field(definition, 'List') ?? {}, 'items'), 'DefElem').map((option) =>
    [textOf(option, 'defnamespace'), textOf(option, 'defname')].filter((part) => part !== null).join('.'),
  );
  const partition = relationOf(field(field(definition, 'PartitionCmd') ?? {}, 'name'));
  const { subtype } = command;
  if (/^AT_(?:Enable|Disable)(?:Always|Replica)?Trig(?:All|User)?$/.test(subtype))
    return { kind: 'trigger states', sub: subtype.endsWith('All') ? 'all' : 'user' };
  if (/^AT_(?:Enable|Disable)(?:Always|Replica)?Rule$/.test(subtype)) return { kind: 'rule' };
  if (subtype.endsWith('RowSecurity')) return { kind: 'row security' };
  switch (subtype) {
    case 'AT_ChangeOwner':
      return { kind: 'owner of relation', sub: '' };
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return { kind: 'options', sub: JSON.stringify(options) };
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
      return { kind: 'column options', sub: JSON.stringify([command.name, ...options]) };
    case 'AT_SetStorage':
    case 'AT_SetCompression':
      return { kind: 'column storage' };
    case 'AT_SetStatistics':
      return textOf(body, 'objtype') === 'OBJECT_INDEX'
        ? { kind: 'index statistics', sub: JSON.stringify(command.body['num'] ?? null) }
        : null;
    case 'AT_ReplicaIdentity':
      return { kind: 'replica identity', sub: '' };
    case 'AT_ClusterOn':
    case 'AT_DropCluster':
      return { kind: 'cluster', sub: '' };
    case 'AT_SetTableSpace':
      return { kind: 'tablespace', sub: '' };
    case 'AT_SetAccessMethod':
      return { kind: 'access method', sub: '' };
    case 'AT_SetIdentity':
      return { kind: 'identity' };
    case 'AT_DetachPartition':
      return partition ? { kind: 'bound', name: written(partition), sub: '' } : null;
    default:
      return null;
  }
}

const CLASSES = {
  relation: /^OBJECT_(?:TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/,
  function: /^OBJECT_(?:FUNCTION|PROCEDURE|ROUTINE)$/,
  schema: /^OBJECT_SCHEMA$/,
  type: /^OBJECT_(?:TYPE|DOMAIN)$/,
};

function classOf(kind: string | null): keyof typeof CLASSES | null {
  return (Object.keys(CLASSES) as (keyof typeof CLASSES)[]).find((one) => CLASSES[one].test(kind ?? '')) ?? null;
}

function nameOf(of: keyof typeof CLASSES, object: TreeValue): string | null {
  if (of === 'function') return bodyOf(object, 'ObjectWithArgs') ? signature(object as TreeNode) : null;
  if (of === 'schema') return writtenNames([object]);
  const type = bodyOf(object, 'TypeName');
  const range = bodyOf(object, 'RangeVar');
  const relation = range ? relationOf(range) : relationOfNames(type ? list(type, 'names') : object);
  return relation ? written(relation) : null;
}

function writtenNames(parts: readonly TreeValue[]): string | null {
  const relation = relationOfNames(parts);
  return relation ? written(relation) : null;
}

/** Of a CREATE FUNCTION's body, or of an `ObjectWithArgs`: as `regprocedure` reads it. Null where it can not be written. */
export function signatureOf(node: TreeNode): string | null {
  return signature(field(node, 'ObjectWithArgs') ? node : functionObject(node));
}

/** As `regprocedure` reads it: with the types of the arguments, unless they were left out. */
function signature(object: TreeNode): string | null {
  try {
    const drop = { DropStmt: { objects: [object], removeType: 'OBJECT_FUNCTION', behavior: 'DROP_RESTRICT' } };
    return deparseGuarded(drop).replace(/^DROP FUNCTION /, '');
  } catch (thrown) {
    if (asWizardError(thrown).code !== 'sql/deparse') throw thrown;
    return null;
  }
}

function settingOf(
  body: TreeNode,
  of: { readonly database: string | null; readonly role: string | null },
): readonly FormerQuestion[] {
  const name = textOf(field(body, 'setstmt') ?? {}, 'name');
  return ask('setting', name, JSON.stringify([of.database, of.role]));
}

function ofGrant(body: TreeNode): readonly FormerQuestion[] {
  const of = classOf(textOf(body, 'objtype'));
  if (!of || textOf(body, 'targtype') !== 'ACL_TARGET_OBJECT') return [];
  const roles = bodiesOf(list(body, 'grantees'), 'RoleSpec').map((role) =>
    textOf(role, 'roletype') === 'ROLESPEC_PUBLIC' ? '' : textOf(role, 'rolename'),
  );
  // CURRENT_USER is whoever runs it.
  if (roles.includes(null)) return [];
  return list(body, 'objects').flatMap((object) => ask(`rights on ${of}`, nameOf(of, object), JSON.stringify(roles)));
}

function ofComment(body: TreeNode): readonly FormerQuestion[] {
  const [kind, object] = [textOf(body, 'objtype') ?? '', body['object'] ?? null];
  const of = classOf(kind);
  if (of) return ask(`comment on ${of}`, nameOf(of, object));
  if (kind === 'OBJECT_EXTENSION') return ask('comment on extension', textOf(bodyOf(object, 'String') ?? {}, 'sval'));
  const part = PARTS[kind];
  const path = list(bodyOf(object, 'List') ?? {}, 'items');
  return part ? ask(`comment on ${part}`, writtenNames(path.slice(0, -1)), names(path).at(-1) ?? null) : [];
}

const PARTS: Readonly<Record<string, 'column' | 'constraint' | 'trigger' | 'policy' | 'rule'>> = {
  OBJECT_COLUMN: 'column',
  OBJECT_TABCONSTRAINT: 'constraint',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'policy',
  OBJECT_RULE: 'rule',
};

function ofDrop(kind: string, object: TreeValue, along: boolean): readonly FormerQuestion[] {
  const path = list(bodyOf(object, 'List') ?? {}, 'items');
  const part = PARTS[kind];
  if (part === 'trigger' || part === 'policy' || part === 'rule')
    return ask(part, writtenNames(path.slice(0, -1)), names(path).at(-1) ?? null);
  if (kind === 'OBJECT_VIEW' || kind === 'OBJECT_MATVIEW')
    return ask('dropped view', writtenNames(path), along ? 'cascade' : '');
  if (kind === 'OBJECT_STATISTIC_EXT') return ask('dropped statistics', writtenNames(path));
  if (kind === 'OBJECT_EXTENSION') return ask('dropped extension', textOf(bodyOf(object, 'String') ?? {}, 'sval'));
  const of = classOf(kind);
  return of && of !== 'relation' ? ask(`dropped ${of}`, nameOf(of, object)) : [];
}
