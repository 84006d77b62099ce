import type { MigrationFormat } from '../../src/report/formats/define.js';
import type { Advisor } from '../../src/advisors/define.js';
import { ERROR_CODES } from '../../src/base/errors.js';
import type { Pattern } from '../../src/profiling/define.js';
import type { PlanCase, PlanFindingKind } from '../../src/plans/define.js';
import type { MigrationRule } from '../../src/migrations/define.js';
import { planScript } from '../../src/migrations/plan.js';
import { readScript } from '../../src/migrations/script.js';
import type { RewriteRule } from '../../src/rewrites/define.js';
import type { CorpusStatement } from './read-only-corpus.js';

/** The page of one advisor: `docs/advisors/<id>.md`. */
export function advisorPage(advisor: Advisor): string {
  const { docs } = advisor;
  return page([
    `# ${advisor.id}`,
    docs.what,
    `Severity: ${advisor.severity}. Status: ${advisor.status}.`,
    '## Why it matters',
    docs.why,
    '## When it stays silent',
    docs.limits,
    '## Options',
    optionsTable(advisor.defaults),
    '## An example',
    'The contract test runs it on real servers: this makes exactly one finding,',
    sqlBlock(docs.bad),
    ...(docs.workload ? ['with this workload,', sqlBlock(docs.workload.map((sql) => `${sql};`).join('\n'))] : []),
    ...(docs.contractOptions ? [`with the options \`${JSON.stringify(docs.contractOptions)}\`,`] : []),
    'and this mends it:',
    sqlBlock(docs.good),
    ...(docs.noRemedy ? ['## No remedy', docs.noRemedy] : []),
    ...(docs.noRevert ? ['## No way back', docs.noRevert] : []),
    '## Sources',
    docs.sources.map((source) => `- ${source}`).join('\n'),
  ]);
}

/** The list of all advisors: `docs/advisors/README.md`. */
export function cataloguePage(catalogue: readonly Advisor[]): string {
  const rows = catalogue.map((advisor) => [
    `[${advisor.id}](${advisor.id}.md)`,
    advisor.severity,
    advisor.status,
    advisor.docs.what,
  ]);
  return page([
    '# Advisors',
    `What database-wizard looks for: ${catalogue.length} advisors.`,
    table(['Advisor', 'Severity', 'Status', 'Finds'], rows),
  ]);
}

/** The page of one pattern of use: `docs/patterns/<id>.md`. */
export function patternPage({ id, severity, needs, docs, defaults }: Pattern): string {
  return page([
    `# ${id}`,
    docs.what,
    `Severity: ${severity}. Needs of the log: ${needs.join(', ') || 'nothing beside the statements'}.`,
    '## Why it matters',
    docs.why,
    '## When it stays silent',
    docs.limits,
    '## Options',
    optionsTable(defaults),
    '## An example',
    'The contract test reads such a log, each line a session, a time in ms and a message; this makes exactly one finding:',
    logBlock(docs.bad),
    'this only looks like it:',
    logBlock(docs.good),
    '## Sources',
    docs.sources.map((source) => `- ${source}`).join('\n'),
  ]);
}

/** The beginning of an example; what repeats is not worth reading. */
function logBlock(lines: readonly string[]): string {
  const more = lines.length > 8 ? [`... (${lines.length - 8} more)`] : [];
  return ['```text', ...lines.slice(0, 8), ...more, '```'].join('\n');
}

/** The list of all patterns of use: `docs/patterns/README.md`. */
export function patternsPage(catalogue: readonly Pattern[]): string {
  return page([
    '# Patterns of use',
    `What \`database-wizard workload\` looks for in how programs use the database, as their log shows it: ${catalogue.length} patterns.`,
    table(
      ['Pattern', 'Severity', 'Finds'],
      catalogue.map((pattern) => [`[${pattern.id}](${pattern.id}.md)`, pattern.severity, pattern.docs.what]),
    ),
  ]);
}

