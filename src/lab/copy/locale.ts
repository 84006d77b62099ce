import { quoteIdent, quoteLiteral } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../../postgres/session.js';
import { createDatabase } from '../databases.js';

interface SourceDatabase extends Record<string, unknown> {
  readonly encoding: string;
  readonly datcollate: string;
  readonly datctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly provider: string;
  readonly locale: string | null;
  readonly rules: string | null;
}

/** Creates an empty database with the source's encoding and sort order, or what comes nearest to it in the lab; and with the source's own settings. */
export async function createLike(
  source: Session,
  admin: Session,
  name: string,
  onCreated: () => void,
): Promise<readonly Skipped[]> {
  const [database] = await source.query<SourceDatabase>(`
    SELECT pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text, d.datctype::text,
      COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
      COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale,
      pg_catalog.to_jsonb(d) ->> 'daticurules' AS rules
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`);
  const skipped: Skipped[] = [];
  const wanted = database ?? FALLBACK;
  for (const { clauses, note } of attempts(wanted)) {
    const failure = await tryCreate(admin, name, clauses);
    if (failure !== null && clauses === LAST_RESORT) throw failure;
    if (failure !== null) continue;
    onCreated();
    if (note !== null)
      skipped.push({ what: `sort order ${wanted.locale ?? wanted.datcollate}`, reason: note, remedy: REMEDY });
    break;
  }
  return [...skipped, ...(await copySettings(source, admin, name))];
}

/** What to give to CREATE COLLATION for a system collation that the lab misses, such as `de_DE.utf8`. */
export function labCollation(name: string): string {
  return `PROVIDER = icu, LOCALE = ${quoteLiteral(icuName(name))}`;
}

const FALLBACK: SourceDatabase = {
  encoding: 'UTF8',
  datcollate: 'C',
  datctype: 'C',
  provider: 'c',
  locale: null,
  rules: null,
};
const LAST_RESORT = `ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`;
const REMEDY = 'Install the locale on the machine of the lab, or give a lab server that has it, with --lab.';

interface Attempt {
  readonly clauses: string;
  /** What differs from the source; null for the same. */
  readonly note: string | null;
}

function attempts(wanted: SourceDatabase): Attempt[] {
  const encoding = `ENCODING ${quoteLiteral(wanted.encoding)}`;
  const libc = `LC_COLLATE ${quoteLiteral(wanted.datcollate)} LC_CTYPE ${quoteLiteral(wanted.datctype)}`;
  const list: Attempt[] = [];
  if (wanted.provider === 'c') list.push({ clauses: `${encoding} ${libc}`, note: null });
  if (wanted.provider === 'b') {
    list.push({
      clauses: `${encoding} ${libc} LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(wanted.locale ?? 'C')}`,
      note: null,
    });
    list.push({
      clauses: `${encoding} LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(wanted.locale ?? 'C')}`,
      note: null,
    });
  }
  const sortsByByte =
    wanted.provider === 'b' || (wanted.provider === 'c' && /^(C|POSIX)($|\.)/i.test(wanted.datcollate));
  if (wanted.provider === 'i' || !sortsByByte) {
    const locale = wanted.locale ?? icuName(wanted.datcollate);
    const rules = wanted.rules === null ? '' : ` ICU_RULES ${quoteLiteral(wanted.rules)}`;
    const icu = `LOCALE_PROVIDER icu ICU_LOCALE ${quoteLiteral(locale)}${rules}`;
    const note =
      wanted.provider === 'i' ? null : `The lab has no locale ${wanted.datcollate}; ICU's ${locale} stands in for it.`;
    list.push({ clauses: `${encoding} ${libc} ${icu}`, note });
    list.push({ clauses: `${encoding} LC_COLLATE 'C' LC_CTYPE 'C' ${icu}`, note });
  }
  const byByte = sortsByByte
    ? null
    : 'The lab has no such locale: texts sort by byte value, and an index can serve LIKE there that can not in the source.';
  list.push({ clauses: `${encoding} LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`, note: byByte });
  list.push({ clauses: `${encoding} LC_COLLATE 'C' LC_CTYPE 'C'`, note: byByte });
  list.push({
    clauses: LAST_RESORT,
    note: `${byByte ?? 'Texts sort by byte value.'} The encoding ${wanted.encoding} became UTF8.`,
  });
  return list;
}

/** `de_DE.utf8@euro` to `de-DE`. */
function icuName(locale: string): string {
  return locale.replace(/[.@].*$/, '').replaceAll('_', '-');
}

async function tryCreate(admin: Session, name: string, clauses: string): Promise<unknown> {
  try {
    await createDatabase(admin, name, `TEMPLATE template0 ${clauses}`);
    return null;
  } catch (error) {
    const isLocale =
      error instanceof Error &&
      'sqlstate' in error &&
      ['42809', '22023', '42601', '0A000', 'XX000', '42704'].includes(String(error.sqlstate));
    if (isLocale) return error;
    throw error;
  }
}

/** Settings whose value is a list already quoted. */
const LISTS = new Set(['search_path']);
/** Settings that name things of the source's machine, or would keep the lab from being written. */
const LEFT_OUT =
  /_preload_libraries$|tablespaces?$|^default_transaction_read_only$|^role$|^(statement|lock|idle\w*|transaction)_timeout$|^log_/;

/** `ALTER DATABASE ... SET`: what the planner is told there belongs to the database. */
async function copySettings(source: Session, admin: Session, name: string): Promise<Skipped[]> {
  const rows = await source.query<{ setting: string }>(`
    SELECT u.setting FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS u(setting, position)
    WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0 ORDER BY u.position`);
  const skipped: Skipped[] = [];
  for (const { setting } of rows) {
    const at = setting.indexOf('=');
    const [parameter, value] = [setting.slice(0, at), setting.slice(at + 1)];
    const what = `database setting ${parameter}`;
    if (LEFT_OUT.test(parameter)) {
      skipped.push({
        what,
        reason: 'It belongs to the machine or to the sessions of the source, not to its data.',
        remedy: null,
      });
      continue;
    }
    const text = LISTS.has(parameter) ? value || `''` : quoteLiteral(value);
    const identifier = parameter.split('.').map(quoteIdent).join('.');
    await admin.run(`ALTER DATABASE ${quoteIdent(name)} SET ${identifier} = ${text}`).catch((error: Error) => {
      skipped.push({ what, reason: `The lab does not take it: ${error.message}`, remedy: null });
    });
  }
  return skipped;
}
