import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../examples/read-only/', import.meta.url));

/** One line of the public corpus. */
export interface CorpusStatement {
  readonly family: string;
  readonly sql: string;
  /** The oldest PostgreSQL that knows it. */
  readonly minMajor: number;
}

/** What must never pass, and what must. */
export type CorpusFile = 'attempts' | 'legitimate';

/** Every statement of a file, in its order. Throws for a line before the first family. */
export function readCorpus(file: CorpusFile): readonly CorpusStatement[] {
  const statements: CorpusStatement[] = [];
  let family: string | null = null;
  for (const line of readFileSync(`${FOLDER}${file}.txt`, 'utf8').split('\n')) {
    if (line.startsWith('## ')) family = line.slice(3);
    else if (line.trim() !== '' && !line.startsWith('#')) {
      if (family === null) throw new Error(`${file}.txt: ${line} stands before the first family`);
      const [, major, sql] = /^(?:\[(\d+)\+\] )?(.*)$/.exec(line) ?? [];
      statements.push({ family, sql: (sql ?? '').replaceAll(String.raw`\x0a`, '\n'), minMajor: Number(major ?? 14) });
    }
  }
  return statements;
}

/** The objects that the statements are about. */
export function readCorpusSchema(): string {
  return readFileSync(`${FOLDER}schema.sql`, 'utf8');
}
