/** How a language writes strings and comments. */
export interface Language {
  readonly lineComments: readonly string[];
  readonly blockComments: boolean;
  /** Longest first. */
  readonly quotes: readonly Quote[];
  readonly heredocs: boolean;
  /** SQL between tags of XML (MyBatis), or a file of statements. */
  readonly whole: 'xml' | 'sql' | null;
}

export interface Quote {
  readonly open: string;
  readonly close: string;
  /** May go over several lines. */
  readonly lines: boolean;
  /** Whether a backslash stands for the sign after it; `doubled`: the closing quote is written twice. */
  readonly escapes: 'backslash' | 'doubled' | 'none';
}

const quote = (open: string, lines: boolean, escapes: Quote['escapes'] = 'backslash', close = open): Quote => ({
  open,
  close,
  lines,
  escapes,
});
const SINGLE = quote("'", false);
const DOUBLE = quote('"', false);
const TRIPLE = quote('"""', true);
const slashes = { lineComments: ['//'], blockComments: true, heredocs: false, whole: null };
const hash = { lineComments: ['#'], blockComments: false, heredocs: false, whole: null };

const SCRIPT: Language = { ...slashes, quotes: [quote('`', true), SINGLE, DOUBLE] };
const JVM: Language = { ...slashes, quotes: [TRIPLE, DOUBLE] };
const BY_EXTENSION: Readonly<Record<string, Language>> = {
  ...Object.fromEntries(
    ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts', 'vue', 'svelte'].map((e) => [e, SCRIPT]),
  ),
  ...Object.fromEntries(['java', 'kt', 'kts', 'scala', 'swift'].map((e) => [e, JVM])),
  py: { ...hash, quotes: [TRIPLE, quote("'''", true), SINGLE, DOUBLE] },
  rb: { ...hash, heredocs: true, quotes: [quote('"', true), quote("'", true), ...percent('q'), ...percent('Q')] },
  php: {
    lineComments: ['//', '#'],
    blockComments: true,
    heredocs: true,
    whole: null,
    quotes: [quote('"', true), quote("'", true)],
  },
  go: { ...slashes, quotes: [quote('`', true, 'none'), DOUBLE] },
  cs: {
    ...slashes,
    quotes: [quote('"""', true, 'none'), quote('@"', true, 'doubled', '"'), quote('$@"', true, 'doubled', '"'), DOUBLE],
  },
  rs: { ...slashes, quotes: [quote('r#"', true, 'none', '"#'), quote('r"', true, 'none', '"'), quote('"', true)] },
  groovy: { ...slashes, quotes: [TRIPLE, quote("'''", true), SINGLE, DOUBLE] },
  dart: { ...slashes, quotes: [TRIPLE, quote("'''", true), SINGLE, DOUBLE] },
  c: { ...slashes, quotes: [DOUBLE] },
  cpp: { ...slashes, quotes: [quote('R"(', true, 'none', ')"'), DOUBLE] },
  ex: { ...hash, quotes: [TRIPLE, quote('"', true)] },
  pl: { ...hash, heredocs: true, quotes: [quote('"', true), quote("'", true), ...percent('q')] },
  xml: { lineComments: [], blockComments: false, heredocs: false, quotes: [], whole: 'xml' },
  sql: { lineComments: [], blockComments: false, heredocs: false, quotes: [], whole: 'sql' },
};
const ALIASES: Readonly<Record<string, string>> = {
  exs: 'ex',
  pm: 'pl',
  h: 'c',
  cc: 'cpp',
  hpp: 'cpp',
  rake: 'rb',
  erb: 'rb',
};

/** The language of a file by the end of its name; null for one that is not looked into. */
export function languageOf(path: string): Language | null {
  const extension = extensionOf(path);
  return BY_EXTENSION[ALIASES[extension] ?? extension] ?? null;
}

/** Lower case, without the dot; empty where there is none. */
export function extensionOf(path: string): string {
  return /\.([A-Za-z]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

function percent(letter: string): readonly Quote[] {
  return [quote(`%${letter}(`, true, 'backslash', ')'), quote(`%${letter}{`, true, 'backslash', '}')];
}