/** The page of one rewrite: `docs/rewrites/<id>.md`. */
export function rewritePage({ docs, example, unsoundTwin, ...rule }: RewriteRule): string {
  const gain =
    'buffers' in example.gain
      ? `The contract test asks for at least ${example.gain.buffers} times fewer buffers on it.`
      : `The contract test asks for at least ${example.gain.rows} times fewer rows read on it: ${example.gain.why}.`;
  return page([
    `# ${rule.id}`,
    docs.what,
    `Majors: ${majorsOf(rule)}. Plan signs: ${rule.triggers.map((one) => `\`${one}\``).join(', ') || 'none'}.`,
    '## Why it helps',
    docs.why,
    '## When it is not offered',
    docs.limits,
    '## An example',
    sqlBlock(`${example.schema}\n${example.data}`),
    sqlBlock(`${example.statement};`),
    gain,
    '## Where it would be wrong',
    `${unsoundTwin.why}. The verifier refutes it on a database of its own:`,
    sqlBlock(`${unsoundTwin.schema ?? ''}\n${unsoundTwin.statement ?? example.statement};`),
    ...(unsoundTwin.to === undefined ? [] : ['rewritten as', sqlBlock(`${unsoundTwin.to};`)]),
    '## Sources',
    docs.sources.map((source) => `- ${source}`).join('\n'),
  ]);
}

/** The list of all rewrites: `docs/rewrites/README.md`. */
export function rewritesPage(catalogue: readonly RewriteRule[]): string {
  return page([
    '# Rewrites',
    `What database-wizard may do to a statement's text: ${catalogue.length} rules. Each needs facts of the catalog, is held against the original on 300 small adversarial databases, and is then measured.`,
    table(
      ['Rule', 'Majors', 'Rewrites'],
      catalogue.map((rule) => [`[${rule.id}](${rule.id}.md)`, majorsOf(rule), rule.docs.what]),
    ),
  ]);
}

/** The page of one migration rule: `docs/migrations/<id>.md`. Needs `loadParser()`. */
export function migrationPage({ docs, example, ...rule }: MigrationRule): string {
  const options = { major: PAGE_MAJOR, catalog: null, oneTransaction: false };
  const steps = planScript(readScript(example.bad, rule.id), options).steps;
  const sequence = steps.flatMap(({ up }, i) => [`-- ${i + 1}`, ...up.map((sql) => `${sql};`)]).join('\n');
  return page([
    `# ${rule.id}`,
    docs.what,
    `Severity: ${rule.severity}. Majors: ${majorsOf(rule)}.`,
    '## Why it matters',
    docs.why,
    '## What it can not see or give',
    docs.limits,
    '## An example',
    'The contract test runs it on real servers and holds the lock, the rows read and the rows written anew against what is claimed:',
    sqlBlock(`${example.setup}\n${example.bad}`),
    ...(example.fails === undefined ? [] : [`The server refuses it (SQLSTATE ${example.fails}).`]),
    ...(rule.safe
      ? [
          `In its place, one transaction a step (for PostgreSQL ${PAGE_MAJOR}, without a look at the database):`,
          sqlBlock(sequence),
        ]
      : []),
    ...(example.good === undefined ? [] : ['Instead:', sqlBlock(example.good)]),
    '## Sources',
    docs.sources.map((source) => `- ${source}`).join('\n'),
  ]);
}

/** Sequences of the pages are those for the newest major. */
const PAGE_MAJOR = 18;

/** The list of all migration rules: `docs/migrations/README.md`. */
export function migrationsPage(catalogue: readonly MigrationRule[]): string {
  return page([
    '# Migration rules',
    `What \`database-wizard migrate\` says of migration files: ${catalogue.length} rules. The locks, scans and rewrites that they claim are those observed on real servers.`,
    table(
      ['Rule', 'Severity', 'Majors', 'Finds', 'Safe sequence'],
      catalogue.map((rule) => [
        `[${rule.id}](${rule.id}.md)`,
        rule.severity,
        majorsOf(rule),
        rule.docs.what,
        rule.safe ? 'made' : 'none',
      ]),
    ),
  ]);
}

