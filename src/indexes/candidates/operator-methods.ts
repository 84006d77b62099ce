import { quoteIdent } from '../../base/quote.js';
import type { Catalog, Column } from '../../model/catalog.js';
import type { ExpressionKind } from './immutability.js';

/** An access method with the operator class behind a blank, empty for the type's default one. */
export interface OperatorMethod {
  readonly method: string;
  readonly opclass: string;
}

/** What is indexed, as far as it matters for operators; `json` is jsonb. */
export type IndexedKind =
  | 'json'
  | 'array'
  | 'tsvector'
  | 'range'
  | 'geometric'
  | 'network'
  | 'ltree'
  | 'hstore'
  | 'text';

/** Null for what only btrees and hash indexes serve. */
export function kindOfColumn({
  baseType,
  typeCategory,
}: Pick<Column, 'baseType' | 'typeCategory'>): IndexedKind | null {
  return KINDS[baseType] ?? CATEGORIES[typeCategory] ?? null;
}

/** Of an expression; null as with columns. */
export function kindOfExpression(kind: ExpressionKind | null): IndexedKind | null {
  if (kind === 'point') return 'geometric';
  return kind === 'json' || kind === 'array' || kind === 'tsvector' || kind === 'range' || kind === 'text'
    ? kind
    : null;
}

/**
 * The indexes that serve an operator which is no comparison (manual, "Built-in Operator Classes" of GIN and GiST, "jsonb Indexing", "pg_trgm", "ltree", "hstore"). `jsonb_path_ops` is smaller
 * and quicker, and knows `@>`, `@?` and `@@` only. That an address lies in a network a btree finds too.
 */
export function operatorMethods(kind: IndexedKind, operator: string, catalog: Catalog): readonly OperatorMethod[] {
  const gin = (opclass = ''): OperatorMethod => ({ method: 'gin', opclass });
  const gist = (opclass = ''): OperatorMethod => ({ method: 'gist', opclass });
  const when = (pattern: RegExp, ...methods: readonly OperatorMethod[]): readonly OperatorMethod[] =>
    pattern.test(operator) ? methods : [];
  switch (kind) {
    case 'json':
      return [...when(/^(?:@>|@\?|@@)$/, gin(' jsonb_path_ops')), ...when(/^\?[|&]?$/, gin())];
    case 'array':
      return when(/^(?:@>|<@|&&)$/, gin());
    case 'tsvector':
      return when(/^@@$/, gin());
    case 'range':
      return when(/^(?:@>|<@|&&|-\|-|<<|>>)$/, gist());
    case 'geometric':
      return when(/^(?:@>|<@|&&|~=|<<|>>|&<|&>|<<\||\|>>|<->)$/, gist());
    case 'network':
      return [...when(/^(?:&&|>>=?|<<=?)$/, gist(' inet_ops')), ...when(/^<<=?$/, { method: 'btree', opclass: '' })];
    case 'ltree':
      return when(/^(?:@>|<@|~|\?|@)$/, gist());
    case 'hstore':
      return when(/^(?:@>|\?[|&]?)$/, gin());
    case 'text': {
      const [trigramGin, trigramGist] = [trigramOpclass(catalog, 'gin'), trigramOpclass(catalog, 'gist')];
      if (trigramGin === null || trigramGist === null) return [];
      return [...when(/^(?:%|<%|%>|<<%|%>>)$/, gin(trigramGin)), ...when(/^(?:<->|<->>|<<->)$/, gist(trigramGist))];
    }
  }
}

/** `schema.opclass` of pg_trgm with a blank before it; null when the extension is not installed. */
export function trigramOpclass(catalog: Catalog, method: 'gin' | 'gist'): string | null {
  const extension = catalog.extensions.find((one) => one.name === 'pg_trgm');
  return extension ? ` ${quoteIdent(extension.schema)}.${method}_trgm_ops` : null;
}

const KINDS: Readonly<Record<string, IndexedKind>> = {
  jsonb: 'json',
  tsvector: 'tsvector',
  point: 'geometric',
  box: 'geometric',
  circle: 'geometric',
  polygon: 'geometric',
  inet: 'network',
  cidr: 'network',
  ltree: 'ltree',
  hstore: 'hstore',
};

const CATEGORIES: Readonly<Record<string, IndexedKind>> = { A: 'array', R: 'range', S: 'text' };
