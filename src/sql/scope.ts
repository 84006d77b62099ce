import type { ColumnsOf, ParameterUse, Predicate, RelationUse, SortUse } from './use-types.js';
import { list, names, typed } from './tree.js';
import type { TreeNode } from './tree.js';

/** A `RelationUse` while it is being collected. */
export interface Draft {
  readonly id: number;
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string;
  readonly level: number;
  readonly role: RelationUse['role'];
  readonly predicates: Predicate[];
  readonly sorts: SortUse[];
  readonly needed: Set<string>;
  readonly written: Set<string>;
  readonly set: Set<string>;
  deletes: boolean;
  star: boolean;
}

/** A column of a base relation. */
export interface BaseColumn {
  readonly draft: Draft;
  readonly column: string;
}

/** What a FROM item or a CTE offers: each column with the base column that it passes on, null when it is computed. `open` when there may be more columns. */
export interface Outputs {
  readonly columns: ReadonlyMap<string, BaseColumn | null>;
  readonly open: boolean;
  /** Of a UNION or INTERSECT what each of its queries offers, by the same names: a condition on its columns moves into all of them. */
  readonly arms?: readonly Outputs[];
}

/** A FROM item under its alias. */
export interface Source {
  readonly alias: string;
  readonly schema: string | null;
  /** Set for a base relation. */
  readonly draft: Draft | null;
  readonly outputs: Outputs;
}

/** A column reference that was found. */
export interface Resolved {
  /** Null when the column is computed by a subquery, or its relation's columns are not known. */
  readonly base: BaseColumn | null;
  readonly source: Source;
  /** Found in an outer query. */
  readonly outer: boolean;
  /** Whether a condition on it also narrows that outer query: true within EXISTS, false within a scalar subquery. */
  readonly narrows: boolean;
}

/** State shared by the whole analysis of one statement. */
export interface Collected {
  readonly columnsOf: ColumnsOf;
  readonly drafts: Draft[];
  readonly parameters: ParameterUse[];
  /** How often each bare relation name is written: a CTE that is read once is folded into its reader. */
  readonly mentions: ReadonlyMap<string, number>;
  nextGroup: number;
}

/** The names that a query can see. */
export class Scope {
  readonly sources: Source[] = [];
  readonly ctes = new Map<string, Outputs>();
  #noted: Set<Draft> | null = null;

  constructor(
    readonly parent: Scope | null,
    /** Whether conditions in here on the parent's columns narrow the parent. */
    readonly narrowsParent: boolean,
  ) {}

  get level(): number {
    return this.parent === null ? 0 : this.parent.level + 1;
  }

  /** This scope as each query of the UNIONs among its sources sees it: their columns are that query's own, and only its relations take conditions. */
  readings(): readonly Scope[] {
    const most = Math.max(0, ...this.sources.map((source) => source.outputs.arms?.length ?? 0));
    return Array.from({ length: most }, (_, arm) => {
      const reading = new Scope(this.parent, this.narrowsParent);
      reading.#noted = new Set();
      for (const [name, outputs] of this.ctes) reading.ctes.set(name, outputs);
      for (const source of this.sources) {
        const outputs = source.outputs.arms?.[arm];
        reading.sources.push(outputs ? { ...source, outputs } : source);
        for (const base of outputs?.columns.values() ?? []) if (base) reading.#noted.add(base.draft);
      }
      return reading;
    });
  }

  /** Whether what is read in this scope is noted at a relation. */
  notes(draft: Draft): boolean {
    return this.#noted?.has(draft) ?? true;
  }

  findCte(name: string): Outputs | null {
    return this.ctes.get(name) ?? this.parent?.findCte(name) ?? null;
  }

  /** Finds `[schema.][alias.]column`; null when no source can have it. */
  resolve(path: readonly string[]): Resolved | null {
    const source = this.sourceOf(path);
    if (source) return { base: columnOf(source, path.at(-1) ?? ''), source, outer: false, narrows: true };
    const further = this.parent?.resolve(path) ?? null;
    return further && { ...further, outer: true, narrows: further.narrows && this.narrowsParent };
  }

