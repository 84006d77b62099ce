import type { ColumnFacts, TableFacts } from '../../model/schema.js';

/** What happens to the columns of a table that stays. */
export interface ColumnPlan {
  readonly gone: ReadonlySet<string>;
  readonly added: ReadonlySet<string>;
  /** Dropped and added again, because nothing changes them in place. */
  readonly remade: ReadonlySet<string>;
  readonly retyped: ReadonlySet<string>;
}

/** What other objects do to the columns of a table. */
export interface ColumnPressure {
  /** Their type is made anew under its name. */
  readonly swapped: ReadonlySet<string>;
  /** Generated ones, whose expression needs something that is made anew. */
  readonly remade: ReadonlySet<string>;
}

/** Compares the columns of one table in two schemas. `major` is that of the server that the statements run on. */
export function planColumns(a: TableFacts, b: TableFacts, pressure: ColumnPressure, major: number): ColumnPlan {
  const were = new Map(a.columns.map((column) => [column.name, column]));
  const are = new Map(b.columns.map((column) => [column.name, column]));
  const gone = new Set([...were.keys()].filter((name) => !are.has(name)));
  const added = new Set([...are.keys()].filter((name) => !were.has(name)));
  const kept = [...were.values()].flatMap((was) => {
    const is = are.get(was.name);
    return is === undefined ? [] : [{ was, is }];
  });
  const remade = new Set(
    kept.filter(({ was, is }) => isRemade(was, is, major) || pressure.remade.has(was.name)).map(({ was }) => was.name),
  );
  const retyped = new Set(
    kept
      .filter(({ was, is }) => was.type !== is.type || was.collation !== is.collation || pressure.swapped.has(was.name))
      .map(({ was }) => was.name)
      .filter((name) => !remade.has(name)),
  );
  const moved = new Set([...gone, ...retyped, ...remade]);
  // PostgreSQL changes no column that a generated one is made from.
  for (const { was } of kept)
    if (was.generated !== '' && !remade.has(was.name) && mentions(was.default ?? '', moved)) remade.add(was.name);
  for (const name of remade) retyped.delete(name);
  return { gone, added, remade, retyped };
}

/** Columns after which those that need them must be made anew. */
export function movedColumns({ gone, remade, retyped }: ColumnPlan): ReadonlySet<string> {
  return new Set([...gone, ...remade, ...retyped]);
}

/** The columns as they will stand, which may be another order than the one wanted. */
export function orderAfter(a: TableFacts, b: TableFacts, { gone, remade, added }: ColumnPlan): readonly string[] {
  const stay = a.columns.map(({ name }) => name).filter((name) => !gone.has(name) && !remade.has(name));
  return [...stay, ...b.columns.map(({ name }) => name).filter((name) => added.has(name) || remade.has(name))];
}

/** SET EXPRESSION is there from 17 on. */
function isRemade(was: ColumnFacts, is: ColumnFacts, major: number): boolean {
  if (was.generated !== is.generated) return is.generated !== '' || was.generated === 'v';
  return is.generated !== '' && was.default !== is.default && major < 17;
}

function mentions(expression: string, names: ReadonlySet<string>): boolean {
  const words = new Set(
    (expression.match(/"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []).map((word) =>
      word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word,
    ),
  );
  return [...names].some((name) => words.has(name));
}
