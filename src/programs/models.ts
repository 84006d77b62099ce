import { extensionOf } from './languages.js';

/** What a statement asks of one table, as an ORM's call would be written. */
export interface TableUse {
  readonly table: string;
  readonly kind: 'select' | 'insert' | 'update' | 'delete';
  /** Of the table, those that the statement compares. */
  readonly columns: readonly string[];
}

/** A call that likely generates a statement: it names the table's model and a method for that kind of statement. */
export interface LikelyCall {
  readonly line: number;
  readonly orm: string;
  /** The call as it begins, e.g. `prisma.book.findMany`. */
  readonly call: string;
  /** Columns of the statement that are named close by. */
  readonly columns: readonly string[];
}

/** Names that programs give to a table: as it is, in other case, in the singular. `declared` are those by which a model says that it is that table's. */
export function modelNames(table: string, declared: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const words = table
    .split(/[_\s-]+|(?<=[a-z0-9])(?=[A-Z])/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
  const forms = [words, [...words.slice(0, -1), singular(words.at(-1) ?? '')]].flatMap((parts) => {
    const pascal = parts.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    return [pascal, pascal.charAt(0).toLowerCase() + pascal.slice(1), parts.join('_')];
  });
  const own = declared.get(table.toLowerCase()) ?? [];
  const lower = own.map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  return [...new Set([table, ...forms, ...own, ...lower])];
}

/** A class or constant that a file declares for a table: `[table in lower case, name]`. */
export function declaredModels(text: string): readonly (readonly [string, string])[] {
  return DECLARATIONS.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(({ groups }) =>
      groups?.['table'] !== undefined && groups['model'] !== undefined
        ? [[groups['table'].toLowerCase(), groups['model']] as const]
        : [],
    ),
  );
}

/** The calls in one file that likely generate a statement on a table. */
export function likelyCalls(
  text: string,
  path: string,
  use: TableUse,
  names: readonly string[],
): readonly LikelyCall[] {
  const mine = FORMS.filter(({ files }) => files.includes(extensionOf(path)));
  const any = names.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)).join('|');
  const found = new Map<number, LikelyCall>();
  for (const { orm, call, methods } of mine) {
    const method = methods[use.kind];
    if (method === null) continue;
    const pattern = new RegExp(call.replace('MODEL', `(?:${any})`).replace('METHOD', `(?:${method})`), 'g');
    for (const match of text.matchAll(pattern)) {
      const line = text.slice(0, match.index).split('\n').length;
      const near = text.slice(match.index, match.index + NEAR);
      const columns = use.columns.filter((column) => spellings(column).some((one) => near.includes(one)));
      if (!found.has(line)) found.set(line, { line, orm, call: match[0].replaceAll(/\s+/g, ' ').trim(), columns });
    }
  }
  return [...found.values()];
}

/** Characters in which the arguments of a call may stand. */
const NEAR = 400;

function spellings(column: string): readonly string[] {
  return [column, column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:s|x|z|ch|sh)es$/.test(word)) return word.replace(/es$/, '');
  return /[^su]s$/.test(word) ? word.slice(0, -1) : word;
}

