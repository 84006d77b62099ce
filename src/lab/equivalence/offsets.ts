import { parseStatement } from '../../sql/parse.js';
import { bodyOf, field, numberOf, walk } from '../../sql/tree.js';
import type { TreeValue } from '../../sql/tree.js';

/** More rows than this a database of the search hardly has: what stands beyond them would compare nothing with nothing. */
const FEW = 3;

/**
 * Two statements with each large literal OFFSET of the first made small in both, and with it a LIMIT of the second that is the sum of LIMIT and OFFSET. What is said of one page is
 * said of every page; of 8000 rows that are left out, a small database has none to show. Needs `loadParser()`.
 */
export function withSmallOffsets<T extends { readonly before: string; readonly after: string }>(claim: T): T {
  const smaller = new Map<string, number>();
  for (const { type, body } of walk(parseStatement(claim.before).tree)) {
    const [offset, limit] = [wholeOf(body['limitOffset']), wholeOf(body['limitCount'])];
    if (type !== 'SelectStmt' || !offset || offset.value <= FEW) continue;
    smaller.set(`limitOffset ${offset.value}`, FEW - 1);
    if (limit) smaller.set(`limitCount ${limit.value + offset.value}`, limit.value + FEW - 1);
  }
  if (smaller.size === 0) return claim;
  return { ...claim, before: changed(claim.before, smaller), after: changed(claim.after, smaller) };
}

function changed(sql: string, smaller: ReadonlyMap<string, number>): string {
  const places = [...walk(parseStatement(sql).tree)].flatMap(({ body }) =>
    ['limitOffset', 'limitCount'].flatMap((clause) => {
      const found = wholeOf(body[clause]);
      const to = found ? smaller.get(`${clause} ${found.value}`) : undefined;
      return found && to !== undefined ? [{ at: found.at, digits: String(found.value).length, to }] : [];
    }),
  );
  let bytes = Buffer.from(sql);
  for (const { at, digits, to } of places.toSorted((a, b) => b.at - a.at))
    if (/^\d+$/.test(bytes.toString('utf8', at, at + digits)))
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(String(to)), bytes.subarray(at + digits)]);
  return bytes.toString();
}

/** A whole literal and the byte where it stands; null for anything else. */
function wholeOf(value: TreeValue): { readonly value: number; readonly at: number } | null {
  const constant = bodyOf(value, 'A_Const');
  const whole = constant ? field(constant, 'ival') : null;
  if (!constant || !whole) return null;
  return { value: numberOf(whole, 'ival') ?? 0, at: numberOf(constant, 'location') ?? 0 };
}
