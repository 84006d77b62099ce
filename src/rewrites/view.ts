import { lookupTable } from '../model/catalog.js';
import type { Catalog, Column, RelationName, Table } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { outputName } from '../sql/output-name.js';
import { columnPath } from '../sql/scope.js';
import { bodyOf, field, isNode, list, names, textOf, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOfSeries } from './series.js';

/** One item of FROM under its name. */
export interface Source {
  readonly alias: string;
  /** Null for a subquery, CTE, function, and for a relation that the catalog does not hold. */
  readonly table: Table | null;
  /** In order; null where they can not be known. */
  readonly columns: readonly string[] | null;
  /** The FROM item: the wrapper, by identity in the statement's tree. */
  readonly item: TreeNode;
  /** An outer join may fill it with NULLs. */
  readonly nullable: boolean;
}

/** A SELECT without set operation, an UPDATE or a DELETE, with its names. */
export interface Query {
  /** By identity in the statement's tree. */
  readonly body: TreeNode;
  readonly type: string;
  readonly sources: readonly Source[];
  /** The query whose names it may use beside its own. */
  readonly parent: Query | null;
  readonly role: QueryRole;
}

/** Where a query stands. */
export type QueryRole = 'statement' | 'cte' | 'from' | 'sublink' | 'set-operation';

/** A column's origin. */
export interface ColumnOrigin {
  readonly query: Query;
  readonly source: Source;
  readonly name: string;
  /** Of the table; null for what a subquery or function gives. */
  readonly column: Column | null;
}

/** A statement with its names looked up in the catalog. */
export interface StatementView {
  readonly statement: ParsedStatement;
  readonly catalog: Catalog;
  /** Outer queries before inner ones. */
  readonly queries: readonly Query[];
}

/** Looks up the names of a statement. Pure; never throws for a name that is not there. */
export function viewOf(statement: ParsedStatement, catalog: Catalog): StatementView {
  const found: Query[] = [];
  const reader = new Reader(catalog, found);
  reader.statement({ type: statement.type, body: statement.body }, null, { ctes: new Map(), role: 'statement' });
  return { statement, catalog, queries: found };
}

/** Where a column comes from, seen from a query; null where that can not be told for certain. */
export function originOf(from: Query, columnRef: TreeValue): ColumnOrigin | null {
  const body = bodyOf(columnRef, 'ColumnRef');
  if (!body) return null;
  const { path, star } = columnPath(body);
  const name = path.at(-1);
  if (star || name === undefined) return null;
  for (let query: Query | null = from; query; query = query.parent) {
    const alias = path.length > 1 ? path.at(-2) : undefined;
    const named = query.sources.filter((source) => (alias === undefined ? true : source.alias === alias));
    if (alias === undefined && named.some((source) => source.columns === null)) return null;
    const having = named.filter((source) => source.columns?.includes(name));
    const [source] = having;
    if (having.length > 1) return null;
    if (source) {
      const column = source.table?.columns.find((one) => one.name === name) ?? null;
      return { query, source, name, column };
    }
    if (alias !== undefined && named.length > 0) return null;
  }
  return null;
}

/** Whether a column holds single values, of which IS NULL and IS NOT NULL are opposites: not rows of several columns. */
export function isScalar({ column }: ColumnOrigin): boolean {
  return SCALARS.has(column?.baseType ?? '');
}

const SCALARS = new Set(
  'int2 int4 int8 numeric float4 float8 text varchar bpchar bool date timestamp timestamptz time uuid interval json jsonb'.split(
    ' ',
  ),
);

/** Every column reference in a tree that is not inside a nested query, and those inside nested ones, each seen from the right query. Null where a name can not be looked up. */
export function originsIn(view: StatementView, from: Query, tree: TreeValue): readonly ColumnOrigin[] | null {
  const found: ColumnOrigin[] = [];
  const visit = (value: TreeValue, query: Query): boolean => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).every((item) => visit(item, query));
    if (!isNode(value)) return true;
    const inner = view.queries.find((one) => one.body === value) ?? query;
    if (bodyOf(value, 'ColumnRef')) {
      const origin = originOf(inner, value);
      if (origin) found.push(origin);
      return origin !== null || isOutputName(inner, value);
    }
    return Object.values(value).every((item) => visit(item, inner));
  };
  return visit(tree, from) ? found : null;
}

