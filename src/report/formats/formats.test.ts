import { describe, expect, it } from 'vitest';
import { HANDED } from '../../../test/support/handed-changes.js';
import { catalogue } from './catalogue.js';
import type { FormatFolder, MigrationFormat } from './define.js';
import { inParts, notYetIn } from './parts.js';
import { nextVersions } from './versions.js';

const now = new Date('2026-01-31T12:00:00Z');
const empty: FormatFolder = { files: new Map(), now };
const format = (id: string): MigrationFormat => {
  const found = catalogue.find((one) => one.id === id);
  if (!found) throw new Error(id);
  return found;
};
const pathsOf = (id: string, folder: FormatFolder): readonly string[] =>
  format(id)
    .write(HANDED, folder)
    .files.map(({ path }) => path);

describe('the formats', () => {
  it.each(catalogue.map(({ id }) => id))('%s: names in an empty folder', (id) => {
    expect(pathsOf(id, empty)).toMatchSnapshot();
  });

  it.each<[string, readonly string[], string]>([
    ['plain', ['0007_x.up.sql', '0007_x.down.sql'], '0008_'],
    ['flyway', ['V1__a.sql', 'V1.2__b.sql', 'V12__c.sql'], 'V13__'],
    ['flyway', ['sub/V20260101000000__c.sql'], 'V20260131120000__'],
    ['dbmate', ['20270101000000_later.sql'], '20270101000001_'],
    ['node-pg-migrate', ['1893456000000_later.js'], '1893456001000_'],
    ['node-pg-migrate', ['0001_first.js'], '0002_'],
    ['golang-migrate', ['000041_x.up.sql'], '000042_'],
    ['golang-migrate', ['1_x.up.sql', '9_x.up.sql'], '10_'],
    ['prisma', ['20250101000000_init/', '20250101000000_init/migration.sql'], '20260131120000_'],
    ['supabase', ['20261231235959_x.sql'], '20270101000000_'],
    ['drizzle', ['0003_x.sql'], '0004_'],
  ])('%s goes on from %j', (id, files, prefix) => {
    const [first] = pathsOf(id, { files: new Map(files.map((file) => [file, ''])), now });
    expect(first?.slice(0, prefix.length)).toBe(prefix);
  });

  it('never names a file that is there, and knows its own changes again', () => {
    for (const one of catalogue) {
      const { files } = one.write(HANDED, empty);
      const written: FormatFolder = { files: new Map(files.map(({ path, content }) => [path, content])), now };
      expect(notYetIn(written, HANDED), one.id).toEqual([]);
      const again = one.write(HANDED, written).files.filter(({ appends }) => appends !== true);
      expect(
        again.filter(({ path }) => written.files.has(path)),
        one.id,
      ).toEqual([]);
    }
  });

  it('says where there is no way back', () => {
    const oneWay = HANDED.slice(0, 1).map((change) => ({ ...change, down: null, noWayBack: "it's gone" }));
    for (const one of catalogue) {
      const { files, notes } = one.write(oneWay, empty);
      expect(`${notes.join(' ')} ${files.map(({ content }) => content).join(' ')}`, one.id).toContain('way back');
      expect(
        files.map(({ path }) => path).filter((path) => /down\.sql$|\/?U\d/.test(path)),
        one.id,
      ).toEqual([]);
    }
  });

  it('keeps a line break in the evidence inside the comment', () => {
    for (const one of catalogue)
      for (const { content } of one.write(HANDED, empty).files) expect(content).not.toMatch(/^second line/m);
  });

  it('appends to the lists of Sqitch and Drizzle, and refuses a journal of another kind', () => {
    const plan =
      '%syntax-version=1.0.0\n%project=shop\n\nreplace_an_index 2025-01-01T00:00:00Z me <me@x> # old\n@v1 2025-01-01T00:00:00Z me <me@x> # tag\n';
    const { files } = format('sqitch').write(HANDED, { files: new Map([['sqitch.plan', plan]]), now });
    const written = files.find(({ path }) => path === 'sqitch.plan')?.content ?? '';
    expect(written.startsWith(plan)).toBe(true);
    expect(written).toMatch(/^replace_an_index_2 2026-01-31T12:00:00Z /m);
    const mysql = new Map([['meta/_journal.json', '{"version":"5","dialect":"mysql","entries":[]}']]);
    expect(() => format('drizzle').write(HANDED, { files: mysql, now })).toThrow(/not a journal of Drizzle/);
  });

  it('gives each part that stands alone the statement that takes it back', () => {
    expect(inParts(HANDED.slice(2)).map(({ up, down }) => [up, down])).toEqual([
      [[HANDED[2]?.up[0]], [HANDED[2]?.down?.[1]]],
      [[HANDED[2]?.up[1]], [HANDED[2]?.down?.[0]]],
    ]);
  });

  it('counts on by time as those that are there do', () => {
    const usual = { kind: 'sequence', width: 4 } as const;
    expect(nextVersions(['1738324800'], 2, usual, now)).toEqual(['1769860800', '1769860801']);
    expect(nextVersions(['20251231235959999'], 1, usual, now)).toEqual(['20260131120000000']);
    expect(nextVersions(['99999999999999'], 1, usual, now)).toEqual(['100000000000000']);
  });
});
