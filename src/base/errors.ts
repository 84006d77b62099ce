/** Exit codes of every command: 0 fine, 1 findings or missed targets under `--check`, 2 bad input, 3 target out of reach, 4 internal, 130 stopped by a signal (128 + SIGINT, as shells have it). */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130;

/** Every code a `WizardError` may carry, with its exit code and what it means. `docs/errors.md` is generated from it. */
export const ERROR_CODES = {
  'input/invalid': { exit: 2, meaning: 'A flag, file or value does not have the form the command takes.' },
  'input/conninfo': { exit: 2, meaning: 'A connection string can not be read.' },
  'input/workload': { exit: 2, meaning: 'A workload file can not be read or holds no usable statement.' },
  'target/unreachable': { exit: 3, meaning: 'The server does not answer at that address.' },
  'target/authentication': { exit: 3, meaning: 'The server refused the user or the password.' },
  'target/tls': { exit: 3, meaning: 'TLS is required, refused, or its certificate does not verify.' },
  'target/no-database': { exit: 3, meaning: 'The database does not exist on that server.' },
  'target/permission': { exit: 3, meaning: 'The role may not read what the command needs.' },
  'target/too-old': { exit: 3, meaning: 'The server is older than PostgreSQL 14.' },
  'target/connection-lost': { exit: 3, meaning: 'The connection ended while a statement ran.' },
  'target/pooler': { exit: 3, meaning: 'The address is a pooler which does not keep a session.' },
  'target/statement': { exit: 3, meaning: 'The server refused a statement; its SQLSTATE says why.' },
  'guard/refused': {
    exit: 4,
    meaning: 'A statement that could write, or that nobody approved, was about to reach a target.',
  },
  'kernel/forbidden': { exit: 4, meaning: 'A step that the kernel forbids was asked for.' },
  'deploy/plan': { exit: 2, meaning: 'A plan can not be read, or holds what a deployment does not run.' },
  'deploy/approval': { exit: 2, meaning: 'The hash given is not, or no longer, that of the plan.' },
  'deploy/drift': { exit: 3, meaning: 'Somebody else changed what a plan touches.' },
  'deploy/blocked': { exit: 3, meaning: 'The target can not be changed now: somebody or something is in the way.' },
  'deploy/locked': { exit: 3, meaning: 'Another wizard deploys to the same database.' },
  'deploy/no-figures': { exit: 3, meaning: 'A deployment was to be watched, and the live figures can not be read.' },
  'deploy/no-way-back': { exit: 3, meaning: 'A step of a deployment has no way back.' },
  'deploy/failed': { exit: 3, meaning: 'A step of a deployment failed, and was taken back.' },
  'lab/no-server': {
    exit: 3,
    meaning: 'No PostgreSQL server of the wanted major could be found or fetched for the lab.',
  },
  'lab/start': { exit: 4, meaning: 'The lab server did not start.' },
  'lab/died': { exit: 4, meaning: 'The lab server ended during a trial.' },
  'lab/disk-full': { exit: 3, meaning: 'The lab ran out of disk.' },
  'lab/statement': { exit: 4, meaning: 'A statement failed in the lab.' },
  'git/refused': {
    exit: 3,
    meaning: 'A worktree can not take a commit: git is missing, it is no worktree, it is dirty, or git said no.',
  },
  'ledger/corrupt': { exit: 4, meaning: 'The ledger holds a line that can not be read.' },
  'ledger/locked': { exit: 3, meaning: 'Another run holds the output folder.' },
  'sql/parse': { exit: 2, meaning: 'The statement is not PostgreSQL syntax.' },
  'sql/deparse': { exit: 4, meaning: 'The statement can not be written back without changing its meaning.' },
  'run/interrupted': { exit: 130, meaning: 'The run was stopped by a signal; the ledger keeps what was done.' },
  internal: { exit: 4, meaning: 'A fault of database-wizard itself.' },
} as const satisfies Record<string, { exit: ExitCode; meaning: string }>;

/** A key of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a `WizardError` may carry beside its message. */
export interface WizardErrorFacts {
  /** What the reader should do next. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The server's five-character code, when a server said no. */
  readonly sqlstate?: string;
}

/** The one error class: `message` says what failed on which object, `hint` what to do; never carries a secret or a literal. */
export class WizardError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly sqlstate: string | undefined;

  constructor(code: ErrorCode, message: string, facts: WizardErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.name = 'WizardError';
    this.code = code;
    this.hint = facts.hint;
    this.sqlstate = facts.sqlstate;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exit;
  }
}

/** Turns anything thrown into a `WizardError`; an unknown one becomes `internal`. */
export function asWizardError(thrown: unknown): WizardError {
  if (thrown instanceof WizardError) return thrown;
  return new WizardError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}
