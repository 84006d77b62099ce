import type { Session } from '../../postgres/session.js';
import { writes } from '../../sql/kind.js';
import { bindParameters } from '../../sql/parameters.js';
import { parseStatement } from '../../sql/parse.js';
import { comparedForm, withoutLimit } from './forms.js';
import { columnsDiffer, namesOf, outputOf, readingOf } from './outputs.js';

/** What is run on each database. */
export interface Asked {
  /** Whether rows are changed; then tables are compared. */
  readonly writes: boolean;
  /** Whether the order of rows counts. */
  readonly ordered: boolean;
  /** Whether the last query is the first without its LIMIT. */
  readonly limited: boolean;
  /** With `$1, $2, ...` still in them: the original, the rewritten one, and the original without its LIMIT, if any. */
  readonly queries: readonly string[];
}

/** The queries of a claim in the form in which they are compared, or how their output columns differ. Throws `target/statement` where the server refuses one of them. */
export async function askedOf(
  session: Session,
  claim: { readonly before: string; readonly after: string },
  { values, byPosition }: { readonly values: readonly string[]; readonly byPosition: boolean },
): Promise<Asked | { readonly differs: string }> {
  const before = parseStatement(claim.before);
  const after = parseStatement(claim.after);
  if (writes(before) || before.type !== 'SelectStmt') {
    return { writes: true, ordered: false, limited: false, queries: [claim.before, claim.after] };
  }
  const columns = await outputOf(session, bindParameters(claim.before, values));
  const others = await outputOf(session, bindParameters(claim.after, values));
  const reason = columnsDiffer(columns, others, byPosition);
  if (reason !== null) return { differs: reason };
  const readings = columns.map((column, i) => readingOf(column, others[i] ?? column));
  const all = withoutLimit(before);
  const form = comparedForm(before, namesOf(columns), { readings });
  const queries = [
    form.sql,
    comparedForm(after, namesOf(others), { readings, mostKeys: form.keys, positions: form.positions }).sql,
    ...(all === null ? [] : [comparedForm(parseStatement(all), namesOf(columns), { readings }).sql]),
  ];
  return { writes: false, ordered: form.ordered, limited: all !== null, queries };
}