/** The query which is this body, by identity. */
export function queryOf(view: StatementView, body: TreeValue): Query | undefined {
  return view.queries.find((one) => one.body === body);
}

/**
 * Where the column comes from that a key of ORDER BY or DISTINCT ON names: a bare name means an output column of that name before a column of FROM
 * (`findTargetlistEntrySQL92` of `parse_clause.c`). Null where that is an expression, where the key is one, or where it can not be told.
 */
export function sortOriginOf(query: Query, key: TreeValue): ColumnOrigin | null {
  const { path, star } = columnPath(bodyOf(key, 'ColumnRef') ?? {});
  if (star || path.length !== 1) return originOf(query, key);
  const values = list(query.body, 'targetList')
    .filter((item) => outputName(item) === path[0])
    .map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const [first, ...others] = values.map((value) => originOf(query, value));
  if (first === undefined) return originOf(query, key);
  return others.every((one) => one?.source === first?.source && one?.name === first?.name) ? first : null;
}

/** ORDER BY and GROUP BY may name an output column; a name of FROM is rather a whole row of it. */
function isOutputName(query: Query, value: TreeNode): boolean {
  const { path } = columnPath(bodyOf(value, 'ColumnRef') ?? {});
  const isRow = query.sources.some(({ alias }) => alias === path[0]);
  return path.length === 1 && !isRow && (outputNames(query.body, query.sources) ?? []).includes(path[0] ?? '');
}

/** The tables of the catalog that a statement names anywhere, each once. */
export function relationsRead(statement: ParsedStatement, catalog: Catalog): readonly RelationName[] {
  const found = new Map<string, RelationName>();
  for (const { sources } of viewOf(statement, catalog).queries) {
    for (const { table } of sources) {
      if (table) found.set(`${table.schema}\n${table.name}`, { schema: table.schema, name: table.name });
    }
  }
  return [...found.values()];
}

interface Place {
  readonly ctes: ReadonlyMap<string, readonly string[] | null>;
  readonly role: QueryRole;
}

class Reader {
  constructor(
    private readonly catalog: Catalog,
    private readonly found: Query[],
  ) {}

  /** Gives the names of the output columns; null where they can not be known. */
  statement(
    { type, body }: { readonly type: string; readonly body: TreeNode },
    parent: Query | null,
    place: Place,
  ): readonly string[] | null {
    const ctes = this.ctes(body, parent, place);
    if (type === 'InsertStmt') {
      const select = typed(body['selectStmt']);
      if (select) this.statement(select, parent, { ctes, role: 'from' });
      return null;
    }
    if (body['op'] !== undefined && body['op'] !== 'SETOP_NONE') {
      const left = field(body, 'larg');
      const right = field(body, 'rarg');
      const columns = left ? this.statement({ type, body: left }, parent, { ctes, role: 'set-operation' }) : null;
      if (right) this.statement({ type, body: right }, parent, { ctes, role: 'set-operation' });
      return columns;
    }
    const sources: Source[] = [];
    const query: Query = { body, type, sources, parent, role: place.role };
    this.found.push(query);
    const relation = field(body, 'relation');
    if (relation && type !== 'SelectStmt') sources.push(this.table({ RangeVar: relation }, relation, false, ctes));
    for (const item of [...list(body, 'fromClause'), ...list(body, 'usingClause')])
      this.item(item, { query, sources, ctes }, false);
    for (const [name, value] of Object.entries(body)) {
      if (!['fromClause', 'usingClause', 'withClause', 'relation'].includes(name)) this.inner(value, query, ctes);
    }
    return outputNames(body, sources);
  }

