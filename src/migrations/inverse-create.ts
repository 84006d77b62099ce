import { quoteIdent } from '../base/quote.js';
import { bodiesOf, field, list, names, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { isNew, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { Inverse } from './inverse.js';
import { asSql } from './inverse-rename.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames, written } from './relation.js';
import type { Relation } from './relation.js';

type Invert = (operation: Operation, context: MigrationContext) => Inverse;

/** How what a CREATE makes is dropped again, by type of statement. Where it may have been there before, the catalog says whether it was. */
export const CREATIONS: Readonly<Record<string, Invert>> = {
  CreateStmt: ofRelation('TABLE'),
  CreateForeignTableStmt: ({ body, ...operation }, context) => {
    const base = field(body, 'base') ?? {};
    return ofRelation('FOREIGN TABLE')(
      { ...operation, body: base, relation: relationOf(field(base, 'relation')) },
      context,
    );
  },
  CreateTableAsStmt: ({ body, ...operation }, context) => {
    const kind = textOf(body, 'objtype') === 'OBJECT_MATVIEW' ? 'MATERIALIZED VIEW' : 'TABLE';
    return ofRelation(kind)(
      { ...operation, body, relation: relationOf(field(field(body, 'into') ?? {}, 'rel')) },
      context,
    );
  },
  ViewStmt: ({ relation, body }, context) => {
    if (!relation) return { why: 'its name is not known' };
    const before = body['replace'] === true ? wasThere(relation, context) : false;
    return before === false
      ? { sql: [`DROP VIEW ${written(relation)}`] }
      : { why: 'what the view was before is not known' };
  },
  CreateFunctionStmt: createdFunction,
  CreateExtensionStmt: ({ body }, { catalog }) => {
    const name = textOf(body, 'extname') ?? '';
    const isThere = body['if_not_exists'] === true ? catalog?.extensions.some((one) => one.name === name) : false;
    return unlessThere(isThere, `DROP EXTENSION ${quoteIdent(name)}`);
  },
  CreateSchemaStmt: ({ body }, { catalog }) => {
    const name = textOf(body, 'schemaname') ?? textOf(field(body, 'authrole') ?? {}, 'rolename');
    if (name === null) return { why: 'its name is not known' };
    const isThere = body['if_not_exists'] === true ? catalog?.schemas.includes(name) : false;
    const cascade = list(body, 'schemaElts').length > 0 ? ' CASCADE' : '';
    return unlessThere(isThere, `DROP SCHEMA ${quoteIdent(name)}${cascade}`);
  },
  CreateSeqStmt: ({ body }) => {
    const sequence = relationOf(field(body, 'sequence'));
    return sequence && body['if_not_exists'] !== true
      ? // With a column that it was given to it is gone already.
        { sql: [`DROP SEQUENCE IF EXISTS ${written(sequence)}`] }
      : { why: 'whether it was there before is not known' };
  },
  CreatePublicationStmt: ({ body }) => ({ sql: [`DROP PUBLICATION ${quoteIdent(textOf(body, 'pubname') ?? '')}`] }),
  CreateRoleStmt: ({ body }) => ({ sql: [`DROP ROLE ${quoteIdent(textOf(body, 'role') ?? '')}`] }),
  CreateEventTrigStmt: ({ body }) => ({ sql: [`DROP EVENT TRIGGER ${quoteIdent(textOf(body, 'trigname') ?? '')}`] }),
  CreateEnumStmt: ofNames('TYPE', 'typeName'),
  CreateRangeStmt: ofNames('TYPE', 'typeName'),
  CompositeTypeStmt: ({ body }) => {
    const name = relationOf(field(body, 'typevar'));
    return name ? { sql: [`DROP TYPE ${written(name)}`] } : { why: 'its name is not known' };
  },
  CreateDomainStmt: ofNames('DOMAIN', 'domainname'),
};

/** Null: whether it was there is not known. */
function unlessThere(isThere: boolean | undefined, sql: string): Inverse {
  if (isThere === undefined) return { why: 'whether it was there before is not known' };
  return { sql: isThere ? [] : [sql] };
}

function wasThere(relation: Relation, context: MigrationContext): boolean | undefined {
  if (isNew(context, relation)) return true;
  return context.catalog === null ? undefined : tableOf(context, relation) !== undefined;
}

function ofRelation(kind: string): Invert {
  return ({ relation, body }, context) => {
    if (!relation) return { why: 'its name is not known' };
    const isThere = body['if_not_exists'] === true ? wasThere(relation, context) : false;
    return unlessThere(isThere, `DROP ${kind} ${written(relation)}`);
  };
}

function ofNames(kind: string, fieldName: string): Invert {
  return ({ body }) => {
    const name = relationOfNames(list(body, fieldName));
    return name ? { sql: [`DROP ${kind} ${written(name)}`] } : { why: 'its name is not known' };
  };
}

/** By its name and the types that it is called with. */
function createdFunction({ body }: Operation, { catalog }: MigrationContext): Inverse {
  const path = names(list(body, 'funcname'));
  const replaces = body['replace'] === true && (catalog?.functions.some(({ name }) => name === path.at(-1)) ?? true);
  if (replaces) return { why: 'what the function was before is not known' };
  const removeType = body['is_procedure'] === true ? 'OBJECT_PROCEDURE' : 'OBJECT_FUNCTION';
  return asSql({ DropStmt: { objects: [functionObject(body)], removeType, behavior: 'DROP_RESTRICT' } });
}

/** A function that a CREATE makes, as other statements name it. */
export function functionObject(body: TreeNode): TreeNode {
  const parameters = bodiesOf(list(body, 'parameters'), 'FunctionParameter');
  const types = parameters
    .filter((parameter) => !['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE'].includes(textOf(parameter, 'mode') ?? ''))
    .flatMap((parameter) => field(parameter, 'argType') ?? []);
  const objargs = types.map((type): TreeNode => ({ TypeName: type }));
  const objfuncargs = types.map((type): TreeNode => ({
    FunctionParameter: { argType: type, mode: 'FUNC_PARAM_DEFAULT' },
  }));
  return { ObjectWithArgs: { objname: list(body, 'funcname'), ...(types.length > 0 ? { objargs, objfuncargs } : {}) } };
}
