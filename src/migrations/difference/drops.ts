import type { SchemaEntry } from '../../model/schema.js';
import { lastPart, splitOwned } from './names.js';

type Drop = (entry: SchemaEntry, side: ReadonlyMap<string, SchemaEntry>) => string | null;

const named =
  (words: string): Drop =>
  ({ identity }) =>
    `DROP ${words} ${identity}`;

const ofTable =
  (words: string): Drop =>
  ({ identity }) => {
    const { table, name } = splitOwned(identity);
    return `DROP ${words} ${name} ON ${table}`;
  };

const dropConstraint: Drop = ({ identity }) => {
  const { table, name } = splitOwned(identity);
  return `ALTER TABLE ${table} DROP CONSTRAINT ${name}`;
};

/** What makes an object go, by kind; null where it goes with something else. Kinds that are missing can not be dropped by us. */
const DROPS: Readonly<Record<string, Drop>> = {
  schema: named('SCHEMA'),
  extension: named('EXTENSION'),
  'access method': named('ACCESS METHOD'),
  language: named('LANGUAGE'),
  collation: named('COLLATION'),
  conversion: named('CONVERSION'),
  'shell type': ({ identity }, side) =>
    side.has(`base type ${identity}`) || side.has(`range type ${identity}`) ? null : `DROP TYPE ${identity}`,
  enum: named('TYPE'),
  'composite type': named('TYPE'),
  domain: named('DOMAIN'),
  // The functions that such a type is made of need it too, and only together do they go.
  'range type': ({ identity }, side) => `DROP TYPE ${identity}${side.has(`shell type ${identity}`) ? ' CASCADE' : ''}`,
  'base type': ({ identity }) => `DROP TYPE ${identity} CASCADE`,
  function: ({ identity, needs }) =>
    `DROP ROUTINE ${needs.some(({ id }) => id.startsWith('shell type ')) ? 'IF EXISTS ' : ''}${identity}`,
  aggregate: named('ROUTINE'),
  cast: named('CAST'),
  operator: named('OPERATOR'),
  'operator family': named('OPERATOR FAMILY'),
  'operator class': named('OPERATOR CLASS'),
  transform: named('TRANSFORM'),
  'text search parser': named('TEXT SEARCH PARSER'),
  'text search template': named('TEXT SEARCH TEMPLATE'),
  'text search dictionary': named('TEXT SEARCH DICTIONARY'),
  'text search configuration': named('TEXT SEARCH CONFIGURATION'),
  'foreign data wrapper': named('FOREIGN DATA WRAPPER'),
  server: named('SERVER'),
  sequence: named('SEQUENCE'),
  table: named('TABLE'),
  'foreign table': named('FOREIGN TABLE'),
  view: named('VIEW'),
  'materialized view': named('MATERIALIZED VIEW'),
  index: named('INDEX'),
  'index partition': () => null,
  'extended statistics': named('STATISTICS'),
  'event trigger': named('EVENT TRIGGER'),
  'foreign key': dropConstraint,
  check: (entry, side) =>
    (entry.statements[0] ?? '').startsWith('ALTER DOMAIN ')
      ? (dropConstraint(entry, side) ?? '').replace('ALTER TABLE ', 'ALTER DOMAIN ')
      : dropConstraint(entry, side),
  policy: ofTable('POLICY'),
  rule: ofTable('RULE'),
  trigger: (entry) => {
    const { table, name } = splitOwned(entry.identity);
    // A partition's own trigger comes from its parent: only its state was set.
    return isState(entry) ? `ALTER TABLE ONLY ${table} ENABLE TRIGGER ${name}` : `DROP TRIGGER ${name} ON ${table}`;
  },
  'sequence owner': ({ identity }) => `ALTER SEQUENCE ${identity} OWNED BY NONE`,
  partition: ({ identity, statements }) => {
    const [attach = ''] = statements;
    const at = attach.indexOf(` ATTACH PARTITION ${identity} `);
    return `${attach.slice(0, at).replace('ALTER TABLE ONLY ', 'ALTER TABLE ')} DETACH PARTITION ${identity}`;
  },
  constraint: ({ identity, statements }) => {
    const name = lastPart(identity);
    const [add = ''] = statements;
    const table = add.slice('ALTER TABLE ONLY '.length, add.indexOf(` ADD CONSTRAINT ${name} `));
    return `ALTER TABLE ${table} DROP CONSTRAINT ${name}`;
  },
  'clustered index': ({ identity, statements }) => {
    const [cluster = ''] = statements;
    return `${cluster.slice(0, cluster.length - ` CLUSTER ON ${lastPart(identity)}`.length)} SET WITHOUT CLUSTER`;
  },
  'replica identity': ({ statements }) =>
    (statements[0] ?? '').replace(/ REPLICA IDENTITY (?:FULL|NOTHING|USING INDEX .*)$/s, ' REPLICA IDENTITY DEFAULT'),
  'row security': ({ identity }) => `ALTER TABLE ${identity} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`,
  default: ({ statements }) => (statements[0] ?? '').replace(/ SET DEFAULT .*$/s, ' DROP DEFAULT'),
  // What every new database has.
  comment: ({ identity }) =>
    `COMMENT ON ${identity} IS ${identity === 'SCHEMA public' ? "'standard public schema'" : 'NULL'}`,
  refresh: ({ identity }) => `REFRESH MATERIALIZED VIEW ${identity} WITH NO DATA`,
};

/** The statement that takes an object away; null where it goes with another, undefined where there is none. */
export function dropStatement(entry: SchemaEntry, side: ReadonlyMap<string, SchemaEntry>): string | null | undefined {
  return DROPS[entry.kind]?.(entry, side);
}

/** What goes with it for good. */
export function lossOf({ kind, identity }: SchemaEntry): string | null {
  if (kind === 'table') return `all rows of ${identity}`;
  return kind === 'sequence' ? `the position of ${identity}` : null;
}

function isState({ statements }: SchemaEntry): boolean {
  return statements.every((sql) => sql.startsWith('ALTER TABLE '));
}
