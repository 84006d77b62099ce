import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WizardError } from '../base/errors.js';
import type { Coverage, Skipped } from '../model/coverage.js';
import type { Tallied, WorkloadStatement } from '../model/workload.js';
import { languageOf } from '../programs/languages.js';
import { declaredModels, likelyCalls, modelNames } from '../programs/models.js';
import type { TableUse } from '../programs/models.js';
import { normalText } from '../programs/normal-text.js';
import { patchOf } from '../programs/patch.js';
import { textPlaces } from '../programs/places.js';
import type { Attribution, ProgramPlace, TextPlace } from '../programs/places.js';
import { tryParseStatement } from '../sql/parse.js';
import { field, textOf as nameIn, walk } from '../sql/tree.js';
import { columnPath } from '../sql/scope.js';
import { ignoreRules } from './ignored-files.js';

/** Program text that was searched. */
export interface SearchedSource {
  readonly folder: string;
  readonly coverage: Coverage;
  /** By fingerprint, the surest first. */
  readonly places: ReadonlyMap<string, readonly ProgramPlace[]>;
  /** Where a statement stands, and a patch that writes another text there. */
  attribution(fingerprint: string, to: string): Attribution;
}

/** A statement to look for, with the places that tags in its comments name. */
type Asked = Pick<WorkloadStatement, 'fingerprint' | 'sql'> & { readonly sources: readonly Tallied[] };

/** A file beyond this was hardly written by hand. */
const MOST_BYTES = 1024 * 1024;
/** Files beyond these are not looked into, and it is said. */
const MOST_FILES = 50_000;
/** As git tells text from binary: by a zero byte in the first 8000 (`buffer_is_binary`). */
const SNIFFED_BYTES = 8000;
/** Never a program of one's own; the rest .gitignore says. */
const NEVER = new Set(['.git', '.hg', '.svn', 'node_modules', '__pycache__', '.venv']);
/** Places to name for a statement: one that stands everywhere is a library's. */
const MOST_PLACES = 20;
/** Calls to name for a statement: more are no help. */
const MOST_CALLS = 5;
/** Statements for which calls are looked for: each is held against every file. */
const MOST_STATEMENTS = 20;

/** Places that tags in the statements' comments name; what is known without any folder. */
export function taggedPlaces(sources: readonly Tallied[]): readonly ProgramPlace[] {
  return sources.map(({ name, executions }) => {
    const at = /^(.*):(\d+)$/.exec(name);
    const says = `a tag in the statement's comments names it${executions > 1 ? `, in ${executions} executions` : ''}`;
    return { file: at?.[1] ?? name, line: at ? Number(at[2]) : null, how: 'tag' as const, says };
  });
}

