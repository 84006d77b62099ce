/** Texts that a LIKE pattern matches: nothing and one letter for `%`, one letter for `_`, what follows a backslash as it is. */
export function likeSamples(pattern: string): readonly string[] {
  const fill = (any: string): string =>
    pattern.replaceAll(/\\(.)|[%_]/gs, (whole, escaped: string | undefined) =>
      escaped !== undefined ? escaped : whole === '%' ? any : 'x',
    );
  return [...new Set([fill(''), fill('x')])];
}

/** A text that a simple regular expression matches: classes, repetition and the first of several branches are followed; null for what looks like none. */
export function regexSample(pattern: string): string | null {
  if (!/[\^$[\]()+*?{|]|\\[dws]/.test(pattern)) return null;
  const bare = pattern
    .replaceAll(/\\d/g, '[0-9]')
    .replaceAll(/\\w/g, '[a-z]')
    .replaceAll(/\\s/g, '[ ]')
    .replaceAll(/^\^|\$$/g, '')
    .replaceAll(/\(\?[:=!]/g, '(');
  let text = '';
  for (const [, group, set, escaped, letter, least, sign] of bare.matchAll(ATOM)) {
    const one =
      group !== undefined
        ? (regexSample(`^${group.split('|')[0] ?? ''}`) ?? '')
        : set !== undefined
          ? memberOf(set)
          : (escaped ?? (letter === '.' ? 'x' : (letter ?? '')));
    if (letter === '|') break;
    text += one.repeat(sign === '*' || sign === '?' ? 1 : Number(least ?? 1));
  }
  return text;
}

/** A group, a class, an escaped or a plain letter, and how often it comes. */
const ATOM = /(?:\(([^()]*)\)|\[([^\]]+)\]|\\(.)|([^*+?{}]))(?:\{(\d+)(?:,\d*)?\}|([*+?]))?/gs;

/** A letter of a class; one that is surely outside a negated one. */
function memberOf(set: string): string {
  if (!set.startsWith('^')) return set.startsWith('\\') ? (set[1] ?? '') : (set[0] ?? '');
  return ['x', '1', ' ', '-'].find((letter) => !new RegExp(`[${set.slice(1)}]`).test(letter)) ?? 'x';
}