function majorsOf({ minMajor, maxMajor }: { readonly minMajor: number; readonly maxMajor: number | null }): string {
  return maxMajor === null ? `${minMajor} and newer` : `${minMajor} to ${maxMajor}`;
}

/** The page of one kind of plan finding: `docs/plan-findings/<id>.md`. */
export function planFindingPage({ docs, example, ...kind }: PlanFindingKind): string {
  const needs = { run: 'ANALYZE', timing: 'ANALYZE with timing', buffers: 'BUFFERS' } as const;
  return page([
    `# ${kind.id}`,
    docs.what,
    `Severity: ${kind.severity}, an info where it is about less than 5 % of the statement or the statement takes less than 5 ms. Needs EXPLAIN with: ${kind.needs.map((need) => needs[need]).join(', ') || 'nothing more'}.`,
    '## Why it matters',
    docs.why,
    '## When it stays silent, and what it can not know',
    docs.limits,
    '## Options',
    optionsTable(kind.defaults),
    '## An example',
    `The contract test runs it on real servers${example.minMajor === undefined ? '' : `, from PostgreSQL ${example.minMajor} on`}${example.options ? `, with the options \`${JSON.stringify(example.options)}\`` : ''}.`,
    sqlBlock(example.setup),
    'Here it speaks:',
    sqlBlock(caseText(example.fires, example.beside)),
    'and here it does not:',
    sqlBlock(caseText(example.silent)),
    '## Sources',
    docs.sources.map((source) => `- ${source}`).join('\n'),
  ]);
}

/** The list of all kinds of plan findings: `docs/plan-findings/README.md`. */
export function planFindingsPage(catalogue: readonly PlanFindingKind[]): string {
  return page([
    '# Plan findings',
    `What database-wizard looks for in a plan: ${catalogue.length} kinds of findings.`,
    table(
      ['Finding', 'Severity', 'Finds'],
      catalogue.map((kind) => [`[${kind.id}](${kind.id}.md)`, kind.severity, kind.docs.what]),
    ),
  ]);
}

function caseText({ before, statement, settings = {} }: PlanCase, beside?: string): string {
  return [
    ...(beside === undefined ? [] : [`-- in another session, in a transaction that stays open: ${beside};`]),
    ...Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}';`),
    ...(before === undefined ? [] : [before]),
    `${statement.trim()};`,
  ]
    .flatMap((text) => text.split('\n'))
    .map((line, position, lines) => (lines.length > 1 && position > 0 ? line : line.trimStart()))
    .join('\n');
}

/** The table of errors: `docs/errors.md`. */
/** How migrations are written for each tool. */
export function formatsPage(formats: readonly MigrationFormat[]): string {
  return page([
    '# Formats of migrations',
    'What `optimize`, `index` and `migrate plan` write with `--format`, into the folder that `--into` names. What is there is continued and never overwritten, but for the lists that Sqitch and Drizzle keep, which grow. A change that a file of the folder holds already is not written again.',
    ...formats.map(({ id, docs }) =>
      [
        `## ${id}`,
        docs.what,
        `Outside a transaction: ${docs.outsideTransaction}`,
        `Sources: ${docs.sources.join(', ')}.`,
      ].join('\n\n'),
    ),
  ]);
}

export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { exit, meaning }]) => [`\`${code}\``, String(exit), meaning]);
  return page([
    '# Errors',
    'With `--json` an error carries its code; the exit code tells a script what kind it was.',
    table(
      ['Exit code', 'Meaning'],
      [
        ['0', 'Fine.'],
        ['1', 'Findings, or missed targets, where `--check` was given.'],
        ['2', 'Bad input.'],
        ['3', 'The target, the lab or the output folder can not be had.'],
        ['4', 'Internal: the lab failed, or database-wizard has a fault.'],
        [
          '130',
          'Stopped by Ctrl-C or SIGTERM. What was measured by then is in the ledger, and in the report when there was a baseline.',
        ],
      ],
    ),
    table(['Code', 'Exit code', 'Meaning'], rows),
  ]);
}

