/** Whether a text may hold a password, a key or a token: such lines are never shown. It is on the safe side. */
export function mayHoldSecret(text: string): boolean {
  return SIGNS.some((sign) => sign.test(text));
}

const SIGNS = [
  /(?:pass|pwd|secret|token|cred|key|private|salt|dsn|auth(?!or))\w*["'`\]]*\s*(?::\s*\w+\s*=|:|=>|:?=|,)\s*\w{0,2}["'`][^\s"'`$?:@%{][^"'`]{3,}/i,
  /(?:passw(?:or)?d|passphrase|secret|token|credentials?|api_?key|access_?key|private_?key)=[^\s"'`$?:@%{.()]{4,}/i,
  /[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'`]*:[^\s/@"'`]+@/i,
  /-----BEGIN/,
  /\b(?:AKIA|ASIA|ghp_|gho_|github_pat_|glpat-|xox[abprs]-|sk_live_|sk-)[A-Za-z0-9_-]{8,}/,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  /["'`](?=[^\s"'`]*\d)(?=[^\s"'`]*[A-Za-z])[A-Za-z0-9+/_=.-]{20,}["'`]/,
];
