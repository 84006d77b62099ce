import { bareLiteral } from '../base/quote.js';
import { lookupTable } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import type { Statistics } from '../model/statistics.js';
import type { ParameterSet } from '../model/workload.js';
import { parameterCount } from '../sql/parameters.js';
import { tryParseStatement } from '../sql/parse.js';
import { tokenize } from '../sql/tokens.js';
import type { ParameterUse, StatementUses } from '../sql/use-types.js';
import { statementUses } from '../sql/uses.js';
import { defaultValue, equalityValue, knownColumn, literalFor, valueAt, valueBeyond } from './column-values.js';
import type { DrawnClass, KnownColumn } from './column-values.js';
import { documentsAt, drawnKeys, keysOf, valuesColumn } from './document-values.js';
import { TYPE_VALUES, USUAL_ARGUMENTS } from './usual-values.js';

/** Parameter sets drawn for a statement. */
export interface DrawnParameters {
  /** One per class, those with the same values once; a single empty `given` one when the statement has no parameters; empty when one can not be drawn. */
  readonly sets: readonly ParameterSet[];
  /** Why a parameter could not be drawn, e.g. `$2: nothing is known about what it means`. */
  readonly missing: readonly string[];
  /** Values that are guesses and not drawn from statistics, e.g. `$3: LIMIT taken as 20`. */
  readonly guesses: readonly string[];
}

/**
 * Draws values for `$1, $2, ...` from the statistics of the columns they meet: `frequent`, `typical`, `rare`, `absent`; ranges hold about 50 %, 10 %, 1 %, none of the rows.
 * All parameters of a set are of one class. What is inserted into a unique column is absent from it. LIMIT is 20, OFFSET 0. Pure; needs `loadParser()`.
 */
export function drawParameterSets(
  statement: { readonly sql: string },
  catalog: Catalog,
  statistics: Statistics,
): DrawnParameters {
  const parsed = tryParseStatement(statement.sql);
  if (!parsed) return { sets: [], missing: ['the statement can not be parsed'], guesses: [] };
  const count = parameterCount(statement.sql);
  if (count === 0) return { sets: [{ class: 'given', values: [] }], missing: [], guesses: [] };
  const uses = statementUses(
    parsed,
    (schema, name) => lookupTable(catalog, schema, name)?.columns.map((one) => one.name) ?? null,
  );
  const draw: Draw = { catalog, statistics, uses, missing: new Set<number>(), guesses: new Set() };
  const sets = CLASSES.map((drawn) => ({
    class: drawn,
    values: Array.from({ length: count }, (_, i) => valueFor(draw, i + 1, drawn)),
  }));
  const complete = sets.flatMap(({ class: kind, values }) =>
    values.includes(null) ? [] : [{ class: kind, values: values as string[] }],
  );
  return { sets: distinct(complete), missing: missingWords([...draw.missing]), guesses: [...draw.guesses] };
}

function missingWords(numbers: readonly number[]): readonly string[] {
  if (numbers.length === 0) return [];
  const named = numbers.map((number) => `$${number}`).join(', ');
  return [`${named}: nothing is known about the values ${numbers.length === 1 ? 'it takes' : 'they take'}`];
}

const CLASSES: readonly DrawnClass[] = ['typical', 'frequent', 'rare', 'absent'];

/** Rows that a range of the class should hold. */
const RANGE_FRACTION: Readonly<Record<DrawnClass, number>> = { frequent: 0.5, typical: 0.1, rare: 0.01, absent: 0 };

interface Draw {
  readonly catalog: Catalog;
  readonly statistics: Statistics;
  readonly uses: StatementUses;
  readonly missing: Set<number>;
  readonly guesses: Set<string>;
}

