import { connect } from '../connect.js';
import type { ConnectionSettings, Session } from '../session.js';

/** Settings that the texts of `pg_get_*` and of COPY depend on: those of pg_dump. */
const TEXT_SETTINGS: Readonly<Record<string, string>> = {
  search_path: '',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
};

/** The settings of a connection on which `extractSchema` gets qualified names and constants that read the same everywhere. */
export function withTextSettings(settings: ConnectionSettings, quoteAll: boolean): ConnectionSettings {
  const wanted = Object.entries({ ...TEXT_SETTINGS, quote_all_identifiers: quoteAll ? 'on' : 'off' });
  const options = [
    ...(settings.options === null ? [] : [settings.options]),
    ...wanted.map(([name, value]) => `-c ${name}=${value}`),
  ];
  return { ...settings, options: options.join(' ') };
}

/** Runs `work` on the session if it has the text settings, else on a second, read-only connection of its own. */
export async function withTextSession<T>(
  session: Session,
  quoteAll: boolean,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const wanted = withTextSettings(session.settings, quoteAll);
  if (await hasTextSettings(session, quoteAll)) return work(session);
  const own = await connect(wanted, { readOnly: true, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    return await work(own);
  } finally {
    await own.close();
  }
}

/** A catalog of tens of thousands of relations takes seconds for each query. */
const STATEMENT_TIMEOUT_MS = 120_000;

async function hasTextSettings(session: Session, quoteAll: boolean): Promise<boolean> {
  const [row] = await session.query<{ path: string; date: string; interval: string; digits: string; quote: string }>(`
    SELECT pg_catalog.current_setting('search_path') AS path, pg_catalog.current_setting('datestyle') AS date,
      pg_catalog.current_setting('intervalstyle') AS interval, pg_catalog.current_setting('extra_float_digits') AS digits,
      pg_catalog.current_setting('quote_all_identifiers') AS quote`);
  if (row === undefined) return false;
  const isPathEmpty = row.path === '' || row.path === '""';
  const isQuoted = row.quote === (quoteAll ? 'on' : 'off');
  return isPathEmpty && isQuoted && row.date.startsWith('ISO') && row.interval === 'postgres' && Number(row.digits) > 0;
}
