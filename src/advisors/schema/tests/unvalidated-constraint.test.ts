import { describe, expect, it } from 'vitest';
import { aForeignKey, aSnapshot, aTable } from '../../../../test/support/snapshot.js';
import type { Constraint } from '../../../model/catalog.js';
import advisor from '../unvalidated-constraint.js';

const check: Constraint = {
  name: 'stock_amount_check',
  table: { schema: 'public', name: 'stock' },
  kind: 'check',
  columns: ['amount'],
  validated: false,
  deferrable: false,
  references: null,
  onDelete: null,
  definition: 'CHECK ((amount >= 0)) NOT VALID',
};
const parts = [aTable('stock', { kind: 'p' }), aTable('stock_1', { partitionOf: { schema: 'public', name: 'stock' } })];
const on = async (...constraints: readonly Constraint[]) =>
  advisor.examine(aSnapshot({ tables: parts, constraints }), null);

describe('schema/unvalidated-constraint', () => {
  it('finds it, validates it, and makes it anew to go back', async () => {
    expect(await on(check)).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "ALTER TABLE "public"."stock" DROP CONSTRAINT "stock_amount_check", ADD CONSTRAINT "stock_amount_check" CHECK ((amount >= 0)) NOT VALID",
              ],
              "index": null,
              "kind": "constraint",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.stock, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "stock",
                  "schema": "public",
                },
              ],
              "title": "Validate the constraint stock_amount_check of public.stock",
              "transactional": true,
              "up": [
                "ALTER TABLE "public"."stock" VALIDATE CONSTRAINT "stock_amount_check"",
              ],
            },
          ],
          "advisor": "schema/unvalidated-constraint",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_get_constraintdef",
              "unit": "",
              "value": "CHECK ((amount >= 0)) NOT VALID",
              "what": "definition",
            },
            {
              "provenance": "measured",
              "source": "pg_constraint.convalidated",
              "unit": "",
              "value": "no",
              "what": "validated",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples",
              "unit": "rows",
              "value": 100000,
              "what": "rows to look through",
            },
          ],
          "place": "public.stock.stock_amount_check",
          "severity": "info",
          "statements": [],
          "title": "The constraint stock_amount_check of public.stock was never validated.",
        },
      ]
    `);
  });

  it('names the lock on the referenced table', async () => {
    const [found] = await on({ ...aForeignKey('stock', ['shop_id'], 'shop'), validated: false });
    expect(found?.actions[0]?.lock).toContain('and ROW SHARE on public.shop');
  });

  it("is silent on valid ones, on NOT ENFORCED, and on a share of the parent's", async () => {
    expect(await on({ ...check, validated: true })).toEqual([]);
    expect(await on({ ...check, definition: 'CHECK ((amount >= 0)) NOT ENFORCED' })).toEqual([]);
    expect(await on(check, { ...check, table: { schema: 'public', name: 'stock_1' } })).toHaveLength(1);
  });
});