/** SQL of the value; null, with the reason in `missing`, when there is none. */
function valueFor(draw: Draw, number: number, drawn: DrawnClass): string | null {
  const uses = draw.uses.parameters.filter((use) => use.number === number);
  const use = uses.toSorted((a, b) => rank(a) - rank(b))[0];
  if (!use) return 'NULL';
  const value = columnValue(draw, use, drawn) ?? placeValue(draw, use, drawn);
  if (value === null) draw.missing.add(number);
  return value;
}

/** The place that says most about a value comes first. */
function rank(use: ParameterUse): number {
  if (use.role === 'limit' || use.role === 'offset') return 0;
  if (use.column !== null) return use.role === 'interval' ? 2 : 1;
  return use.type === null ? 4 : 3;
}

function columnValue(draw: Draw, use: ParameterUse, drawn: DrawnClass): string | null {
  const relation = use.reference === null ? undefined : draw.uses.relations[use.reference];
  const table = relation ? lookupTable(draw.catalog, relation.schema, relation.name) : undefined;
  const known = table && use.column !== null ? knownColumn(draw.catalog, draw.statistics, table, use.column) : null;
  const part = use.expression === null && (use.functionName === 'extract' || use.functionName === 'date_part');
  if (!known || part) return null;
  if (use.role === 'interval') return intervalValue(draw, known, use, drawn);
  if (use.role === 'insert' || use.role === 'set') return storedValue(draw, known, use, drawn);
  if (use.role === 'array') return arrayValue(known, drawn);
  const isDocument = known.column.baseType === 'json' || known.column.baseType === 'jsonb';
  if (isDocument && (use.expression === null || use.path.length > 0)) return documentValue(draw, known, use, drawn);
  const text = comparedText(draw, known, use, drawn);
  if (text === null) return fallback(draw, known, use);
  return use.expression === null ? literalFor(text, known.column) : throughExpression(use.expression, text, known);
}

/** A key, or what is compared with a place in documents: `data ->> $1 = $2`, `data @> $1`, `data ? $1`. Null where the statistics hold no document with such a place. */
function documentValue(draw: Draw, known: KnownColumn, use: ParameterUse, drawn: DrawnClass): string | null {
  if (use.role === 'argument') return keyValue(draw, known, use);
  if (use.path.length > 0) {
    const keys = drawnKeys(draw.uses.parameters, known, use.path);
    const values = keys && valuesColumn(known, documentsAt(known, keys));
    const text = values && comparedText(draw, values, use, drawn);
    return text === null ? null : bareLiteral(text);
  }
  const [key] = keysOf(documentsAt(known, []), false);
  if (/^\?[|&]?$/.test(use.operator ?? '')) {
    const asked = drawn === 'absent' || key === undefined ? 'absent-1' : key;
    return use.operator === '?' ? bareLiteral(asked) : `ARRAY[${bareLiteral(asked)}]`;
  }
  if (key !== undefined && drawn !== 'absent' && use.operator === '@>')
    return bareLiteral(JSON.stringify({ [key]: documentsAt(known, [key])[0] }));
  const text = equalityValue(known, drawn);
  return text === null ? fallback(draw, known, use) : literalFor(text, known.column);
}

function keyValue(draw: Draw, known: KnownColumn, use: ParameterUse): string | null {
  const key = drawnKeys(draw.uses.parameters, known, [...use.path, use.number])?.at(-1);
  return key === undefined
    ? null
    : guessed(draw, use, `key of ${known.table.name}.${known.column.name}`, bareLiteral(key));
}

