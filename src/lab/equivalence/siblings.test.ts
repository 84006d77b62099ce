import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../stats/random.js';
import { withSibling } from './siblings.js';
import type { FilledColumn, FilledTable } from './tables.js';

function column(name: string, link: number, key = false): FilledColumn {
  const values = ["'1'", "'2'"];
  return {
    name,
    link,
    key,
    group: 'number',
    mayBeNull: false,
    matters: true,
    role: 'other',
    plain: values,
    exact: [],
    near: [],
    passing: [],
    steps: [],
    extremes: [],
  };
}

const area: FilledTable = {
  schema: 'public',
  name: 'area',
  columns: [column('id', 1, true), column('name', 2)],
  foreignKeys: [],
  keys: [['id']],
};
const vendor: FilledTable = {
  schema: 'public',
  name: 'vendor',
  columns: [column('id', 3, true), column('area_id', 1)],
  foreignKeys: [{ columns: ['area_id'], parent: area, references: ['id'] }],
  keys: [['id']],
};

describe('a second chain of rows', () => {
  it('renews a key wherever it is held, so that the copies belong together', () => {
    const rows = [
      {
        table: area,
        values: new Map([
          ['id', "'1'"],
          ['name', "'2'"],
        ]),
      },
      {
        table: vendor,
        values: new Map([
          ['id', "'1'"],
          ['area_id', "'1'"],
        ]),
      },
    ];
    for (let seed = 1; seed <= 20; seed += 1) {
      const copies = withSibling(rows, seededRandom(seed)).slice(rows.length);
      const [areas, vendors] = [area, vendor].map((table) => copies.filter((row) => row.table === table));
      expect(copies.length).toBeGreaterThan(0);
      for (const row of vendors ?? []) {
        expect(row.values.get('id')).not.toBe("'1'");
        const renewed = (areas ?? []).map(({ values }) => values.get('id'));
        if (renewed.length > 0) expect(renewed).toContain(row.values.get('area_id'));
      }
      for (const row of areas ?? []) expect(row.values.get('id')).not.toBe("'1'");
    }
  });

  it('leaves rows alone that one statement makes', () => {
    const rows = [{ table: area, values: new Map([['id', "('1') + s.n"]]), repeat: 100 }];
    expect(withSibling(rows, seededRandom(1))).toBe(rows);
  });
});
