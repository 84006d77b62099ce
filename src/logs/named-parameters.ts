import { lex } from './lex.js';

/** A text whose placeholders were numbered. */
export interface Numbered {
  readonly sql: string;
  /** The name or position of each `$n`, in order. */
  readonly names: readonly string[];
}

/** Writes `:name` as `$n`, a name used twice as one parameter; strings, comments and casts (`::type`) stay as they are. */
export function bindPositions(sql: string): Numbered {
  return number(sql, /(?<![:\w]):([A-Za-z_]\w*)/g, true);
}

/** Writes the placeholders of drivers as `$n`: `?`, `%s`, `%(name)s`, `@p1`. Text in which a `?` may be an operator must not come here. */
export function bindDriverPlaceholders(sql: string): Numbered {
  if (/%\(\w+\)s/.test(sql)) return number(sql, /%\((\w+)\)s/g, true);
  if (/%s/.test(sql)) return number(sql, /%s/g, false);
  if (/@p?\d+\b/.test(sql)) return number(sql, /@p?(\d+)\b/g, true);
  return number(sql, /\?(?![|&?])/g, false);
}

function number(sql: string, pattern: RegExp, named: boolean): Numbered {
  const { literals, comments } = lex(sql);
  const closed = [...literals, ...comments];
  const names: string[] = [];
  const written = sql.replaceAll(pattern, (whole: string, ...rest: unknown[]) => {
    const at = rest.find((part): part is number => typeof part === 'number') ?? 0;
    if (closed.some(({ start, end }) => at >= start && at < end)) return whole;
    const name = named ? String(rest[0]) : String(names.length + 1);
    const known = named ? names.indexOf(name) : -1;
    if (known !== -1) return `$${known + 1}`;
    names.push(name);
    return `$${names.length}`;
  });
  return { sql: written, names };
}

/** A value of a program's log as an SQL literal; null for what is none (objects, `<Buffer ...>`). */
export function literalOf(value: unknown): string | null {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return null;
}
