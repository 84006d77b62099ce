import { join } from 'node:path';
import type { Skipped } from '../../model/coverage.js';
import type { IndexMetapage } from '../../postgres/clone/metapages.js';
import type { PlannerStatistics } from '../../postgres/clone/planner-statistics.js';
import type { RelationSize } from '../../postgres/clone/relations.js';
import { readRelationFiles, writeRelations } from '../../postgres/clone/write-relations.js';
import type { RelationFile, RelationUpdate } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import { btreeHeight } from '../../indexes/btree-size.js';
import { writeIndexFile } from './index-file.js';
import { brinCounts, btreeLevel, ginCounts, visibilityMapPage } from './metapage.js';
import { createRelation, relationBlocks } from './relation-file.js';
import { resizeFile } from './storage.js';
import type { Storage } from './storage.js';
import { relationKey } from '../../model/catalog.js';

/** Leaf pages that hold both ends of an index, by the index's key. */
export type Leaves = ReadonlyMap<string, Buffer>;

/**
 * Gives every relation of the clone the size it has on the source: catalog, files, and first pages of indexes. What
 * the source has and the clone has not becomes one `Skipped`.
 */
export async function installSizes(
  session: Session,
  storage: Storage,
  statistics: PlannerStatistics,
  leaves: Leaves,
): Promise<Skipped[]> {
  const files = new Map((await readRelationFiles(session)).map((file) => [relationKey(file), file]));
  const metapages = new Map((statistics.metapages ?? []).map((metapage) => [relationKey(metapage.index), metapage]));
  const updates: RelationUpdate[] = [];
  const missing: string[] = [];
  for (const size of statistics.relations) {
    if (size.kind === 'p' || size.kind === 'I') continue;
    const file = files.get(relationKey(size));
    if (file === undefined) {
      missing.push(`${size.schema}.${size.name}`);
      continue;
    }
    const fileNode =
      size.kind === 'i'
        ? installIndex(storage, file, size, { metapage: metapages.get(relationKey(size)), leaves })
        : installHeap(storage, file, size);
    updates.push({
      oid: file.oid,
      pages: size.pages,
      rows: size.rows,
      pagesAllVisible: size.pagesAllVisible,
      fileNode,
    });
  }
  await writeRelations(session, updates);
  if (missing.length === 0) return [];
  const what = `${missing.length} tables or indexes, such as ${missing[0]}`;
  return [{ what, reason: 'the clone could not create them, so plans that use them differ', remedy: null }];
}

function installHeap(storage: Storage, file: RelationFile, size: RelationSize): null {
  resizeFile(storage, file.path, size.blocks);
  const map = join(storage.dataDir, `${file.path}_vm`);
  // The planner looks both ends of an index up and asks whether their block is all-visible: block 0 is.
  if (size.blocks > 0 && relationBlocks(map) === 0)
    createRelation(map, [visibilityMapPage()], { blocks: 1, checksums: storage.checksums });
  return null;
}

function installIndex(
  storage: Storage,
  file: RelationFile,
  size: RelationSize,
  { metapage, leaves }: { metapage: IndexMetapage | undefined; leaves: Leaves },
): number | null {
  const method = size.method ?? '';
  const bytes = metapage?.bytes ?? null;
  const level = bytes === null ? null : btreeLevel(bytes);
  return writeIndexFile(
    storage,
    { method, path: file.path },
    {
      pages: size.blocks,
      // A file read between two checkpoints may say that an index of many pages has none.
      level: level === null || (level === 0 && size.blocks > 2) ? btreeHeight(size.blocks) : level,
      gin: bytes !== null && method === 'gin' ? ginCounts(bytes) : null,
      brin: bytes !== null && method === 'brin' ? brinCounts(bytes) : null,
      leaf: leaves.get(relationKey(file)) ?? null,
    },
  );
}
