import { quoteIdent } from '../../../base/quote.js';
import { indexesOf, sameRelation } from '../../../model/catalog.js';
import { constraintsOf, tableOf } from '../../context.js';
import type { MigrationContext } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { dependentWords, dependentsOf } from '../../dependents.js';
import { usesColumn } from '../../hanging-on.js';
import { shown } from '../../relation.js';
import type { Relation } from '../../relation.js';
import { alterTable, alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/drop-column',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DROP COLUMN`.',
    why: 'Programs that still read or write the column fail from then on, and the values can not be brought back.',
    limits:
      'Whether a program still uses the column can not be seen in a migration, nor whether a function does whose body is text. The sequence is one of two releases: this one lets the column be NULL, so that programs may leave it out of what they insert, and the next one drops it. A default stays until then, for programs that still read. There is none for a column of the primary key, nor where the file makes another column by its name, or drops something that the column rests on.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "DROP COLUMN"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_DropColumn');
    if (!found) return null;
    const { relation, command } = found;
    const name = command.name ?? '';
    const table = tableOf(context, relation);
    if (command.missingOk && table && table.columns.every((column) => column.name !== name)) return null;
    const dependents = dependentsOf(relation, name, context).map(dependentWords).join(', ');
    const taken = command.cascade ? `CASCADE drops ${dependents} as well` : `it is refused because of ${dependents}`;
    const indexes = indexesOn(relation, name, context);
    const along = indexes.length > 0 ? [`${indexes.join(', ')} ${indexes.length === 1 ? 'goes' : 'go'} along`] : [];
    return {
      subject: relation,
      says: [
        `DROP COLUMN ${name} of ${shown(relation)} breaks who still uses it, for good`,
        ...(dependents === '' ? [] : [taken]),
        ...along,
      ].join('; '),
    };
  },
  safe(operation, context) {
    const found = alteration(operation, 'AT_DropColumn');
    if (!found || found.command.name === null) return null;
    const { relation, command } = found;
    const name = found.command.name;
    const { file } = context;
    const table = tableOf(context, relation);
    const isReplaced = file.arriving.some((one) => one.table === relation.name && one.column === name);
    const isSwitched = file.switched.some((one) => one.table === relation.name);
    const isKey = constraintsOf(context, relation).some(
      ({ kind, columns }) => kind === 'primary' && columns.includes(name),
    );
    const kind = table?.kind ?? 'r';
    if (isReplaced || isSwitched || isKey || (kind !== 'r' && kind !== 'p')) return null;
    const column = table?.columns.find((one) => one.name === name);
    // What the file drops after it may rest on the column; and one that may not be there can not be left for later.
    if (isNeededGone(relation, name, context) || (command.missingOk && !column)) return null;
    const isFilled =
      column !== undefined && (!column.notNull || column.hasDefault || column.identity || column.generated);
    const place = `${shown(relation)}.${shown({ schema: null, name })}`;
    const dependents = command.cascade ? [] : dependentsOf(relation, name, context).map(dependentWords);
    const drop = `DROP COLUMN ${command.missingOk ? 'IF EXISTS ' : ''}${quoteIdent(name)}`;
    return {
      differs: `${place} stays for now: a later release drops it`,
      up: isFilled
        ? []
        : [
            {
              sql: [`${alterTable(operation, relation)} ALTER COLUMN ${quoteIdent(name)} DROP NOT NULL`],
              ...(column
                ? {}
                : { down: null, noWayBack: `whether ${place} was NOT NULL before is not known: look with --to` }),
              note: `Programs may stop writing ${place} from here on.`,
            },
          ],
      later: {
        when: [
          `no program reads or writes ${place} any longer`,
          ...(dependents.length > 0 ? [`${dependents.join(', ')} can do without it`] : []),
        ].join(' and '),
        sql: [`${alterTable(operation, relation)} ${drop}${command.cascade ? ' CASCADE' : ''}`],
        noWayBack: 'the values are gone, and ADD COLUMN brings an empty column: take a backup of them before',
      },
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL); CREATE INDEX book_title ON book (title); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book DROP COLUMN title;',
    good: 'ALTER TABLE book ALTER COLUMN title DROP NOT NULL;',
  },
});

/** Whether a DROP further on in the file is refused while the column is there: of its type, of a function or sequence in its default, of a table that it refers to. */
function isNeededGone(relation: Relation, name: string, context: MigrationContext): boolean {
  const after = context.file.drops.filter(({ line }) => line >= context.line).map((one) => one.name);
  if (after.length === 0) return false;
  const table = tableOf(context, relation);
  const column = table?.columns.find((one) => one.name === name);
  if (!column) return true;
  const text = [column.type, column.defaultAs, column.storedAs, column.sequence?.name.name].join(' ');
  const referred = constraintsOf(context, relation).flatMap(({ references, columns }) =>
    references && columns.includes(name) ? [references.table.name] : [],
  );
  return after.some((one) => text.includes(one) || referred.includes(one));
}

/** Indexes and extended statistics that go with the column. */
function indexesOn(relation: Relation, name: string, context: MigrationContext): readonly string[] {
  const table = tableOf(context, relation);
  const { catalog } = context;
  if (!table || !catalog) return [];
  const indexes = indexesOf(catalog, table).filter((index) => usesColumn(index, name));
  const statistics = catalog.extendedStatistics.filter(
    (one) => sameRelation(one.table, table) && one.columns.includes(name),
  );
  return [
    ...indexes.map((index) => `index ${shown({ schema: null, name: index.name })}`),
    ...statistics.map((one) => `statistics ${shown({ schema: null, name: one.name })}`),
  ];
}
