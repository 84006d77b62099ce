/** The parts of a qualified name as SQL writes it, each as it is written. */
export function nameParts(identity: string): readonly string[] {
  return identity.match(/"(?:[^"]|"")*"|[^".]+/g) ?? [identity];
}

/** The last part of a qualified name, as SQL writes it. */
export function lastPart(identity: string): string {
  return nameParts(identity).at(-1) ?? identity;
}

/** A definition for people: without the quotes that a name does not need. What it may not do to a string is of no matter: nothing runs it. */
export function plainly(sql: string): string {
  return sql.replaceAll(/"([a-z_][a-z0-9_$]*)"/g, '$1');
}

/** `on "table"` of the two halves `table name`, as the extractor calls a trigger, a policy, a rule or a foreign key. */
export function splitOwned(identity: string): { readonly table: string; readonly name: string } {
  const name = /(?:"(?:[^"]|"")*"|[^" ]+)$/.exec(identity)?.[0] ?? identity;
  return { table: identity.slice(0, identity.length - name.length).trimEnd(), name };
}
