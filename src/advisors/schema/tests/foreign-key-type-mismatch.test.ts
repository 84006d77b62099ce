import { describe, expect, it } from 'vitest';
import { aColumn, aForeignKey, aSequence, aSnapshot, aTable } from '../../../../test/support/snapshot.js';
import type { Column } from '../../../model/catalog.js';
import advisor from '../foreign-key-type-mismatch.js';

const int4 = { type: 'integer', baseType: 'int4' };
const on = async (column: Partial<Column>, referenced: Partial<Column>) => {
  const tables = [
    aTable('account', { columns: [aColumn('id', referenced)] }),
    aTable('payment', { columns: [aColumn('account_id', column)] }),
  ];
  return advisor.examine(aSnapshot({ tables, constraints: [aForeignKey('payment', ['account_id'], 'account')] }), null);
};

describe('schema/foreign-key-type-mismatch', () => {
  it('finds a column that is too narrow', async () => {
    expect(await on(int4, {})).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "ALTER TABLE "public"."payment" ALTER COLUMN "account_id" TYPE integer",
              ],
              "index": null,
              "kind": "alter-column-type",
              "lock": "takes ACCESS EXCLUSIVE on public.payment, which blocks reads and writes while the table and its indexes are written anew",
              "rewrite": null,
              "tables": [
                {
                  "name": "payment",
                  "schema": "public",
                },
              ],
              "title": "Change public.payment(account_id) to bigint",
              "transactional": true,
              "up": [
                "ALTER TABLE "public"."payment" ALTER COLUMN "account_id" TYPE bigint",
              ],
            },
          ],
          "advisor": "schema/foreign-key-type-mismatch",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_attribute",
              "unit": "",
              "value": "integer",
              "what": "type of the referencing column",
            },
            {
              "provenance": "measured",
              "source": "pg_attribute",
              "unit": "",
              "value": "bigint",
              "what": "type of the referenced column",
            },
            {
              "provenance": "measured",
              "source": "payment_account_id_fkey",
              "unit": "",
              "value": "FOREIGN KEY (account_id) REFERENCES account(id)",
              "what": "foreign key",
            },
            {
              "provenance": "unknown",
              "source": "pg_sequences.last_value",
              "unit": "",
              "value": null,
              "what": "last value of the referenced sequence",
            },
          ],
          "place": "public.payment(account_id)",
          "severity": "warning",
          "statements": [],
          "title": "public.payment(account_id) is integer and refers to public.account(id), which is bigint.",
        },
      ]
    `);
  });

  it('is critical once the keys outgrow the column', async () => {
    const sequence = aSequence('account_id_seq', { lastValue: 1_500_000_000n, maxValue: 9_223_372_036_854_775_807n });
    expect((await on(int4, { sequence }))[0]?.severity).toBe('critical');
  });

  it('informs only of one that is wider, or not an integer', async () => {
    const [wider] = await on({}, int4);
    expect(wider).toMatchObject({ severity: 'info', actions: [] });
    const [other] = await on(int4, { type: 'numeric', baseType: 'numeric' });
    expect(other).toMatchObject({ severity: 'warning', actions: [] });
  });

  it.each<[string, Partial<Column>, Partial<Column>]>([
    ['the types agree', {}, {}],
    [
      'lengths differ',
      { type: 'character varying(5)', baseType: 'varchar' },
      { type: 'character varying(9)', baseType: 'varchar' },
    ],
    ['varchar refers to text', { type: 'character varying', baseType: 'varchar' }, { type: 'text', baseType: 'text' }],
    ['a domain has the same base', { type: 'app.account_id', baseType: 'int8' }, {}],
  ])('is silent when %s', async (_, column, referenced) => {
    expect(await on(column, referenced)).toEqual([]);
  });

  it('speaks once for a partitioned table', async () => {
    const columns = [aColumn('account_id', int4)];
    const tables = [
      aTable('account'),
      aTable('payment', { kind: 'p', columns }),
      aTable('payment_1', { columns, partitionOf: { schema: 'public', name: 'payment' } }),
    ];
    const constraints = [
      aForeignKey('payment', ['account_id'], 'account'),
      aForeignKey('payment_1', ['account_id'], 'account'),
    ];
    expect(await advisor.examine(aSnapshot({ tables, constraints }), null)).toHaveLength(1);
  });
});