/** Reads the program text of a folder, .gitignore respected, and finds where statements come from. Throws `input/invalid`. Needs `loadParser()`. */
export async function searchSource(
  folder: string,
  statements: readonly Asked[],
  signal: AbortSignal,
): Promise<SearchedSource> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory())
    throw new WizardError('input/invalid', `--source: ${folder} is not a folder`, {
      hint: 'Give the folder of the program whose statements are looked at.',
    });
  const left = { large: 0, unreadable: 0, beyond: 0 };
  const files = await listed(folder, signal, left);
  const asked = statements.map((statement) => ({ statement, uses: tablesOf(statement.sql) }));
  const needles = new Map(statements.map(({ sql, fingerprint }) => [normalText(sql), fingerprint]));
  const places = new Map<string, ProgramPlace[]>();
  const written = new Map<string, { readonly path: string; readonly text: string; readonly place: TextPlace }>();
  const declared = new Map<string, string[]>();
  const add = (fingerprint: string, place: ProgramPlace): void => {
    const known = places.get(fingerprint);
    if (!known) places.set(fingerprint, [place]);
    else if (known.length < MOST_PLACES) known.push(place);
  };
  for (const statement of statements)
    for (const place of taggedPlaces(statement.sources)) add(statement.fingerprint, place);
  const tables = naming(asked.flatMap(({ uses }) => uses.map(({ table }) => table)));
  for (const path of files) {
    signal.throwIfAborted();
    const text = await readText(join(folder, path), left);
    if (text === null) continue;
    for (const [table, model] of declaredModels(text)) declared.set(table, [...(declared.get(table) ?? []), model]);
    const language = tables.test(text) ? languageOf(path) : null;
    for (const place of language ? textPlaces(text, language, needles) : []) {
      add(place.key, { file: path, line: place.line, how: place.how, says: SAYS[place.how] });
      if (place.how === 'text' && !written.has(place.key)) written.set(place.key, { path, text, place });
    }
  }
  const unsure = asked
    .filter(({ statement }) => places.get(statement.fingerprint)?.some(({ how }) => SURE.has(how)) !== true)
    .slice(0, MOST_STATEMENTS);
  for (const [fingerprint, calls] of await callsOf(unsure, { folder, files, declared, signal }))
    for (const call of calls) add(fingerprint, call);
  const from = new Map(statements.map(({ fingerprint, sql }) => [fingerprint, sql]));
  return {
    folder,
    coverage: {
      examined: [{ what: `files of program text in ${folder}`, count: files.length }],
      skipped: skippedOf(folder, left),
    },
    places: new Map(
      [...places].map(([key, list]) => [key, list.toSorted((a, b) => ORDER.indexOf(a.how) - ORDER.indexOf(b.how))]),
    ),
    attribution(fingerprint, to) {
      const [own, place, old] = [places.get(fingerprint) ?? [], written.get(fingerprint), from.get(fingerprint)];
      if (place?.place.literal && old !== undefined) {
        const { path, text } = place;
        return { places: own, patch: patchOf({ path, text, literal: place.place.literal, from: old, to }) };
      }
      return { places: own, patch: own.length > 0 ? { reason: 'it stands in no single string of the program' } : null };
    },
  };
}

const SURE: ReadonlySet<ProgramPlace['how']> = new Set(['text', 'pieces']);

interface Looked {
  readonly statement: Asked;
  readonly uses: readonly TableUse[];
}

