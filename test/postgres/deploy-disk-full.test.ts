import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../src/deploy/journal.js';
import type { LabServer } from '../../src/lab/server.js';
import { chooseIdentity, giveTo } from '../../src/lab/server/identity.js';
import { makeDeployBench, type DeployBench, type GivenChange } from '../support/deploy-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

/** A volume that holds the first index of the plan and not the second; only root may mount one. */
class SmallVolume {
  readonly folder = mkdtempSync(join(tmpdir(), 'small-'));
  readonly mounted = this.mount('size=3m');

  mount(options: string): boolean {
    if (process.getuid?.() !== 0 || process.platform !== 'linux') return false;
    return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.folder]).status === 0;
  }

  remove(): void {
    if (this.mounted) spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const SCHEMA = `
  CREATE TABLE book (id int, title text);
  INSERT INTO book SELECT g, md5(g::text) || md5((-g)::text) FROM generate_series(1, 60000) AS g;
  CREATE INDEX book_id ON book (id) WHERE id < 20000;`;

const SMALL: GivenChange = {
  title: 'Create a small index',
  up: ['CREATE INDEX CONCURRENTLY "book_first" ON "public"."book" USING btree ("id") WHERE (id < 100)'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."book_first"'],
};
const LARGE: GivenChange = {
  title: 'Create a large index',
  up: ['CREATE INDEX CONCURRENTLY "book_title" ON "public"."book" USING btree ("title")'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."book_title"'],
};

describe.each(testMajors())('PostgreSQL %s', (major) => {
  let server: LabServer | null;
  let volume: SmallVolume;
  let bench: DeployBench;
  let number = 0;

  beforeAll(async () => {
    server = await startQuietServer(major);
  });
  afterAll(() => server?.stop());

  beforeEach(async (context) => {
    volume = new SmallVolume();
    if (!server || !volume.mounted)
      return context.skip('no small volume can be mounted here, or the server is missing');
    giveTo(chooseIdentity(), volume.folder);
    number += 1;
    bench = await makeDeployBench(server, `full ${number}`, SCHEMA, [SMALL, LARGE]);
    await bench.run(`CREATE TABLESPACE small_${number} LOCATION '${volume.folder}'`);
    await bench.run(`ALTER DATABASE "full ${number}" SET default_tablespace = 'small_${number}'`);
  });
  afterEach(async () => {
    await bench?.remove();
    volume.remove();
  });

  test('a disk that fills up during a step leaves the steps before it, and the next start goes on once there is room', async () => {
    const approve = await bench.hash();
    await expect(bench.deploy({ approve })).rejects.toMatchObject({
      code: 'deploy/failed',
      sqlstate: '53100',
      hint: expect.stringContaining('Make room on the disk') as string,
    });
    expect(await bench.indexes()).toEqual(['book_first', 'book_id']);
    expect(story(bench.journal())).toEqual(STORY);
    await expect(bench.deploy({ approve })).rejects.toMatchObject({ sqlstate: '53100' });
    expect(await bench.indexes()).toEqual(['book_first', 'book_id']);
    expect(volume.mount('remount,size=64m')).toBe(true);
    expect((await bench.deploy({ approve })).outcome).toBe('deployed');
    expect(await bench.indexes()).toEqual(['book_first', 'book_id', 'book_title']);
  });

  test('or takes it all back while there is none', async () => {
    const approve = await bench.hash();
    await expect(bench.deploy({ approve })).rejects.toMatchObject({ sqlstate: '53100' });
    expect((await bench.deploy({ approve, revert: true })).outcome).toBe('reverted');
    expect(await bench.indexes()).toEqual(['book_id']);
  });
});

const STORY = ['planned', 'begun', 'before', 'started 1', 'settled 1', 'started 2', 'removing 2', 'settled 2', 'ended'];

function story(entries: readonly JournalEntry[]): readonly string[] {
  return entries.map((entry) => ('step' in entry ? `${entry.type} ${entry.step}` : entry.type));
}