  private ctes(body: TreeNode, parent: Query | null, place: Place): Place['ctes'] {
    const clause = field(body, 'withClause');
    if (!clause) return place.ctes;
    const known = new Map(place.ctes);
    for (const one of list(clause, 'ctes')) {
      const cte = bodyOf(one, 'CommonTableExpr');
      const select = cte ? typed(cte['ctequery']) : null;
      const name = cte ? textOf(cte, 'ctename') : null;
      if (!cte || !select || name === null) continue;
      const given = names(list(cte, 'aliascolnames'));
      if (clause['recursive'] === true) known.set(name, given.length > 0 ? given : null);
      const columns = this.statement(select, parent, { ctes: known, role: 'cte' });
      known.set(name, given.length > 0 ? given : columns);
    }
    return known;
  }

  private item(
    value: TreeValue,
    at: { readonly query: Query; readonly sources: Source[]; readonly ctes: Place['ctes'] },
    nullable: boolean,
  ): void {
    const node = typed(value);
    if (!node || !isNode(value)) return;
    const { body } = node;
    if (node.type === 'RangeVar') {
      at.sources.push(this.table(value, body, nullable, at.ctes));
    } else if (node.type === 'JoinExpr') {
      const type = body['jointype'];
      if (field(body, 'alias')) {
        at.sources.push({ alias: '', table: null, columns: null, item: value, nullable: true });
        return;
      }
      this.item(body['larg'], at, nullable || type === 'JOIN_RIGHT' || type === 'JOIN_FULL');
      this.item(body['rarg'], at, nullable || type === 'JOIN_LEFT' || type === 'JOIN_FULL');
      this.inner(body['quals'], at.query, at.ctes);
    } else {
      const select = node.type === 'RangeSubselect' ? typed(body['subquery']) : null;
      const parent = body['lateral'] === true ? at.query : at.query.parent;
      const columns = select ? this.statement(select, parent, { ctes: at.ctes, role: 'from' }) : null;
      const alias = field(body, 'alias');
      const given = alias ? names(list(alias, 'colnames')) : [];
      at.sources.push({
        alias: (alias ? textOf(alias, 'aliasname') : null) ?? '',
        table: null,
        columns: select && columns ? columns.map((name, i) => given[i] ?? name) : columnOfSeries(body),
        item: value,
        nullable,
      });
    }
  }

  private table(item: TreeNode, body: TreeNode, nullable: boolean, ctes: Place['ctes']): Source {
    const name = textOf(body, 'relname') ?? '';
    const schema = textOf(body, 'schemaname');
    const alias = field(body, 'alias');
    const given = alias ? names(list(alias, 'colnames')) : [];
    const cte = schema === null && ctes.has(name);
    const found = cte ? null : (lookupTable(this.catalog, schema, name) ?? null);
    const table = given.length > 0 ? null : found;
    const columns = cte ? (ctes.get(name) ?? null) : (found?.columns.map((column) => column.name) ?? null);
    return {
      alias: (alias ? textOf(alias, 'aliasname') : null) ?? name,
      table,
      columns: columns?.map((column, i) => given[i] ?? column) ?? null,
      item,
      nullable,
    };
  }

  private inner(value: TreeValue, query: Query, ctes: Place['ctes']): void {
    if (Array.isArray(value)) {
      for (const one of value as readonly TreeValue[]) this.inner(one, query, ctes);
      return;
    }
    if (!isNode(value)) return;
    const sublink = bodyOf(value, 'SubLink');
    const select = sublink ? typed(sublink['subselect']) : null;
    if (sublink && select) {
      this.inner(sublink['testexpr'], query, ctes);
      this.statement(select, query, { ctes, role: 'sublink' });
      return;
    }
    for (const one of Object.values(value)) this.inner(one, query, ctes);
  }
}

function outputNames(body: TreeNode, sources: readonly Source[]): readonly string[] | null {
  const found: string[] = [];
  for (const item of list(body, 'targetList')) {
    const target = bodyOf(item, 'ResTarget');
    const value = target ? typed(target['val']) : null;
    if (!target || !value) return null;
    const { path, star } = value.type === 'ColumnRef' ? columnPath(value.body) : { path: [], star: false };
    if (star) {
      const starred = sources.filter((source) => path.length === 0 || source.alias === path.at(-1));
      if (starred.length === 0 || starred.some((source) => source.columns === null)) return null;
      found.push(...starred.flatMap((source) => source.columns ?? []));
    } else {
      found.push(outputName(item));
    }
  }
  return found.length > 0 ? found : null;
}
