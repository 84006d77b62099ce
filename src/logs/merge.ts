import type { Workload, WorkloadSource, WorkloadStatement } from '../model/workload.js';

/** Which source is believed about how often and how long: counters count every execution, a log those that its settings let through, a file none. */
const FIGURES: readonly WorkloadSource[] = ['pg_stat_statements', 'log', 'activity', 'file', 'none'];

/** Which source is believed about the text and its values: a person wrote the file, a log has values that were used. */
const WORDS: readonly WorkloadSource[] = ['file', 'log', 'activity', 'pg_stat_statements', 'none'];

/** One workload of several: a statement that more than one of them holds is there once, its figures and its text from the source that knows best. */
export function mergeWorkloads(workloads: readonly Workload[]): Workload {
  const [only] = workloads;
  if (only && workloads.length === 1) return only;
  const byFigures = workloads.toSorted((a, b) => FIGURES.indexOf(a.source) - FIGURES.indexOf(b.source));
  const byWords = workloads.toSorted((a, b) => WORDS.indexOf(a.source) - WORDS.indexOf(b.source));
  const words = new Map<string, WorkloadStatement>();
  for (const workload of byWords)
    for (const statement of workload.statements)
      words.set(statement.fingerprint, better(words.get(statement.fingerprint), statement));
  const observed = new Map(
    byWords.flatMap(({ statements }) =>
      statements.flatMap((one) => (one.observed ? [[one.fingerprint, one.observed] as const] : [])),
    ),
  );
  const statements = new Map<string, WorkloadStatement>();
  for (const workload of byFigures) {
    for (const statement of workload.statements) {
      if (statements.has(statement.fingerprint)) continue;
      const { name, sql, parameterSets } = words.get(statement.fingerprint) ?? statement;
      const seen = statement.observed ?? observed.get(statement.fingerprint);
      statements.set(statement.fingerprint, {
        ...statement,
        name,
        sql,
        parameterSets,
        ...(seen ? { observed: seen } : {}),
      });
    }
  }
  return {
    source: byFigures[0]?.source ?? 'none',
    origin: workloads.map((workload) => workload.origin).join(', '),
    statements: [...statements.values()].toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0) || b.calls - a.calls),
    unusable: workloads.flatMap((workload) => workload.unusable),
    since: workloads.map((workload) => workload.since).find((since) => since !== null) ?? null,
  };
}

/** A text with values is worth more than one without. */
function better(known: WorkloadStatement | undefined, other: WorkloadStatement): WorkloadStatement {
  return known && (known.parameterSets.length > 0 || other.parameterSets.length === 0) ? known : other;
}
