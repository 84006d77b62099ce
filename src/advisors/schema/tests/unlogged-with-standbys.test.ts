import { describe, expect, it } from 'vitest';
import { anIndex, aSnapshot, aTable } from '../../../../test/support/snapshot.js';
import advisor from '../unlogged-with-standbys.js';

const basket = aTable('basket', { persistence: 'u' });
const facts = { tables: [basket], indexes: [anIndex('basket_pkey', 'basket', ['id'])] };

describe('schema/unlogged-with-standbys', () => {
  it('finds a table that no standby has', async () => {
    expect(await advisor.examine(aSnapshot({ ...facts, replication: { standbys: 2 } }), null)).toMatchInlineSnapshot(`
      [
        {
          "actions": [],
          "advisor": "schema/unlogged-with-standbys",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_stat_replication, pg_replication_slots",
              "unit": "servers",
              "value": 2,
              "what": "standbys",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples",
              "unit": "rows",
              "value": 100000,
              "what": "rows",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 8192000,
              "what": "size",
            },
            {
              "provenance": "measured",
              "source": "pg_index",
              "unit": "indexes",
              "value": 1,
              "what": "indexes on it",
            },
          ],
          "place": "public.basket",
          "severity": "warning",
          "statements": [],
          "title": "Table public.basket is unlogged: standbys do not have its rows, and a failover or crash empties it.",
        },
      ]
    `);
  });

  it('speaks on a standby, and wherever it is told to', async () => {
    expect(await advisor.examine(aSnapshot({ ...facts, replication: { isStandby: true } }), null)).toHaveLength(1);
    expect(await advisor.examine(aSnapshot(facts), null, { withoutStandbys: true })).toHaveLength(1);
  });

  it('is silent without a standby, and on a table that is logged', async () => {
    expect(await advisor.examine(aSnapshot(facts), null)).toEqual([]);
    const logged = aSnapshot({ tables: [aTable('basket')], replication: { standbys: 2 } });
    expect(await advisor.examine(logged, null)).toEqual([]);
  });
});