const DECLARATIONS = [
  /\bmodel\s+(?<model>\w+)\s*\{[^}]*?@@map\(\s*(?:name:\s*)?"(?<table>\w+)"/g,
  /@(?:Entity|Table)\(\s*(?:name\s*=\s*|\{\s*(?:name|tableName)\s*:\s*)?["'](?<table>\w+)["'][^)]*\)[\s\S]{0,200}?\bclass\s+(?<model>\w+)/g,
  /\bclass\s+(?<model>\w+)[^\n]*\n(?:[^\n]*\n){0,40}?\s*(?:__tablename__|db_table|self\.table_name)\s*=\s*["'](?:\w+\.)?(?<table>\w+)["']/g,
  /\b(?:const|let|var)\s+(?<model>\w+)\s*=\s*(?:\w+\.)?(?:pgTable|table)\(\s*["'](?<table>\w+)["']/g,
  /\bclass\s+(?<model>\w+)[^{]*\{[\s\S]{0,300}?\$table\s*=\s*["'](?<table>\w+)["']/g,
  /\b(?<model>\w+)\.init\([\s\S]{0,1500}?tableName:\s*["'](?<table>\w+)["']/g,
];

interface Form {
  readonly orm: string;
  readonly files: readonly string[];
  /** A regular expression in which MODEL and METHOD stand for names. */
  readonly call: string;
  readonly methods: Readonly<Record<TableUse['kind'], string | null>>;
}

const SCRIPTS = ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts', 'vue', 'svelte'];

/** Methods of each library by the statement that they send, from their manuals. */
const FORMS: readonly Form[] = [
  {
    orm: 'Prisma',
    files: SCRIPTS,
    call: String.raw`\b\w+\.MODEL\.(?:METHOD)\b`,
    methods: {
      select: 'findMany|findFirst|findFirstOrThrow|findUnique|findUniqueOrThrow|count|aggregate|groupBy',
      insert: 'create|createMany|createManyAndReturn|upsert',
      update: 'update|updateMany|upsert',
      delete: 'delete|deleteMany',
    },
  },
  {
    orm: 'Drizzle',
    files: SCRIPTS,
    call: String.raw`\.(?:METHOD)\(\s*(?:\w+\.)?MODEL\s*\)`,
    methods: { select: 'from', insert: 'insert', update: 'update', delete: 'delete' },
  },
  {
    orm: 'Drizzle',
    files: SCRIPTS,
    call: String.raw`\.query\.MODEL\.(?:METHOD)\b`,
    methods: { select: 'findMany|findFirst', insert: null, update: null, delete: null },
  },
  {
    orm: 'TypeORM',
    files: SCRIPTS,
    call: String.raw`(?:\b\w*MODEL(?:s)?(?:Repository|Repo)|getRepository\(\s*MODEL\s*\))\s*\.(?:METHOD)\b`,
    methods: {
      select: 'find|findBy|findOne|findOneBy|findOneOrFail|findAndCount|count|exists?|createQueryBuilder',
      insert: 'insert|save|upsert|createQueryBuilder',
      update: 'update|save|increment|decrement|createQueryBuilder',
      delete: 'delete|remove|softDelete|createQueryBuilder',
    },
  },
  {
    orm: 'Sequelize',
    files: SCRIPTS,
    call: String.raw`\bMODEL\.(?:METHOD)\s*\(`,
    methods: {
      select: 'findAll|findOne|findByPk|findAndCountAll|count|sum|max|min',
      insert: 'create|bulkCreate|upsert|findOrCreate',
      update: 'update|increment|decrement|upsert',
      delete: 'destroy',
    },
  },
  {
    orm: 'Knex',
    files: SCRIPTS,
    call: String.raw`(?:\b(?:knex|db|trx)\(|\.(?:METHOD)\()\s*["'\x60](?:\w+\.)?MODEL(?:\s+as\s+\w+)?["'\x60]`,
    methods: { select: 'from|table', insert: 'into|table', update: 'table', delete: 'from|table' },
  },
  {
    orm: 'Django',
    files: ['py'],
    call: String.raw`\bMODEL\.objects\s*\.(?:METHOD)\b`,
    methods: {
      select:
        'filter|get|all|exclude|values|values_list|annotate|aggregate|order_by|select_related|prefetch_related|count|exists|first|last|only|defer|in_bulk|raw',
      insert: 'create|bulk_create|get_or_create|update_or_create',
      update: 'filter|update|bulk_update|update_or_create|all|exclude',
      delete: 'filter|all|exclude',
    },
  },
  {
    orm: 'SQLAlchemy',
    files: ['py'],
    call: String.raw`\b(?:METHOD)\(\s*(?:\w+\.)?MODEL\b`,
    methods: { select: 'select|query', insert: 'insert', update: 'update|query', delete: 'delete|query' },
  },
  {
    orm: 'ActiveRecord',
    files: ['rb', 'rake', 'erb'],
    call: String.raw`\bMODEL\.(?:METHOD)\b`,
    methods: {
      select:
        'where|find|find_by|find_each|all|joins|left_joins|includes|preload|eager_load|order|limit|first|last|count|sum|pluck|exists\\?|select|group|distinct',
      insert: 'create!?|insert_all!?|upsert_all|upsert|insert!?|find_or_create_by!?',
      update: 'where|update_all|update|find_each|find|all',
      delete: 'where|delete_all|destroy_all|find|all',
    },
  },
  {
    orm: 'Hibernate',
    files: ['java', 'kt', 'kts', 'scala', 'groovy'],
    call: String.raw`\b(?:\w*MODEL(?:Repository|Repo|Dao|DAO))\s*\.(?:METHOD)\w*`,
    methods: {
      select: 'find|get|read|query|search|count|exists',
      insert: 'save|persist|insert',
      update: 'save|update|merge',
      delete: 'delete|remove',
    },
  },
  {
    orm: 'Hibernate',
    files: ['java', 'kt', 'kts', 'scala', 'groovy'],
    call: String.raw`\b(?:METHOD)\s+MODEL\b`,
    methods: {
      select: 'from|FROM|join|JOIN',
      insert: null,
      update: 'update|UPDATE',
      delete: 'delete|DELETE|from|FROM',
    },
  },
];
