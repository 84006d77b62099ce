/** Reads one .gitignore (gitignore(5)); the last rule that matches decides. Null where it has none that does. */
export function ignoreRules(text: string): (path: string, isFolder: boolean) => boolean | null {
  const rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line) ?? []);
  return (path, isFolder) => {
    const last = rules.findLast((rule) => (isFolder || !rule.foldersOnly) && rule.pattern.test(path));
    return last ? !last.negated : null;
  };
}

interface Rule {
  readonly pattern: RegExp;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
}

function ruleOf(line: string): Rule | null {
  let text = line.replace(/(?<!\\)\s+$/, '');
  if (text === '' || text.startsWith('#')) return null;
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  const anchored = text.includes('/');
  if (text.startsWith('/')) text = text.slice(1);
  const source = text.replaceAll(
    /\\(.)|\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]]*\]|[$()+.\\^{|}]/g,
    (part, escaped?: string) => {
      if (escaped !== undefined) return escaped.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
      if (part === '**/') return '(?:.*/)?';
      if (part === '/**') return '/.*';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return part.startsWith('[') ? part.replace('[!', '[^') : `\\${part}`;
    },
  );
  try {
    return { pattern: new RegExp(anchored ? `^${source}$` : `^(?:.*/)?${source}$`), negated, foldersOnly };
  } catch {
    return null;
  }
}
