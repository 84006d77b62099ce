import type { Catalog } from '../../../model/catalog.js';
import { columnPath } from '../../../sql/scope.js';
import { tryParseStatement } from '../../../sql/parse.js';
import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsIn, castOf } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly node: TreeNode;
  readonly source: Source;
  /** The generated column, and its expression. */
  readonly name: string;
  readonly as: string;
}

export default defineRewrite<Site>({
  id: 'sargable/expression-to-stored-column',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`to_tsvector('english', title) @@ q`, where the table has a column `GENERATED ALWAYS AS (to_tsvector('english', title)) STORED`, asks that column; any other expression of a stored column alike.",
    why: 'PostgreSQL does not look for a column that holds what an expression computes, so that it is computed for each row, and an index on the column is not used.',
    limits:
      'In WHERE and ON, on no nullable side of an outer join; the expressions are the same but for how texts and names of text search configurations are cast. No functions of the user.',
    sources: [
      'PostgreSQL manual, "Generated Columns"',
      'PostgreSQL manual, "Full Text Search", section "Creating Indexes"',
    ],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view).filter(({ node }) => !bodyOf(node, 'BoolExpr'));
    return conditions.flatMap(({ query, node: condition }) =>
      query.sources.flatMap((source) =>
        (source.table?.columns ?? []).flatMap(({ name, storedAs }) => {
          const wanted = storedAs === null ? null : expressionOf(storedAs);
          if (storedAs === null || wanted === null || !computes(wanted)) return [];
          const text = normal(wanted, { source, query: null });
          const found = within(condition).find((node) => normal(node, { source, query }) === text);
          return found ? [{ node: found, source, name, as: storedAs }] : [];
        }),
      ),
    );
  },
  requires: ({ node, source, name, as }, { catalog }) => [
    seen(`${source.alias}.${name} is GENERATED ALWAYS AS (${as}) STORED (pg_attribute.attgenerated)`),
    source.nullable
      ? missing(`an outer join may fill ${source.alias} with NULL`)
      : seen(`${source.alias} is on no nullable side of an outer join`),
    callsOwn(catalog, node)
      ? missing('a function of the user is called')
      : seen('all functions in it are those of PostgreSQL'),
  ],
  rewrite: ({ node, source, name }, view) => replace(view.statement.tree, node, columnOf(source.alias, name)),
  example: {
    schema: `
      CREATE TABLE article (id bigint PRIMARY KEY, title varchar(200) NOT NULL,
        words tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED);`,
    data: `
      INSERT INTO article (id, title) SELECT n, 'word' || n % 1000 || ' of ' || repeat('t', 90) FROM generate_series(1, 8000) AS n;
      CREATE INDEX ON article USING gin (words);
      VACUUM ANALYZE article;`,
    statement: "SELECT id FROM article WHERE to_tsvector('english', title) @@ to_tsquery('english', 'word77')",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'another configuration keeps words that are left out of the stored column',
    statement: "SELECT id FROM article WHERE to_tsvector('simple', title) @@ to_tsquery('simple', 'a')",
    to: "SELECT id FROM article WHERE words @@ to_tsquery('simple', 'a')",
  },
});

function expressionOf(text: string): TreeNode | null {
  const select = tryParseStatement(`SELECT ${text}`)?.body;
  const value = select ? bodyOf(list(select, 'targetList')[0], 'ResTarget')?.['val'] : null;
  return isNode(value) ? value : null;
}

/** Whether it is more than a column, and more than a constant. */
function computes(value: TreeNode): boolean {
  return !bodyOf(value, 'ColumnRef') && within(value).some((node) => bodyOf(node, 'ColumnRef'));
}

/** The nodes of an expression, itself included, those of nested queries left aside. */
function within(value: TreeValue): readonly TreeNode[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(within);
  if (!isNode(value) || 'SelectStmt' in value) return [];
  return [value, ...Object.values(value).flatMap(within)];
}

/** The expression as text, with columns of the source by name alone, and without what PostgreSQL adds to literals and columns of text. `query` is null where all names are the source's. */
function normal(value: TreeNode, at: { readonly source: Source; readonly query: Query | null }): string {
  const strip = (inner: TreeValue): TreeValue => {
    if (Array.isArray(inner)) return (inner as readonly TreeValue[]).map(strip);
    if (!isNode(inner)) return inner;
    const cast = castOf(inner);
    if (cast && isAdded(cast, at)) return strip(cast.value);
    const reference = bodyOf(inner, 'ColumnRef');
    if (reference) {
      const origin = at.query ? originOf(at.query, inner) : null;
      const isOwn = at.query === null || origin?.source === at.source;
      return isOwn ? { own: columnPath(reference).path.at(-1) ?? '' } : inner;
    }
    const entries = Object.entries(inner).filter(([key]) => key !== 'funcformat');
    return Object.fromEntries(entries.map(([key, item]) => [key, strip(item)]));
  };
  return treeText(strip(value));
}

function isAdded(
  { type, value }: { readonly type: string; readonly value: TreeNode },
  { source }: { readonly source: Source },
): boolean {
  if (bodyOf(value, 'A_Const')) return ['text', 'regconfig'].includes(type);
  const reference = bodyOf(value, 'ColumnRef');
  const name = reference ? columnPath(reference).path.at(-1) : undefined;
  const column = source.table?.columns.find((one) => one.name === name);
  return type === 'text' && ['text', 'varchar'].includes(column?.baseType ?? '');
}

function callsOwn({ functions }: Catalog, value: TreeNode): boolean {
  return callsIn(value).some(({ name }) => functions.some((own) => own.name === name));
}
