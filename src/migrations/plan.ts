import { asWizardError, WizardError } from '../base/errors.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { textOf } from '../sql/tree.js';
import { advance } from './advance.js';
import { checkOperation, factsOfFile } from './check.js';
import type { CheckOptions, CheckedOperation } from './check.js';
import { initialState } from './script-state.js';
import type { MigrationContext } from './context.js';
import type { FileFacts, ScriptState } from './script-state.js';
import type { LaterWork, MigrationRule, SafeSequence, SafeStep } from './define.js';
import { inverseOf } from './inverse.js';
import { blocksWrites } from './locks.js';
import { operationSql, operationsOf } from './operation.js';
import type { Operation } from './operation.js';
import { keptTogether } from './kept-together.js';
import { isSetConfig, refuseUnplannable } from './plannable.js';
import { isHarmless, merge, withNotes } from './plan-step.js';
import type { PlanStep } from './plan-step.js';
import type { Script, ScriptStatement } from './script.js';
import { ViewsAside } from './views-aside.js';

/** A migration in safe steps. */
export interface MigrationPlan {
  readonly steps: readonly PlanStep[];
  /** What differs from the file as it was written, in words. */
  readonly differs: readonly string[];
  /** What is left to do once nobody needs the old form any longer, each a transaction. */
  readonly later: readonly (LaterWork & { readonly line: number })[];
}

/** Rewrites a file as steps of one transaction each. Statements that nothing is said of stay as they are. Needs `loadParser()`. */
export function planScript(script: Script, options: CheckOptions): MigrationPlan {
  refuseUnplannable(script);
  const planner = new Planner(options, factsOfFile(script), keptTogether(script, options.oneTransaction));
  for (const statement of script.statements) planner.take(statement);
  return planner.plan();
}

/** How deep a sequence may call for another: ADD COLUMN ... PRIMARY KEY -> ADD PRIMARY KEY -> SET NOT NULL is three. */
const DEPTH = 6;

class Planner {
  readonly #steps: PlanStep[] = [];
  readonly #prologue: string[] = [];
  readonly #differs = new Set<string>();
  readonly #later: (LaterWork & { readonly line: number })[] = [];
  #state: ScriptState;
  #block = 0;
  #group: number | null = null;
  readonly #blocks: (number | null)[] = [];
  readonly #aside: ViewsAside;

  constructor(
    readonly options: CheckOptions,
    readonly file: FileFacts,
    readonly groups: ReadonlyMap<ScriptStatement, number>,
  ) {
    this.#state = initialState(false);
    this.#aside = new ViewsAside(file);
  }