function comparedText(draw: Draw, known: KnownColumn, use: ParameterUse, drawn: DrawnClass): string | null {
  const operator = use.operator ?? '=';
  if (operator.startsWith('~~')) {
    draw.guesses.add(`$${use.number}: pattern taken as the beginning of a value`);
    const text = equalityValue(known, drawn);
    return text === null ? null : `${text.slice(0, PATTERN_LETTERS)}%`;
  }
  if (operator === 'BETWEEN') return rangeText(known, drawn, isUpper(draw, use) ? 'upper' : 'lower');
  if (!/^[<>]=?$/.test(operator)) return equalityValue(known, drawn, use.role === 'list' ? position(draw, use) : 0);
  const upper = operator.startsWith('<');
  const paired = draw.uses.parameters.some(
    (one) =>
      one !== use && sameColumn(one, use) && one.operator !== null && (upper ? /^>=?$/ : /^<=?$/).test(one.operator),
  );
  if (paired) return rangeText(known, drawn, upper ? 'upper' : 'lower');
  if (drawn === 'absent') return valueBeyond(known, !upper);
  return valueAt(known, upper ? RANGE_FRACTION[drawn] : 1 - RANGE_FRACTION[drawn]);
}

/** Letters of a drawn LIKE pattern: what people type before they look. */
const PATTERN_LETTERS = 4;

/** Both ends around the middle; the empty range lies beyond the values. */
function rangeText(known: KnownColumn, drawn: DrawnClass, end: 'lower' | 'upper'): string | null {
  if (drawn === 'absent') return valueBeyond(known, true);
  const half = RANGE_FRACTION[drawn] / 2;
  return valueAt(known, end === 'lower' ? 0.5 - half : 0.5 + half);
}

function sameColumn(a: ParameterUse, b: ParameterUse): boolean {
  return a.reference === b.reference && a.column === b.column && a.expression === b.expression;
}

/** Of `BETWEEN $1 AND $2` the second is the upper end. */
function isUpper(draw: Draw, use: ParameterUse): boolean {
  return position(draw, use) % 2 === 1;
}

/** Which one it is among the parameters that meet the same column in the same way. */
function position(draw: Draw, use: ParameterUse): number {
  return draw.uses.parameters.filter(
    (one) => sameColumn(one, use) && one.operator === use.operator && one.number < use.number,
  ).length;
}

function arrayValue(known: KnownColumn, drawn: DrawnClass): string | null {
  const values = Array.from({ length: ARRAY_LENGTH }, (_, i) => equalityValue(known, drawn, i)).filter(
    (value) => value !== null,
  );
  if (values.length === 0) return null;
  const items = [...new Set(values)].map((value) => literalFor(value, known.column));
  return `ARRAY[${items.join(', ')}]::${known.column.type}[]`;
}

/** Length of a drawn array: a page of identifiers. */
const ARRAY_LENGTH = 5;

function storedValue(draw: Draw, known: KnownColumn, use: ParameterUse, drawn: DrawnClass): string | null {
  const stored = known.unique
    ? equalityValue(known, 'absent', position(draw, use) + CLASSES.indexOf(drawn))
    : equalityValue(known, drawn === 'absent' ? 'typical' : drawn);
  return stored === null ? fallback(draw, known, use) : literalFor(stored, known.column);
}

/** Nothing in the statistics: NULL where the column takes it, else any value of the type. */
function fallback(draw: Draw, known: KnownColumn, use: ParameterUse): string | null {
  if (known.column.typeCategory === 'E' || known.column.typeCategory === 'B') {
    const any = equalityValue(known, 'typical');
    if (any !== null) return literalFor(any, known.column);
  }
  const value = defaultValue(known.column.baseType, known.column.typeCategory);
  if (value !== null) {
    draw.guesses.add(
      `$${use.number}: no statistics of ${known.table.name}.${known.column.name}, any value of the type taken`,
    );
    return use.expression === null ? literalFor(value, known.column) : throughExpression(use.expression, value, known);
  }
  if (known.column.notNull || (use.role !== 'insert' && use.role !== 'set')) return null;
  draw.guesses.add(`$${use.number}: no statistics of ${known.table.name}.${known.column.name}, NULL taken`);
  return 'NULL';
}

/** A text of no length: a domain's check, or a length, would refuse a value that is there to be absent. */
function castType({ type, baseType }: KnownColumn['column']): string {
  return ['text', 'varchar', 'bpchar'].includes(baseType) ? 'text' : type;
}

