import { unquoteIdent } from '../base/quote.js';

/** How the columns of a filter could be served by an index. A column stands in the first of these that it fits. */
export interface ServedColumns {
  /** Compared by = with one value, tested for being true, false or NULL. */
  readonly equal: readonly string[];
  /** Compared by = with one of several values: rows then come in no order of what follows in an index. */
  readonly several: readonly string[];
  /** Compared by <, <=, > or >=. */
  readonly ranges: readonly string[];
  /** LIKE with a pattern that begins with letters. */
  readonly prefixes: readonly string[];
  /** ILIKE, regular expressions, LIKE with a pattern that begins with anything. */
  readonly patterns: readonly string[];
  /** Whether the conditions are put together by OR. */
  readonly isOr: boolean;
}

/** What of a filter, as EXPLAIN writes it, an index on bare columns could serve. What it can not read is left out. */
export function servedColumns(filter: string): ServedColumns {
  const found = {
    equal: new Set<string>(),
    several: new Set<string>(),
    ranges: new Set<string>(),
    prefixes: new Set<string>(),
    patterns: new Set<string>(),
  };
  const bare = withoutBrackets(filter);
  const either = split(bare, ' OR ');
  for (const part of either.length > 1
    ? either.flatMap((one) => split(withoutBrackets(one), ' AND '))
    : split(bare, ' AND ')) {
    const [kind, column] = readCondition(withoutBrackets(part)) ?? [];
    if (kind !== undefined && column !== undefined && Object.values(found).every((names) => !names.has(column)))
      found[kind].add(column);
  }
  return {
    equal: [...found.equal],
    several: [...found.several],
    ranges: [...found.ranges],
    prefixes: [...found.prefixes],
    patterns: [...found.patterns],
    isOr: either.length > 1,
  };
}

type Kind = Exclude<keyof ServedColumns, 'isOr'>;

const COLUMN = String.raw`\(?(?:(?:\w+|"(?:[^"]|"")+")\.)?([a-z_]\w*|"(?:[^"]|"")+")\)?(?:::(?:text|bpchar|character varying))?`;
const COMPARISON = new RegExp(`^${COLUMN} (=|<|>|<=|>=|~~|~~\\*|~|~\\*) (.*)$`, 's');
const TEST = new RegExp(`^(?:NOT )?${COLUMN}(?: IS (?:NULL|TRUE|FALSE|NOT TRUE|NOT FALSE))?$`);

function readCondition(text: string): readonly [Kind, string] | null {
  const test = TEST.exec(text);
  if (test) return ['equal', unquoteIdent(test[1] ?? '')];
  const [, name = '', operator = '', value = ''] = COMPARISON.exec(text) ?? [];
  if (name === '') return null;
  const column = unquoteIdent(name);
  if (operator === '=') return [value.startsWith('ANY (') ? 'several' : 'equal', column];
  if (/^[<>]/.test(operator)) return [/^(?:ANY|ALL) \(/.test(value) ? 'several' : 'ranges', column];
  if (value.startsWith('ALL (')) return null;
  return [operator === '~~' && /^'[^%_']/.test(value) ? 'prefixes' : 'patterns', column];
}

/** Parts between which the word stands, in no brackets and no quotes. */
function split(text: string, word: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { at, depth } of unquoted(text)) {
    if (depth > 0 || !text.startsWith(word, at)) continue;
    parts.push(text.slice(from, at));
    from = at + word.length;
  }
  return [...parts, text.slice(from)];
}

/** Without the brackets that hold all of a text. */
function withoutBrackets(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('(') || !trimmed.endsWith(')')) return trimmed;
  const inner = trimmed.slice(1, -1);
  const depths = [...unquoted(inner)].map(({ depth }) => depth);
  return depths.every((depth) => depth >= 0) && (depths.at(-1) ?? 0) === 0 ? withoutBrackets(inner) : trimmed;
}

/** The places of a text outside of quotes, each with how many brackets are open behind its sign. */
function* unquoted(text: string): Generator<{ readonly at: number; readonly depth: number }> {
  let depth = 0;
  let quote = '';
  for (const [at, sign] of text.split('').entries()) {
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === "'" || sign === '"') quote = sign;
    else {
      if (sign === '(' || sign === '[') depth += 1;
      if (sign === ')' || sign === ']') depth -= 1;
      yield { at, depth };
    }
  }
}