  plan(): MigrationPlan {
    for (const step of this.#aside.rest()) this.#push(step, false);
    return { steps: this.#steps, differs: [...this.#differs], later: this.#later };
  }

  take(statement: ScriptStatement): void {
    const { type, body } = statement.parsed;
    if (type === 'TransactionStmt') return this.#transaction(textOf(body, 'kind') ?? '', statement.line);
    if (type === 'CopyStmt' && body['is_from'] === true && textOf(body, 'filename') === null)
      throw new WizardError(
        'input/invalid',
        `line ${statement.line}: a migration with rows for COPY can not be planned`,
        {
          hint: 'Plan the statements, and load the rows by themselves.',
        },
      );
    const operations = operationsOf(statement.parsed);
    if (isSetConfig(statement.parsed)) {
      if (!/_timeout'/.test(statement.sql)) this.#prologue.push(statement.sql);
      return;
    }
    if (type === 'VariableSetStmt') {
      const isTimeout = /^(?:lock|statement)_timeout$/.test(textOf(body, 'name') ?? '');
      // What is local to a transaction of the file has to hold in each of its steps.
      if (!isTimeout) this.#prologue.push(statement.sql.replace(/^SET\s+LOCAL\b/i, 'SET'));
      for (const operation of operations) this.#state = advance(operation, this.#context(statement.line));
      return;
    }
    const before = this.#state;
    const group = this.groups.get(statement) ?? null;
    if (group !== null) {
      this.#whole(statement, operations, before, group === this.#group);
      this.#group = group;
      return;
    }
    this.#group = null;
    const expanded = operations.map((operation) => this.#expand(operation, statement, []));
    if (operations.length > 1 && expanded.every(({ changed }) => !changed)) {
      this.#whole(statement, operations, before, false);
      return;
    }
    const steps = expanded.flatMap((one) => one.steps);
    for (const { step, joins } of this.#aside.arrange(steps, statement, this.#known())) this.#push(step, joins);
  }

  /** Statements of one transaction stay together only where they take no lock that others wait for. */
  #transaction(kind: string, line: number): void {
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
      this.#block += 1;
      return;
    }
    if (kind === 'TRANS_STMT_COMMIT') {
      this.#block += 1;
      return;
    }
    throw new WizardError('input/invalid', `line ${line}: a migration with ROLLBACK or SAVEPOINT can not be planned`, {
      hint: 'Plan the statements that are to stay.',
    });
  }

  #known(): Pick<MigrationContext, 'catalog' | 'state'> {
    return { catalog: this.options.catalog, state: this.#state };
  }

  #context(line: number): MigrationContext {
    const { major, catalog } = this.options;
    return { major, catalog, state: this.#state, file: this.file, line };
  }

  /** The steps of one operation; leaves the state after it. `path` holds the rules that were asked on the way here. */
  #expand(
    operation: Operation,
    statement: ScriptStatement,
    path: readonly string[],
  ): { readonly changed: boolean; readonly steps: readonly PlanStep[] } {
    const context = this.#context(statement.line);
    const checked = checkOperation(operation, statement, context);
    for (const { rule, lowered } of checked.findings) {
      if (lowered !== null || path.includes(rule.id) || path.length >= DEPTH) continue;
      const sequence = sequenceOf(rule, operation, context);
      if (!sequence) continue;
      if (sequence.differs) this.#differs.add(sequence.differs);
      if (sequence.later) this.#later.push({ ...sequence.later, line: statement.line });
      const { columnsBefore, recalled, rehung } = this.#state;
      const steps = sequence.up.flatMap((step) => this.#expandStep(step, statement, [...path, rule.id]));
      // The column that has the name after a switch has all that the one before it had.
      if (sequence.up.some(({ isSwitch }) => isSwitch === true))
        this.#state = { ...this.#state, columnsBefore, recalled, rehung };
      return { changed: true, steps };
    }
    this.#state = advance(operation, context);
    return { changed: false, steps: [this.#asItIs(checked, path.length > 0)] };
  }

  /** A step of a sequence: a single statement may need a sequence of its own. */
  #expandStep(step: SafeStep, statement: ScriptStatement, path: readonly string[]): readonly PlanStep[] {
    const parsed = step.sql.map(parseStatement);
    const [first] = parsed;
    const notes = step.note === undefined ? [] : [step.note];
    if (parsed.length === 1 && first && first.type !== 'DoStmt' && step.asItIs !== true) {
      const steps = operationsOf(first).flatMap(
        (operation) => this.#expand(operation, { ...statement, sql: first.sql, parsed: first }, path).steps,
      );
      const [only] = steps;
      if (steps.length !== 1 || !only) return withNotes(steps, notes);
      const down =
        step.down === undefined
          ? {}
          : {
              down: step.down,
              noWayBack: step.down ? null : (step.noWayBack ?? only.noWayBack ?? 'it is not taken back'),
            };
      const unavoidable = step.unavoidable ?? only.unavoidable;
      return [{ ...only, ...down, unavoidable, up: step.sql, notes: [...notes, ...only.notes] }];
    }
    const unit = this.#unit(parsed, statement);
    const down = step.down === undefined ? unit.down : step.down;
    return [
      {
        ...unit,
        down,
        title: step.title ?? null,
        noWayBack:
          down === null
            ? step.noWayBack !== undefined
              ? step.noWayBack
              : step.isSwitch === true
                ? 'the values before are not kept'
                : (unit.noWayBack ?? 'it is not taken back')
            : null,
        transactional: unit.transactional && step.commits !== true,
        isSwitch: step.isSwitch === true,
        unavoidable: step.unavoidable ?? null,
        notes,
      },
    ];
  }

  /** Statements that are one transaction. */
  #unit(parsed: readonly ParsedStatement[], statement: ScriptStatement): PlanStep {
    const parts = parsed.flatMap((one) =>
      operationsOf(one).map((operation) => {
        const context = this.#context(statement.line);
        const checked = checkOperation(operation, { ...statement, sql: one.sql, parsed: one }, context);
        this.#state = advance(operation, context);
        return this.#asItIs(checked, true);
      }),
    );
    return { ...merge(parts, this.#known()), up: parsed.map(({ sql }) => sql), remaining: [] };
  }

  #asItIs(checked: CheckedOperation, generated: boolean): PlanStep {
    const { operation, statement, context, effect, estimate, findings } = checked;
    const inverse = inverseOf(operation, context);
    const single = operationsOf(statement.parsed).length === 1;
    const working = effect.locks.some(({ mode }) => blocksWrites(mode));
    return {
      line: statement.line,
      statement: statement.number,
      prologue: [...this.#prologue],
      up: [single ? statement.sql : operationSql(operation)],
      down: 'sql' in inverse ? inverse.sql : null,
      noWayBack: 'why' in inverse ? inverse.why : null,
      transactional: !effect.outsideTransaction && (this.#block % 2 === 1 || generated || !mayCommit(statement.parsed)),
      searchPath: context.state.searchPath,
      isSwitch: false,
      title: null,
      addsLabel: operation.type === 'AlterEnumStmt',
      locks: effect.locks,
      estimate: working ? estimate : null,
      notes: [],
      // A block that a rule wrote is known.
      unsure: generated && operation.type === 'DoStmt' ? null : effect.unsure,
      unavoidable: null,
      remaining: findings.filter(
        ({ rule, severity }) => severity !== 'info' && rule.plannedAway !== true && !(generated && rule.safe),
      ),
    };
  }

  /** As it was written: several commands of which none needs a sequence, with one lock; what has to stay in the transaction of the step before. */
  #whole(statement: ScriptStatement, operations: readonly Operation[], before: ScriptState, together: boolean): void {
    this.#state = before;
    const parts = operations.map((operation) => {
      const context = this.#context(statement.line);
      const checked = checkOperation(operation, statement, context);
      this.#state = advance(operation, context);
      return { ...this.#asItIs(checked, false), up: [statement.sql] };
    });
    const step = { ...merge(parts, this.#known()), up: [statement.sql] };
    for (const arranged of this.#aside.arrange([step], statement, this.#known()))
      this.#push(arranged.step, arranged.joins || together);
  }

  #push(step: PlanStep, joins: boolean): void {
    const block = this.#block;
    const last = this.#steps.at(-1);
    const together =
      last !== undefined &&
      (joins || (this.#blocks.at(-1) === block && block % 2 === 1 && isHarmless(last) && isHarmless(step))) &&
      last.prologue.join() === step.prologue.join();
    if (together && last) {
      this.#steps[this.#steps.length - 1] = merge([last, step], this.#known());
      return;
    }
    if (last !== undefined && this.#blocks.at(-1) === block && block % 2 === 1)
      this.#differs.add(
        'what the file does in one transaction is done in several: until the last one ends, others see the steps one by one',
      );
    this.#steps.push(step);
    this.#blocks.push(block);
  }
}

/** A procedure, or a block of code with COMMIT, which may not stand in a transaction of its own making. */
function mayCommit({ type, sql }: ParsedStatement): boolean {
  return type === 'CallStmt' || (type === 'DoStmt' && /\b(?:COMMIT|ROLLBACK)\b/i.test(sql));
}

/** What a rule would write in place of an operation; null where it has nothing, also where the deparser can not write it. */
export function sequenceOf(rule: MigrationRule, operation: Operation, context: MigrationContext): SafeSequence | null {
  try {
    return rule.safe?.(operation, context) ?? null;
  } catch (thrown) {
    if (asWizardError(thrown).code === 'sql/deparse') return null;
    throw thrown;
  }
}
