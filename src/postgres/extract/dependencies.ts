import { FIRST_USER_OID, type ExtractContext } from './context.js';
import type { Dependency } from './order.js';
import type { SchemaObject } from './script.js';

interface DependencyRow extends Record<string, unknown> {
  readonly catalog: string;
  readonly oid: string;
  readonly position: number;
  readonly ref_catalog: string;
  readonly ref_oid: string;
  readonly ref_position: number;
}

/** What `pg_depend` says about user objects, the order of shell types and of refreshes added. */
export async function readDependencies(
  context: ExtractContext,
  objects: readonly SchemaObject[],
): Promise<readonly Dependency[]> {
  const rows = await context.rows<DependencyRow>(`
    SELECT DISTINCT c.relname::text AS catalog, d.objid::text AS oid, d.objsubid::int4 AS position, r.relname::text AS ref_catalog,
      d.refobjid::text AS ref_oid, d.refobjsubid::int4 AS ref_position
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.classid JOIN pg_catalog.pg_class r ON r.oid = d.refclassid
    WHERE d.objid >= ${FIRST_USER_OID} AND (d.refobjid >= ${FIRST_USER_OID} OR d.refclassid = 'pg_catalog.pg_namespace'::regclass)
      AND d.deptype <> 'e' AND (d.classid, d.objid) <> (d.refclassid, d.refobjid)`);
  const isSequence = new Set(objects.filter(({ kind }) => kind === 'sequence').map(({ key }) => key));
  const isTable = new Set(
    objects.filter(({ kind }) => kind === 'table' || kind === 'foreign table').map(({ key }) => key),
  );
  const edges = rows
    .map((row) => ({
      from: `${row.catalog}:${row.oid}`,
      to: `${row.ref_catalog}:${row.ref_oid}`,
      fromColumn: row.position,
      toColumn: row.ref_position,
    }))
    // Being owned by a column is a statement of its own.
    .filter(({ from, to }) => !(isSequence.has(from) && isTable.has(to)))
    .map((edge) => ({ ...edge, to: context.members.get(edge.to) ?? edge.to }));
  const all = throughShells(edges, objects);
  return [...all, ...refreshOrder(all, objects)];
}

/** A function that its own type needs is made over the type's shell. */
function throughShells(edges: readonly Dependency[], objects: readonly SchemaObject[]): Dependency[] {
  const shells = new Map(
    objects.filter(({ kind }) => kind === 'shell type').map(({ key }) => [key.replace(/^shell /, ''), key]),
  );
  if (shells.size === 0) return [...edges];
  const typeOf = new Map<string, string>();
  for (const object of objects) {
    if (!shells.has(object.key)) continue;
    for (const alias of [object.key, ...(object.aliases ?? [])]) typeOf.set(alias, object.key);
  }
  const neededBy = new Set(edges.filter(({ from }) => shells.has(from)).map(({ from, to }) => `${to} for ${from}`));
  return edges.map((edge) => {
    const { from, to } = edge;
    const type = typeOf.get(to);
    const shell = type !== undefined && neededBy.has(`${from} for ${type}`) ? shells.get(type) : undefined;
    return { ...edge, to: shell ?? to };
  });
}

/** A materialised view is filled after those it reads, directly or through views and functions. */
function refreshOrder(edges: readonly Dependency[], objects: readonly SchemaObject[]): Dependency[] {
  const refreshes = new Set(objects.filter(({ kind }) => kind === 'refresh').map(({ key }) => key));
  if (refreshes.size === 0) return [];
  const owner = new Map<string, string>();
  for (const { key, aliases, parts } of objects) {
    for (const address of [...(aliases ?? []), ...(parts ?? []).map((part) => part.key)]) owner.set(address, key);
  }
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const start = owner.get(from) ?? from;
    const list = next.get(start);
    if (list === undefined) next.set(start, [owner.get(to) ?? to]);
    else list.push(owner.get(to) ?? to);
  }
  const found: Dependency[] = [];
  for (const refresh of refreshes) {
    const start = refresh.replace(/^refresh /, '');
    const seen = new Set([start]);
    const work = [start];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      for (const to of next.get(at) ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        work.push(to);
        if (refreshes.has(`refresh ${to}`)) found.push({ from: refresh, to: `refresh ${to}` });
      }
    }
  }
  return found;
}
