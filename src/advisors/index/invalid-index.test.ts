import { describe, expect, it } from 'vitest';
import { aSnapshot, aTable, anIndex } from '../../../test/support/snapshot.js';
import type { Index, Table } from '../../model/catalog.js';
import advisor from './invalid-index.js';

const index = anIndex('ticket_code_idx', 'ticket', ['code'], { valid: false });
const on = async (one: Index, table: Table = aTable('ticket')) =>
  advisor.examine(aSnapshot({ tables: [table], indexes: [one] }), null);

describe('index/invalid-index', () => {
  it('finds it and drops it', async () => {
    expect(await on(index)).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.ticket, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "ticket",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.ticket_code_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."ticket_code_idx"",
              ],
            },
          ],
          "advisor": "index/invalid-index",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_index.indisvalid",
              "unit": "",
              "value": "no",
              "what": "valid",
            },
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX ticket_code_idx ON public.ticket USING btree (code)",
              "what": "definition",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_tables",
              "unit": "rows",
              "value": 0,
              "what": "writes to public.ticket that may have maintained it",
            },
          ],
          "place": "public.ticket_code_idx",
          "severity": "warning",
          "statements": [],
          "title": "Index public.ticket_code_idx is invalid.",
        },
      ]
    `);
  });

  it('is silent on a valid one, and on one of a partitioned table', async () => {
    expect(await on({ ...index, valid: true })).toEqual([]);
    expect(await on(index, aTable('ticket', { kind: 'p' }))).toEqual([]);
  });

  it('informs only where a constraint stands on it', async () => {
    const [found] = await on({ ...index, unique: true, constraint: 'ticket_code_key' });
    expect(found?.title).toBe('Index public.ticket_code_idx is invalid, and it backs the constraint ticket_code_key.');
    expect(found?.actions).toEqual([]);
  });
});
