/** What an auto_explain message holds of a statement. Null is what its settings left out. */
export interface LoggedPlan {
  readonly sql: string;
  /** `$1 = '...'`, of PostgreSQL 16 and later. */
  readonly parameters: string | null;
  readonly rows: number | null;
  readonly sharedHit: number | null;
  readonly sharedRead: number | null;
  /** Read and written, in blocks. */
  readonly tempBlocks: number | null;
  readonly walBytes: number | null;
}

/** Reads the body of an auto_explain message in text or JSON form; null for XML, YAML, and what can not be read. */
export function readLoggedPlan(body: string): LoggedPlan | null {
  const trimmed = body.trim();
  return trimmed.startsWith('{') ? fromJson(trimmed) : fromText(trimmed);
}

const QUERY = 'Query Text: ';
/** The first line of a plan in text form. */
const ROOT = /^\S.*\(cost=\d+\.\d+\.\.\d+\.\d+ rows=\d+ width=\d+\).*$/m;
const PARAMETERS = /^Query Parameters: (.*)$/ms;

function fromText(body: string): LoggedPlan | null {
  if (!body.startsWith(QUERY)) return null;
  const root = ROOT.exec(body);
  if (!root) return null;
  const head = body.slice(QUERY.length, root.index);
  const parameters = PARAMETERS.exec(head);
  const sql = (parameters ? head.slice(0, parameters.index) : head).trim();
  const actual = /\(actual (?:time=\S+ )?rows=([\d.]+) loops=(\d+)\)/.exec(root[0]);
  const own = ownLines(body.slice(root.index + root[0].length + 1));
  const buffers = own.find((line) => line.startsWith('Buffers:'));
  const wal = own.find((line) => line.startsWith('WAL:'));
  return {
    sql,
    parameters: parameters?.[1]?.trim() ?? null,
    rows: actual ? Math.round(Number(actual[1]) * Number(actual[2])) : null,
    ...(buffers === undefined ? NO_BUFFERS : readBuffers(buffers)),
    walBytes: wal === undefined ? null : Number(/bytes=(\d+)/.exec(wal)?.[1] ?? 0),
  };
}

const NO_BUFFERS = { sharedHit: null, sharedRead: null, tempBlocks: null };

/** Properties of the root node: two spaces in, before its first child. */
function ownLines(text: string): readonly string[] {
  const own: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*->|^\S/.test(line)) break;
    if (/^ {2}\S/.test(line)) own.push(line.trim());
  }
  return own;
}

function readBuffers(line: string): Pick<LoggedPlan, 'sharedHit' | 'sharedRead' | 'tempBlocks'> {
  const part = (name: string): string => new RegExp(`${name}((?: \\w+=\\d+)+)`).exec(line)?.[1] ?? '';
  const count = (text: string, key: string): number => Number(new RegExp(` ${key}=(\\d+)`).exec(text)?.[1] ?? 0);
  const shared = part('shared');
  const temp = part('temp');
  return {
    sharedHit: count(shared, 'hit'),
    sharedRead: count(shared, 'read'),
    tempBlocks: count(temp, 'read') + count(temp, 'written'),
  };
}

function fromJson(text: string): LoggedPlan | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const plan = value['Plan'] as Record<string, unknown> | undefined;
  const sql = value['Query Text'];
  if (!plan || typeof plan !== 'object' || typeof sql !== 'string') return null;
  const at = (key: string): number | null => (typeof plan[key] === 'number' ? plan[key] : null);
  const rows = at('Actual Rows');
  const temp = [at('Temp Read Blocks'), at('Temp Written Blocks')];
  return {
    sql,
    parameters: typeof value['Query Parameters'] === 'string' ? value['Query Parameters'] : null,
    rows: rows === null ? null : Math.round(rows * (at('Actual Loops') ?? 1)),
    sharedHit: at('Shared Hit Blocks'),
    sharedRead: at('Shared Read Blocks'),
    tempBlocks: temp[0] === null || temp[1] === null ? null : (temp[0] ?? 0) + (temp[1] ?? 0),
    walBytes: at('WAL Bytes'),
  };
}
