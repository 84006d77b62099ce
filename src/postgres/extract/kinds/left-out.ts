import type { ExtractContext } from '../context.js';

interface LeftOut {
  readonly what: string;
  readonly reason: string;
  /** Gives one row with `count`. */
  readonly sql: string;
}

/** Notes what a copy does not take over, where the source has it. */
export async function noteLeftOut(context: ExtractContext): Promise<void> {
  for (const { what, reason, sql } of LEFT_OUT) {
    const [row] = await context.rows<{ count: number }>(sql);
    if (row !== undefined && row.count > 0) context.skip({ what: `${what} (${row.count})`, reason, remedy: null });
  }
}

const LEFT_OUT: readonly LeftOut[] = [
  {
    what: 'owners and privileges',
    reason:
      'The roles of the source are not those of the copy: its superuser owns everything, so nothing is refused there.',
    sql: `SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relacl IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  },
  {
    what: 'default privileges',
    reason: 'They name roles of the source.',
    sql: 'SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_default_acl',
  },
  {
    what: 'publications',
    reason: 'The copy replicates to nobody.',
    sql: 'SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_publication',
  },
  {
    what: 'subscriptions',
    reason: 'The copy must not receive from the servers of the source; and they hold secrets.',
    sql: `SELECT pg_catalog.count(s.subname)::int4 AS count FROM pg_catalog.pg_subscription s
      WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`,
  },
  {
    what: 'security labels',
    reason: 'They are for a label provider that the lab has not loaded.',
    sql: `SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_seclabel`,
  },
  {
    what: 'rows of tables that extensions made',
    reason: 'The extension makes and fills them anew; what was added since is not copied.',
    sql: `SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'e' AND c.relkind IN ('r', 'p')`,
  },
  {
    what: 'large objects',
    reason: 'They are not part of any table; only their numbers are.',
    sql: 'SELECT pg_catalog.count(*)::int4 AS count FROM pg_catalog.pg_largeobject_metadata',
  },
];
