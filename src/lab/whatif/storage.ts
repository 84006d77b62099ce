import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Session } from '../../postgres/session.js';
import { createRelation, resizeRelation } from './relation-file.js';

/** The folder that one database of the clone's server keeps its files in. */
export interface Storage {
  readonly dataDir: string;
  /** Relative to the data directory, e.g. `base/16384`. */
  readonly folder: string;
  readonly checksums: boolean;
  /** A file number that nothing uses. */
  nextFileNode(): number;
}

/** An empty file: a table that is kept in it has no rows, whatever size it has by its own file. */
export const EMPTY_FILE_NODE = 3_000_000_000;

/** Opens the database's folder and makes the empty file. Above the numbers that a new server comes to in years. */
export async function openStorage(session: Session, dataDir: string): Promise<Storage> {
  const [row] = await session.query<{ path: string; checksums: boolean }>(
    `SELECT pg_catalog.pg_relation_filepath('pg_catalog.pg_depend'::regclass) AS path, pg_catalog.current_setting('data_checksums')::bool AS checksums`,
  );
  const folder = dirname(row?.path ?? '');
  const empty = join(dataDir, folder, String(EMPTY_FILE_NODE));
  if (!existsSync(empty)) createRelation(empty, [], { blocks: 0, checksums: false });
  let last = EMPTY_FILE_NODE;
  return {
    dataDir,
    folder,
    checksums: row?.checksums ?? false,
    nextFileNode: () => {
      do last += 1;
      while (existsSync(join(dataDir, folder, String(last))));
      return last;
    },
  };
}

/** Writes a new file with these first pages and that many blocks; gives its number. */
export function createFile(storage: Storage, pages: readonly Buffer[], blocks: number): number {
  const node = storage.nextFileNode();
  createRelation(join(storage.dataDir, storage.folder, String(node)), pages, { blocks, checksums: storage.checksums });
  return node;
}

/** Makes a file that the server created that many blocks long. */
export function resizeFile(storage: Storage, path: string, blocks: number): void {
  resizeRelation(join(storage.dataDir, path), blocks);
}