/** What keeps a target read-only, and what that was tried against: `docs/read-only.md`. */
export function readOnlyPage(attempts: readonly CorpusStatement[], legitimate: readonly CorpusStatement[]): string {
  return page([
    '# Read-only that holds',
    'Everything but `deploy` reads a target through one guarded connection. A statement passes only where each of these lets it:',
    [
      '1. **One statement**, by the extended protocol, parsed by PostgreSQL’s own parser before anything is sent: SELECT, VALUES, TABLE, SHOW, EXPLAIN without ANALYZE, COPY ... TO STDOUT. No INTO, no row locks, no writing WITH.',
      '2. **No function with side effects**, wherever the text calls it. PostgreSQL’s own are refused when they are VOLATILE and not known to be harmless.',
      '3. **What the names stand for** is looked up in the target’s catalog: functions by name and in attribute notation with their defaults, operators (those that ORDER BY, CASE, BETWEEN and USING imply too), casts (implicit ones, and those to json), aggregates, input and output functions of types, conditions of domains, views and row policies by their text, foreign tables among partitions and children.',
      '4. **A function that calls itself STABLE or IMMUTABLE is read**: the planner evaluates such a function even for a plain EXPLAIN. SQL and PL/pgSQL are searched for what they call, EXECUTE is refused; one in another language is refused unless an extension owns it.',
      '5. **A read-only transaction** that is always rolled back, with `statement_timeout`, `lock_timeout` and `idle_in_transaction_session_timeout`, on a session whose string syntax and encoding are those of the parser.',
    ].join('\n'),
    'It errs on the safe side: a name counts as every function of that name, in whatever schema.',
    '## What it does not do',
    [
      '- It trusts what extensions say of their own functions (beside those that are refused by name, as those of dblink), and compiled code that a superuser put in their place.',
      '- It does not limit what a statement reads: give the role only the tables it may see. A login trigger of the target runs before the guard does.',
    ].join('\n'),
    '## The corpus',
    `[examples/read-only](../examples/read-only) holds ${attempts.length} attempts and ${legitimate.length} legitimate statements, with the schema they are about. The test sends each attempt to a real server on sessions with and without a hostile search_path: each must be refused. Rows and files of every table, sequences, large objects, settings, roles, functions, locks, slots, processes, files and the number of the next transaction that writes must be the same afterwards. Each legitimate statement must give rows.`,
    table(['Attempts', ''], families(attempts)),
    table(['Legitimate statements', ''], families(legitimate)),
  ]);
}

function families(statements: readonly CorpusStatement[]): readonly (readonly string[])[] {
  const counts = new Map<string, number>();
  for (const { family } of statements) counts.set(family, (counts.get(family) ?? 0) + 1);
  return [...counts].map(([family, count]) => [family, String(count)]);
}

function page(parts: readonly string[]): string {
  return `<!-- Generated; \`npx vitest run test/unit/generated-docs.test.ts -u\` writes it anew. -->\n\n${parts.join('\n\n')}\n`;
}

function optionsTable(defaults: unknown): string {
  const entries = Object.entries(defaults as Record<string, unknown>);
  if (entries.length === 0) return 'None.';
  return table(
    ['Option', 'Default'],
    entries.map(([name, value]) => [`\`${name}\``, `\`${JSON.stringify(value)}\``]),
  );
}

function sqlBlock(sql: string): string {
  const lines = sql.split('\n').filter((line) => line.trim() !== '');
  const indents = lines.map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return ['```sql', ...lines.map((line) => line.slice(indent)), '```'].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableLine(head), tableLine(head.map(() => '---')), ...rows.map(tableLine)].join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
