import { describe, expect, test } from 'vitest';
import type { Index } from '../../../model/catalog.js';
import type { Finding } from '../../../model/finding.js';
import {
  aColumn,
  aColumnStatistic,
  anIndex,
  aSnapshot,
  aStatement,
  aTable,
} from '../../../../test/support/snapshot.js';
import partialIndex from '../partial-index.js';

const columns = ['id', 'state', 'made_at', 'gone_at', 'kind', 'done', 'even'].map((name) => aColumn(name));
const statistics = {
  columns: [
    aColumnStatistic('message', 'state', {
      distinct: 3,
      commonValues: ['sent', 'waiting'],
      commonFrequencies: [0.99, 0.004],
    }),
    aColumnStatistic('message', 'gone_at', { nullFraction: 0.99 }),
    aColumnStatistic('message', 'kind', { distinct: 5000, commonValues: ['a'], commonFrequencies: [0.001] }),
    aColumnStatistic('message', 'done', { distinct: 2, commonValues: ['t', 'f'], commonFrequencies: [0.98, 0.02] }),
    aColumnStatistic('message', 'even', { distinct: 10, commonValues: ['0', '1'], commonFrequencies: [0.1, 0.1] }),
    aColumnStatistic('message', 'made_at', { distinct: -1 }),
  ],
};

async function findings(sql: string, indexes: readonly Index[] = []): Promise<readonly Finding[]> {
  const statements = [aStatement(sql, { name: 'the statement', fingerprint: 'f1' })];
  return partialIndex.examine(
    aSnapshot({ tables: [aTable('message', { columns })], indexes, statements, statistics }),
    null,
  );
}

test('the whole finding', async () => {
  const [finding] = await findings("SELECT * FROM message WHERE state = 'waiting' ORDER BY made_at LIMIT 10");
  expect(finding).toMatchInlineSnapshot(`
    {
      "actions": [
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."message_made_at_where_state_waiting_e0d7f2_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              ""made_at"",
            ],
            "method": "btree",
            "name": "message_made_at_where_state_waiting_e0d7f2_idx",
            "table": {
              "name": "message",
              "schema": "public",
            },
            "unique": false,
            "where": "state = 'waiting'",
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.message, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "message",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.message (made_at) where state = 'waiting'",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "message_made_at_where_state_waiting_e0d7f2_idx" ON "public"."message" USING btree ("made_at") WHERE state = 'waiting'",
          ],
        },
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."message_state_made_at_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              ""state"",
              ""made_at"",
            ],
            "method": "btree",
            "name": "message_state_made_at_idx",
            "table": {
              "name": "message",
              "schema": "public",
            },
            "unique": false,
            "where": null,
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.message, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "message",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.message (state, made_at)",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "message_state_made_at_idx" ON "public"."message" USING btree ("state", "made_at")",
          ],
        },
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."message_state_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              ""state"",
            ],
            "method": "btree",
            "name": "message_state_idx",
            "table": {
              "name": "message",
              "schema": "public",
            },
            "unique": false,
            "where": null,
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.message, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "message",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.message (state)",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "message_state_idx" ON "public"."message" USING btree ("state")",
          ],
        },
      ],
      "advisor": "index/partial-index",
      "evidence": [
        {
          "provenance": "estimated",
          "source": "pg_class.reltuples",
          "unit": "rows",
          "value": 100000,
          "what": "rows of public.message",
        },
        {
          "provenance": "estimated",
          "source": "pg_stats",
          "unit": "fraction",
          "value": 0.004,
          "what": "share of the rows that meet the condition",
        },
        {
          "of": "the statement",
          "provenance": "measured",
          "source": "statement f1",
          "unit": "calls",
          "value": 100,
          "what": "calls",
        },
        {
          "of": "the statement",
          "provenance": "unknown",
          "source": "statement f1",
          "unit": "ms",
          "value": null,
          "what": "mean time",
        },
        {
          "of": "the statement",
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 100000,
          "what": "cost now",
        },
        {
          "of": "the statement",
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 90,
          "what": "cost with the index",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.5407791687693065,
          "what": "share of the objective that the best set would lose without it",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.0000021757482855820526,
          "what": "share by which another set of candidates can be better at most",
        },
        {
          "provenance": "unknown",
          "source": "index size model",
          "unit": "bytes",
          "value": null,
          "what": "size of the index",
        },
        {
          "provenance": "measured",
          "source": "test",
          "unit": "calls",
          "value": 0,
          "what": "executions of statements that write to the table",
        },
      ],
      "place": "public.message(made_at) where state = 'waiting'",
      "severity": "warning",
      "statements": [
        "f1",
      ],
      "title": "Few rows of public.message meet state = 'waiting', and no index public.message(made_at) where state = 'waiting' holds those alone for "the statement".",
    }
  `);
});

describe('speaks', () => {
  test.each([
    ["SELECT * FROM message WHERE state = 'waiting'", "public.message(state) where state = 'waiting'"],
    ["SELECT * FROM message WHERE state = 'waiting' AND kind = $1", "public.message(kind) where state = 'waiting'"],
    ['SELECT * FROM message WHERE gone_at < $1', 'public.message(gone_at) where gone_at IS NOT NULL'],
    [
      'SELECT * FROM message WHERE gone_at IS NOT NULL ORDER BY made_at',
      'public.message(made_at) where gone_at IS NOT NULL',
    ],
    ['DELETE FROM message WHERE NOT done AND made_at < $1', 'public.message(made_at) where NOT (done)'],
  ])('%s', async (sql, place) => {
    expect((await findings(sql)).map((finding) => finding.place)).toEqual([place]);
  });
});

describe('is silent', () => {
  test.each([
    ['SELECT * FROM message WHERE state = $1'],
    ["SELECT * FROM message WHERE state = 'sent'"],
    ["SELECT * FROM message WHERE state = 'unheard of'"],
    ["SELECT * FROM message WHERE kind = 'a'"],
    ['SELECT * FROM message WHERE even = 1'],
    ['SELECT * FROM message WHERE gone_at IS NULL'],
    ['SELECT * FROM message WHERE done'],
    ["SELECT * FROM message WHERE state = 'waiting' OR made_at = 1"],
    ["INSERT INTO message (state) VALUES ('waiting')"],
  ])('%s', async (sql) => {
    expect(await findings(sql)).toEqual([]);
  });
  test('where the index is there, as PostgreSQL writes it', async () => {
    const there = anIndex('i', 'message', ['made_at'], { predicate: "(state = 'waiting'::text)" });
    expect(await findings("SELECT * FROM message WHERE state = 'waiting' ORDER BY made_at LIMIT 10", [there])).toEqual(
      [],
    );
  });
});