/** The calls that likely generate statements which stand nowhere as text. The files are read again: keeping thousands would take more memory than that takes time. */
async function callsOf(
  unsure: readonly Looked[],
  {
    folder,
    files,
    declared,
    signal,
  }: {
    readonly folder: string;
    readonly files: readonly string[];
    readonly declared: ReadonlyMap<string, readonly string[]>;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, readonly ProgramPlace[]>> {
  const wanted = unsure.flatMap(({ statement, uses: [use] }) =>
    use ? [{ statement, use, names: modelNames(use.table, declared) }] : [],
  );
  const found = new Map<string, { readonly place: ProgramPlace; readonly near: number }[]>();
  if (wanted.length === 0) return new Map();
  const any = naming(wanted.flatMap(({ names }) => names));
  for (const path of files) {
    signal.throwIfAborted();
    const text = await readText(join(folder, path), { large: 0, unreadable: 0, beyond: 0 });
    if (text === null || !any.test(text)) continue;
    for (const { statement, use, names } of wanted)
      for (const { line, orm, call, columns } of likelyCalls(text, path, use, names)) {
        const near = columns.length > 0 ? `, with ${columns.join(', ')}` : '';
        const says = `likely: ${call} (${orm}) asks ${use.table}${near}`;
        const place = { file: path, line, how: 'likely call' as const, says };
        const known = found.get(statement.fingerprint) ?? [];
        known.push({ place, near: columns.length });
        found.set(statement.fingerprint, known);
      }
  }
  return new Map(
    [...found].map(([fingerprint, list]) => [
      fingerprint,
      list
        .toSorted((a, b) => b.near - a.near)
        .slice(0, MOST_CALLS)
        .map(({ place }) => place),
    ]),
  );
}

/** Whether a text names one of them; every text where there are none. */
function naming(names: readonly string[]): RegExp {
  return new RegExp(names.map(escaped).join('|'), 'i');
}

const ORDER: readonly ProgramPlace['how'][] = ['text', 'tag', 'pieces', 'beginning', 'likely call'];
const SAYS: Readonly<Record<TextPlace['how'], string>> = {
  text: 'the statement stands there',
  pieces: 'the statement is put together there of several strings',
  beginning: 'a string there is how the statement begins',
};

interface Left {
  large: number;
  unreadable: number;
  beyond: number;
}

/** Paths of program text, relative, in order. Links are not followed. */
async function listed(folder: string, signal: AbortSignal, left: Left): Promise<readonly string[]> {
  const found: string[] = [];
  type Rules = readonly { readonly at: string; readonly rule: ReturnType<typeof ignoreRules> }[];
  const visit = async (at: string, above: Rules): Promise<void> => {
    signal.throwIfAborted();
    const entries = await readdir(join(folder, at), { withFileTypes: true }).catch(() => null);
    if (!entries) {
      left.unreadable += 1;
      return;
    }
    const own = entries.some((entry) => entry.name === '.gitignore' && entry.isFile())
      ? await readFile(join(folder, at, '.gitignore'), 'utf8').catch(() => '')
      : '';
    const rules = own === '' ? above : [...above, { at, rule: ignoreRules(own) }];
    const ignored = (path: string, isFolder: boolean): boolean => {
      for (const { at: base, rule } of rules.toReversed()) {
        const said = rule(base === '' ? path : path.slice(base.length + 1), isFolder);
        if (said !== null) return said;
      }
      return false;
    };
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (NEVER.has(entry.name) || ignored(path, entry.isDirectory())) continue;
      if (entry.isDirectory()) await visit(path, rules);
      else if (entry.isFile() && (languageOf(path) || path.endsWith('.prisma'))) {
        if (found.length < MOST_FILES) found.push(path);
        else left.beyond += 1;
      }
    }
  };
  await visit('', []);
  return found;
}

async function readText(path: string, left: Left): Promise<string | null> {
  try {
    if ((await lstat(path)).size > MOST_BYTES) {
      left.large += 1;
      return null;
    }
    const bytes = await readFile(path);
    return bytes.subarray(0, SNIFFED_BYTES).includes(0) ? null : bytes.toString('utf8');
  } catch {
    left.unreadable += 1;
    return null;
  }
}

function skippedOf(folder: string, { large, unreadable, beyond }: Left): readonly Skipped[] {
  const what = `program text of ${folder}`;
  const rows: readonly (readonly [number, string])[] = [
    [large, 'files over 1 MB'],
    [unreadable, 'files or folders that can not be read'],
    [beyond, `files beyond the first ${MOST_FILES}`],
  ];
  return rows.flatMap(([count, reason]) => (count > 0 ? [{ what, reason: `${count} ${reason}`, remedy: null }] : []));
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

const KINDS: Readonly<Record<string, TableUse['kind']>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
};

/** The tables of a statement, the one that it is about first. */
function tablesOf(sql: string): readonly TableUse[] {
  const parsed = tryParseStatement(sql);
  const kind = parsed ? KINDS[parsed.type] : undefined;
  if (!parsed || !kind) return [];
  const columns = [...walk(parsed.tree)].flatMap(({ type, body }) =>
    type === 'ColumnRef' ? (columnPath(body).path.at(-1) ?? []) : [],
  );
  const target = kind === 'select' ? null : nameIn(field(parsed.body, 'relation') ?? {}, 'relname');
  const tables = [...walk(parsed.tree)].flatMap(({ type, body }) =>
    type === 'RangeVar' ? (nameIn(body, 'relname') ?? []) : [],
  );
  const names = [...new Set([...(target === null ? [] : [target]), ...tables])];
  return names.map((table) => ({ table, kind, columns: [...new Set(columns)] }));
}
