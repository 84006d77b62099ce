/**
 * The values of `$1` for which a function of it that keeps (or turns) their order compares with n so, as a template: `least` says for which it is n or more,
 * `above` for which it is more than n, each as `>= 5` or `<= now()`. Null for another operator.
 */
export function stepRange(operator: string, least: string, above: string): string | null {
  const forms: Readonly<Record<string, string>> = {
    '>=': `$1 ${least}`,
    '>': `$1 ${above}`,
    '<': `$1 ${opposite(least)}`,
    '<=': `$1 ${opposite(above)}`,
    '=': `$1 ${least} AND $1 ${opposite(above)}`,
  };
  return forms[operator] ?? null;
}

const OPPOSITE: Readonly<Record<string, string>> = { '>=': '<', '>': '<=', '<=': '>', '<': '>=' };

function opposite(bound: string): string {
  return bound.replace(/^[<>]=?/, (operator) => OPPOSITE[operator] ?? operator);
}