  /** The source that an alias names, here or further out. */
  findSource(alias: string): Source | null {
    return this.sources.find((source) => source.alias === alias) ?? this.parent?.findSource(alias) ?? null;
  }

  private sourceOf(path: readonly string[]): Source | null {
    const column = path.at(-1) ?? '';
    if (path.length > 1) {
      const alias = path.at(-2);
      const schema = path.length > 2 ? path.at(-3) : undefined;
      return (
        this.sources.find((source) => source.alias === alias && (schema === undefined || source.schema === schema)) ??
        null
      );
    }
    const known = this.sources.find((source) => source.outputs.columns.has(column));
    if (known) return known;
    const open = this.sources.filter((source) => source.outputs.open);
    return open.length === 1 ? (open[0] ?? null) : null;
  }
}

/** Adds a base relation to the collection and gives its source. */
export function baseSource(collected: Collected, relation: TreeNode, scope: Scope, role: RelationUse['role']): Source {
  const schema = typeof relation['schemaname'] === 'string' ? relation['schemaname'] : null;
  const name = typeof relation['relname'] === 'string' ? relation['relname'] : '';
  const { alias, columnNames } = aliasOf(relation);
  const draft: Draft = {
    id: collected.drafts.length,
    schema,
    name,
    alias: alias ?? name,
    level: scope.level,
    role,
    predicates: [],
    sorts: [],
    needed: new Set(),
    written: new Set(),
    set: new Set(),
    deletes: role === 'delete',
    star: false,
  };
  collected.drafts.push(draft);
  const columns = collected.columnsOf(schema, name);
  const entries = (columns ?? []).map((column, i) => [columnNames[i] ?? column, { draft, column }] as const);
  return { alias: draft.alias, schema, draft, outputs: { columns: new Map(entries), open: columns === null } };
}

/** A subquery, a CTE or a function under its alias, with the column names that the alias gives. */
export function derivedSource(node: TreeNode, name: string, outputs: Outputs): Source {
  const { alias, columnNames } = aliasOf(node);
  return { alias: alias ?? name, schema: null, draft: null, outputs: renamed(outputs, columnNames) };
}

/** The same columns under other names, by position; names beyond the columns are added as computed ones. */
export function renamed(outputs: Outputs, columnNames: readonly string[]): Outputs {
  if (columnNames.length === 0) return outputs;
  const entries = [...outputs.columns.entries()];
  const columns = new Map<string, BaseColumn | null>();
  entries.forEach(([name, base], i) => columns.set(columnNames[i] ?? name, base));
  columnNames.slice(entries.length).forEach((name) => columns.set(name, null));
  const arms = outputs.arms?.map((arm) => renamed(arm, columnNames));
  return { columns, open: outputs.open && columnNames.length < entries.length, ...(arms && { arms }) };
}

/** The parts of a ColumnRef: names, and whether it ends in `*`. */
export function columnPath(columnRef: TreeNode): { readonly path: readonly string[]; readonly star: boolean } {
  const fields = list(columnRef, 'fields');
  return { path: names(fields), star: fields.some((item) => typed(item)?.type === 'A_Star') };
}

function columnOf(source: Source, column: string): BaseColumn | null {
  const known = source.outputs.columns.get(column);
  if (known !== undefined) return known;
  return source.draft && source.outputs.open ? { draft: source.draft, column } : null;
}

function aliasOf(node: TreeNode): { readonly alias: string | null; readonly columnNames: readonly string[] } {
  const alias = node['alias'];
  if (typeof alias !== 'object' || alias === null || Array.isArray(alias)) return { alias: null, columnNames: [] };
  const body = alias as TreeNode;
  return {
    alias: typeof body['aliasname'] === 'string' ? body['aliasname'] : null,
    columnNames: names(list(body, 'colnames')),
  };
}
