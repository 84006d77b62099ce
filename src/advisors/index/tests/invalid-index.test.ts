import { describe, expect, it } from 'vitest';
import { aSnapshot, aTable, anIndex } from '../../../../test/support/snapshot.js';
import type { Index, Table } from '../../../model/catalog.js';
import advisor from '../invalid-index.js';

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
              "kind": "reindex",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.ticket, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "ticket",
                  "schema": "public",
                },
              ],
              "title": "Rebuild index public.ticket_code_idx",
              "transactional": false,
              "up": [
                "REINDEX INDEX CONCURRENTLY "public"."ticket_code_idx"",
              ],
            },
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

  it('builds one anew on which a constraint stands', async () => {
    const [found] = await on({ ...index, unique: true, constraint: 'ticket_code_key' });
    expect(found?.title).toBe('Index public.ticket_code_idx is invalid, and it backs the constraint ticket_code_key.');
    expect(found?.actions.map((action) => action.up[0])).toEqual([
      'REINDEX INDEX CONCURRENTLY "public"."ticket_code_idx"',
    ]);
  });

  it('is silent while somebody may be building it', async () => {
    expect(await on({ ...index, building: true })).toEqual([]);
  });

  const ups = async (indexes: readonly Index[]): Promise<readonly (string | undefined)[]> => {
    const found = await advisor.examine(aSnapshot({ tables: [aTable('ticket')], indexes }), null);
    return found.flatMap((one) => one.actions.map((action) => action.up[0]?.split(' "')[0]));
  };

  it('drops what REINDEX left, and what a valid index repeats', async () => {
    const [drop, rebuild] = ['DROP INDEX CONCURRENTLY', 'REINDEX INDEX CONCURRENTLY'];
    expect(await ups([index])).toEqual([rebuild, drop]);
    expect(await ups([{ ...index, name: 'ticket_code_idx_ccnew' }])).toEqual([drop]);
    expect(await ups([{ ...index, name: 'ticket_code_idx_ccold1' }])).toEqual([drop]);
    const twin = { ...index, name: 'twin', valid: true };
    expect(await ups([index, twin])).toEqual([drop]);
    expect(await ups([{ ...index, unique: true }, twin])).toEqual([rebuild, drop]);
    expect(
      await ups([
        { ...index, unique: true },
        { ...twin, unique: true },
      ]),
    ).toEqual([drop]);
  });

  describe('of a partitioned table', () => {
    const parent = aTable('log', { kind: 'p' });
    const [one, two] = [aTable('log_1', { partitionOf: parent }), aTable('log_2', { partitionOf: parent })];
    const whole = anIndex('log_at', 'log', ['at'], { valid: false });
    const part = anIndex('log_1_at', 'log_1', ['at'], { partitionOf: whole });
    const evidence = async (indexes: readonly Index[]): Promise<readonly unknown[]> => {
      const found = await advisor.examine(aSnapshot({ tables: [parent, one, two], indexes }), null);
      return found
        .filter((finding) => finding.place === 'public.log_at')
        .flatMap((finding) => {
          expect(finding.actions).toEqual([]);
          return finding.evidence.slice(2).map((fact) => [fact.what, fact.value]);
        });
    };

    it('names the partitions that lack a part, with what can be done', async () => {
      expect(await evidence([whole, part])).toEqual([['partitions without a part', 'public.log_2']]);
      expect(await evidence([whole, part, anIndex('loose', 'log_2', ['at'])])).toEqual([
        ['partitions with an index that can be attached', 'public.log_2'],
      ]);
      expect(
        await evidence([whole, part, anIndex('other', 'log_2', ['at'], { partitionOf: whole, valid: false })]),
      ).toEqual([['partitions whose part is invalid', 'public.log_2']]);
    });

    it('is silent while a part is being built, and where all are there', async () => {
      expect(await evidence([whole, part, anIndex('soon', 'log_2', ['at'], { valid: false, building: true })])).toEqual(
        [],
      );
      expect(await evidence([whole, part, anIndex('there', 'log_2', ['at'], { partitionOf: whole })])).toEqual([]);
    });
  });
});
