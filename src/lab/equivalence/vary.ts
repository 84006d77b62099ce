import type { Random } from '../../stats/random.js';
import { pick } from './draw.js';
import type { GeneratedRow } from './generate.js';
import { valuesOf } from './taken.js';

/** A database a few steps away from another: a value changed or made NULL, a row left out, one doubled with a change. Near a database on which a statement gives rows lie those on which it gives others. */
export function varied(rows: readonly GeneratedRow[], random: Random): readonly GeneratedRow[] {
  const changed = [...rows];
  const steps = 1 + Math.floor(random() * 3);
  for (let step = 0; step < steps; step += 1) {
    const at = Math.floor(random() * changed.length);
    const row = changed[at];
    if (!row) break;
    const kind = random();
    if (kind < 0.15) changed.splice(at, 1);
    else if (kind < 0.5) changed.splice(at + 1, 0, random() < 0.3 ? row : otherwise(row, random));
    else changed[at] = otherwise(row, random);
  }
  return changed;
}

function otherwise(row: GeneratedRow, random: Random): GeneratedRow {
  const values = new Map(row.values);
  const column = pick(
    random,
    row.table.columns.filter(({ matters }) => matters),
  );
  if (!column) return row;
  const value = column.mayBeNull && random() < 0.25 ? 'NULL' : pick(random, valuesOf(column));
  if (value !== undefined) values.set(column.name, value);
  return { ...row, values };
}