/** What the expression gives for that value: `lower(email) = $1` takes `lower('A@x')`. */
function throughExpression(expression: string, text: string, known: KnownColumn): string {
  const literal = `CAST(${literalFor(text, known.column)} AS ${castType(known.column)})`;
  let written = '';
  let done = 0;
  for (const token of tokenize(expression)) {
    if (token.kind !== 'identifier' && token.kind !== 'keyword') continue;
    const name = token.text.startsWith('"') ? token.text.slice(1, -1).replaceAll('""', '"') : token.text.toLowerCase();
    if (name !== known.column.name || expression.charAt(token.end) === '(') continue;
    written += `${expression.slice(done, token.start)}${literal}`;
    done = token.end;
  }
  return `(${written}${expression.slice(done)})`;
}

/** `created_at > now() - interval $1`: how long ago the rows begin that the class wants. */
function intervalValue(draw: Draw, known: KnownColumn, use: ParameterUse, drawn: DrawnClass): string {
  const wanted =
    drawn === 'absent'
      ? null
      : valueAt(known, use.operator?.startsWith('<') ? RANGE_FRACTION[drawn] : 1 - RANGE_FRACTION[drawn]);
  const seconds =
    wanted === null ? Number.NaN : (Date.parse(draw.statistics.readAt) - Date.parse(isoOf(wanted))) / 1000;
  if (drawn === 'absent') return "'1 second'";
  if (!(seconds > 0)) return guessedInterval(draw, use, drawn);
  return seconds > 2 * SECONDS_PER_DAY
    ? `'${Math.round(seconds / SECONDS_PER_DAY)} days'`
    : `'${Math.max(1, Math.round(seconds))} seconds'`;
}

const SECONDS_PER_DAY = 86_400;

/** PostgreSQL writes `2024-05-01 10:00:00+00`; what no clock reads stays NaN. */
function isoOf(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

function guessedInterval(draw: Draw, use: ParameterUse, drawn: DrawnClass): string {
  draw.guesses.add(`$${use.number}: interval taken as 30 days, 7 days, 1 hour`);
  return { frequent: "'30 days'", typical: "'7 days'", rare: "'1 hour'", absent: "'1 second'" }[drawn];
}

/** A parameter that meets no column: its place in the statement says what it may be. */
function placeValue(draw: Draw, use: ParameterUse, drawn: DrawnClass): string | null {
  if (use.role === 'limit') return guessed(draw, use, 'LIMIT', '20');
  if (use.role === 'offset') return guessed(draw, use, 'OFFSET', '0');
  if (use.role === 'interval') return guessedInterval(draw, use, drawn);
  if (use.role === 'argument') {
    const known = USUAL_ARGUMENTS[use.functionName ?? ''];
    if (known !== undefined) return guessed(draw, use, `argument of ${use.functionName}`, known);
  }
  if (use.type !== null) {
    const value = TYPE_VALUES[use.type] ?? (use.type.endsWith('[]') ? "'{}'" : undefined);
    return value === undefined ? null : guessed(draw, use, use.type, value);
  }
  if (use.role === 'compared' && use.functionName !== null)
    return guessed(
      draw,
      use,
      `${use.functionName}()`,
      { frequent: '1', typical: '5', rare: '100', absent: '1000000000' }[drawn],
    );
  return (use.reference !== null && use.functionName === null) || use.role === 'argument' || use.role === 'array'
    ? null
    : guessed(draw, use, 'a bare value', '1');
}

function guessed(draw: Draw, use: ParameterUse, what: string, value: string): string {
  draw.guesses.add(`$${use.number}: ${what} taken as ${value}`);
  return value;
}

function distinct(sets: readonly ParameterSet[]): readonly ParameterSet[] {
  const seen = new Set<string>();
  return sets.filter((set) => {
    const key = JSON.stringify(set.values);
    return seen.has(key) ? false : seen.add(key);
  });
}
