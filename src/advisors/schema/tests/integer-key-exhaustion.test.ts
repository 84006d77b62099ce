import { describe, expect, it } from 'vitest';
import {
  aColumn,
  aColumnStatistic,
  aForeignKey,
  anIndex,
  aSequence,
  aSnapshot,
  aTable,
} from '../../../../test/support/snapshot.js';
import type { Column, SequenceState } from '../../../model/catalog.js';
import advisor from '../integer-key-exhaustion.js';

const int4 = { type: 'integer', baseType: 'int4' };
const used = (lastValue: bigint | null, more: Partial<SequenceState> = {}) =>
  aSequence('event_id_seq', { lastValue, ...more });
const on = async (column: Column) =>
  advisor.examine(aSnapshot({ tables: [aTable('event', { columns: [column] })] }), null);

describe('schema/integer-key-exhaustion', () => {
  it('finds the key, and widens it with its sequence and what refers to it', async () => {
    const event = aTable('event', { columns: [aColumn('id', { ...int4, sequence: used(1_200_000_000n) })] });
    const tag = aTable('event_tag', { columns: [aColumn('event_id', int4), aColumn('big_id')] });
    const constraints = [
      aForeignKey('event_tag', ['event_id'], 'event'),
      aForeignKey('event_tag', ['big_id'], 'event'),
    ];
    expect(await advisor.examine(aSnapshot({ tables: [event, tag], constraints }), null)).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "ALTER SEQUENCE "public"."event_id_seq" AS integer",
                "ALTER TABLE "public"."event_tag" ALTER COLUMN "event_id" TYPE integer",
                "ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE integer",
              ],
              "index": null,
              "kind": "alter-column-type",
              "lock": "takes ACCESS EXCLUSIVE on public.event, public.event_tag, which blocks reads and writes while the table and its indexes are written anew",
              "rewrite": null,
              "tables": [
                {
                  "name": "event",
                  "schema": "public",
                },
                {
                  "name": "event_tag",
                  "schema": "public",
                },
              ],
              "title": "Widen public.event(id) to bigint",
              "transactional": true,
              "up": [
                "ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE bigint",
                "ALTER TABLE "public"."event_tag" ALTER COLUMN "event_id" TYPE bigint",
                "ALTER SEQUENCE "public"."event_id_seq" AS bigint",
              ],
            },
          ],
          "advisor": "schema/integer-key-exhaustion",
          "evidence": [
            {
              "provenance": "measured",
              "source": "public.event_id_seq, last value",
              "unit": "",
              "value": "1200000000",
              "what": "last value",
            },
            {
              "provenance": "measured",
              "source": "pg_sequence.seqmax",
              "unit": "",
              "value": "2147483647",
              "what": "greatest value",
            },
            {
              "provenance": "measured",
              "source": "pg_constraint",
              "unit": "columns",
              "value": 1,
              "what": "columns which refer to it and are as narrow",
            },
            {
              "provenance": "estimated",
              "source": "pg_stat_all_tables.n_tup_ins",
              "unit": "rows",
              "value": 0,
              "what": "inserts since the counters began",
            },
          ],
          "place": "public.event(id)",
          "severity": "warning",
          "statements": [],
          "title": "public.event(id) (integer) has used 55 % of the values it can take.",
        },
      ]
    `);
  });

  it.each<[string, Column, string, readonly string[]]>([
    [
      'an identity column takes its sequence along',
      aColumn('id', { ...int4, identity: true, sequence: used(1_900_000_000n) }),
      'critical',
      ['ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE bigint'],
    ],
    [
      'smallserial',
      aColumn('id', { type: 'smallint', baseType: 'int2', sequence: used(20_000n, { maxValue: 32_767n }) }),
      'warning',
      [
        'ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE bigint',
        'ALTER SEQUENCE "public"."event_id_seq" AS bigint',
      ],
    ],
    [
      'a bigint column with a sequence that stayed integer',
      aColumn('id', { sequence: used(2_000_000_000n) }),
      'critical',
      ['ALTER SEQUENCE "public"."event_id_seq" AS bigint'],
    ],
    [
      'an integer column with a bigint sequence',
      aColumn('id', { ...int4, sequence: used(1_073_741_824n, { maxValue: 9_223_372_036_854_775_807n }) }),
      'warning',
      ['ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE bigint'],
    ],
  ])('%s', async (_, column, severity, up) => {
    const [found] = await on(column);
    expect(found?.severity).toBe(severity);
    expect(found?.actions[0]?.up).toEqual(up);
  });

  it.each<[string, Column]>([
    ['half is not reached', aColumn('id', { ...int4, sequence: used(1_073_000_000n) })],
    ['no sequence feeds it', aColumn('id', int4)],
    ['the sequence may not be read', aColumn('id', { ...int4, sequence: used(null) })],
    ['it counts downwards', aColumn('id', { ...int4, sequence: used(2_000_000_000n, { increment: -1n }) })],
    ['its end was chosen by hand', aColumn('id', { ...int4, sequence: used(99n, { maxValue: 99n }) })],
    [
      'it is bigint throughout',
      aColumn('id', { sequence: used(3_000_000_000n, { maxValue: 9_223_372_036_854_775_807n }) }),
    ],
    ['it is numeric', aColumn('id', { type: 'numeric', baseType: 'numeric', sequence: used(2_000_000_000n) })],
  ])('is silent when %s', async (_, column) => {
    expect(await on(column)).toEqual([]);
  });

  it('speaks of the parent alone, not of its partitions', async () => {
    const column = aColumn('id', { ...int4, sequence: used(2_000_000_000n) });
    const parent = aTable('event', { kind: 'p', columns: [column] });
    const part = aTable('event_1', { columns: [column], partitionOf: { schema: 'public', name: 'event' } });
    const found = await advisor.examine(aSnapshot({ tables: [parent, part] }), null);
    expect(found.map((one) => one.place)).toEqual(['public.event(id)']);
  });

  const counted = (histogram: readonly string[], more: Partial<Parameters<typeof aSnapshot>[0]> = {}) =>
    aSnapshot({
      tables: [aTable('event', { columns: [aColumn('id', int4)], rowsEstimated: 100_000 })],
      indexes: [anIndex('event_pkey', 'event', ['id'], { unique: true, primary: true })],
      statistics: { columns: [aColumnStatistic('event', 'id', { histogram })] },
      ...more,
    });

  it('sees a key that is counted up without a sequence, by its statistics', async () => {
    const [found] = await advisor.examine(counted(['2140000001', '2140050000', '2140150000']), null);
    expect(found).toMatchObject({
      severity: 'critical',
      title: 'public.event(id) (integer) has used 99 % of the values it can take.',
      evidence: [{ value: '2140150000', provenance: 'estimated' }, {}, {}, {}],
      actions: [{ up: ['ALTER TABLE "public"."event" ALTER COLUMN "id" TYPE bigint'] }],
    });
  });

  it('sees rows that bypass a sequence which stands far behind', async () => {
    const columns = [aColumn('id', { ...int4, sequence: used(17n) })];
    const tables = [aTable('event', { columns, rowsEstimated: 100_000 })];
    const [found] = await advisor.examine(counted(['2140000001', '2140150000'], { tables }), null);
    expect(found?.severity).toBe('critical');
  });

  it.each([
    ['it is drawn at random', counted(['-2147000000', '0', '2147000000'])],
    ['it is low', counted(['1', '100000'])],
    ['it was never analysed', counted([])],
    ['it is no key', counted(['2140000001', '2140150000'], { indexes: [] })],
    [
      'it is the key of another table',
      counted(['2140000001', '2140150000'], { constraints: [aForeignKey('event', ['id'], 'other')] }),
    ],
  ])('is silent about one without a sequence when %s', async (_, snapshot) => {
    expect(await advisor.examine(snapshot, null)).toEqual([]);
  });
});
