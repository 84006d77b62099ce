import { z } from 'zod';
import { indexesOf, placeOf } from '../../model/catalog.js';
import { estimatedRows } from '../../indexes/facts.js';
import { defineAdvisor } from '../define.js';
import { estimated, measured } from '../evidence.js';

export default defineAdvisor({
  id: 'schema/unlogged-with-standbys',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Unlogged tables on a server that has standbys.',
    why:
      'Their rows and indexes are written to no log: a standby has the table and not one row, a query there fails, and after a failover, as after a crash, ' +
      'the table is empty.',
    limits:
      'Counts standbys that stream now or for which a physical slot waits, and a target that is a standby itself; `withoutStandbys` speaks in any case. ' +
      'Hash indexes are logged since PostgreSQL 10, and are as good on a standby as any.',
    sources: [
      'PostgreSQL manual, "CREATE TABLE", section "UNLOGGED"',
      'PostgreSQL manual, "pg_class", column relpersistence',
    ],
    bad: `
      CREATE UNLOGGED TABLE basket (id bigint PRIMARY KEY, content jsonb NOT NULL);
      INSERT INTO basket SELECT n, '{}' FROM generate_series(1, 100) AS n;`,
    good: 'ALTER TABLE basket SET LOGGED;',
    contractOptions: { withoutStandbys: true },
    noRemedy:
      'Whether the rows may be lost is for their owner to say: a cache may, and SET LOGGED writes the whole table anew under ACCESS EXCLUSIVE.',
  },
  options: z.object({ withoutStandbys: z.boolean().default(false) }),
  examine({ catalog, replication }, { withoutStandbys }) {
    if (replication.standbys === 0 && !replication.isStandby && !withoutStandbys) return [];
    return catalog.tables
      .filter((table) => table.persistence === 'u' && table.kind !== 'p')
      .map((table) => {
        const { rows, source } = estimatedRows(catalog, table);
        return {
          title: `Table ${placeOf(table)} is unlogged: standbys do not have its rows, and a failover or crash empties it.`,
          place: placeOf(table),
          evidence: [
            measured('standbys', replication.standbys, 'servers', 'pg_stat_replication, pg_replication_slots'),
            estimated('rows', rows, 'rows', source),
            measured('size', table.sizeBytes, 'bytes', 'pg_relation_size'),
            measured('indexes on it', indexesOf(catalog, table).length, 'indexes', 'pg_index'),
          ],
          statements: [],
          actions: [],
        };
      });
  },
});
