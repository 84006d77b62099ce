import type { Session } from '../../postgres/session.js';
import { parameterCount } from '../../sql/parameters.js';
import type { Random } from '../../stats/random.js';
import type { Constants } from './constants.js';
import type { FilledTable } from './tables.js';
import { candidatesOf } from './values.js';

/** Often enough that NULL meets rows which hold NULL. */
const NULL_SHARE = 0.15;

/** Gives values for `$1, $2, ...`: half of the time a set that was seen, else values of the parameters' types that the tables hold too, NULL among them. Reads the types from the server. */
export async function drawParameters(
  session: Session,
  claim: { readonly before: string; readonly after: string; readonly parameterSets: readonly (readonly string[])[] },
  facts: { readonly tables: readonly FilledTable[]; readonly constants: Constants },
): Promise<(random: Random) => readonly string[]> {
  const count = Math.max(parameterCount(claim.before), parameterCount(claim.after));
  if (count === 0) return () => [];
  const pools = (await parameterTypes(session, claim.before)).map((baseType) => {
    const { plain, exact, near } = candidatesOf({ baseType, labels: [], declared: baseType }, facts.constants.all, {
      now: facts.constants.now,
      own: false,
    });
    return [...exact, ...exact, ...near, ...plain, ...plain];
  });
  const complete = claim.parameterSets.filter((set) => set.length >= count);
  return (random) => {
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
    const seen = complete.length > 0 && (pools.length < count || random() < 0.5) ? pick(complete) : undefined;
    const value = (i: number): string => (seen ? (seen[i] ?? 'NULL') : (pick(pools[i] ?? []) ?? 'NULL'));
    return Array.from({ length: count }, (_, i) => (random() < NULL_SHARE ? 'NULL' : value(i)));
  };
}

/** Empty where the server can not tell them. */
async function parameterTypes(session: Session, sql: string): Promise<readonly string[]> {
  await session.run('SAVEPOINT wizard_types');
  try {
    await session.run(`PREPARE wizard_types AS ${sql}`);
    const rows = await session.query<{ name: string }>(
      `SELECT t.typname::text AS name FROM pg_catalog.pg_prepared_statements p, unnest(p.parameter_types) WITH ORDINALITY AS u (type, n)
       JOIN pg_catalog.pg_type t ON t.oid = u.type WHERE p.name = 'wizard_types' ORDER BY u.n`,
    );
    await session.run('DEALLOCATE wizard_types; RELEASE SAVEPOINT wizard_types');
    return rows.map(({ name }) => name);
  } catch {
    await session.run('ROLLBACK TO SAVEPOINT wizard_types');
    return [];
  }
}
