import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { MigrationContext } from './context.js';
import type { FileFacts } from './script-state.js';
import { operationsOf } from './operation.js';
import { merge } from './plan-step.js';
import type { PlanStep } from './plan-step.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Relation } from './relation.js';
import type { ScriptStatement } from './script.js';
import { restored } from './views-restored.js';

/** A step as it comes into the plan: `joins` where it belongs to the transaction of the one before. */
export interface Arranged {
  readonly step: PlanStep;
  readonly joins: boolean;
}

type Known = Pick<MigrationContext, 'catalog' | 'state'>;

const STAY_AWAY =
  'From here on the views are away until they are made again: a materialized one among them would have to be filled twice.';
const COMES_AGAIN = 'The views come again as they were, until the next change needs them away.';

/**
 * Views that a file drops and makes again around a change that has to be without them. Their DROP waits until the change itself: while a new column is filled they are there. What makes them
 * again joins that transaction, so that others wait and never find them gone. Where several changes need them away, each but the last brings them back as they were.
 */
export class ViewsAside {
  #waiting: readonly PlanStep[] = [];
  #away: FileFacts['remade'] = [];
  readonly #done = new Set<ScriptStatement>();
  #isOpen = false;

  constructor(private readonly file: FileFacts) {}

  /** Takes the steps of one statement, gives those that come into the plan now. */
  arrange(steps: readonly PlanStep[], statement: ScriptStatement, known: Known): readonly Arranged[] {
    if (this.#waits(statement)) {
      this.#waiting = [...this.#waiting, ...steps];
      this.#away = [...this.#away, ...this.file.remade.filter(({ drop }) => drop === statement)];
      this.#isOpen = false;
      return [];
    }
    if (this.#waiting.length > 0 && HINDERED_BY_NONE.has(statement.parsed.type)) return steps.map(apart);
    if (this.#waiting.length > 0) return this.#together(steps, statement, known);
    const joins = this.#isOpen && this.#makesAgain(statement) && steps.every(({ transactional }) => transactional);
    this.#isOpen = joins;
    return steps.map((step) => ({ step, joins }));
  }

  /** Steps that still wait at the end of the file. */
  rest(): readonly PlanStep[] {
    return this.#waiting;
  }

  #together(steps: readonly PlanStep[], statement: ScriptStatement, known: Known): readonly Arranged[] {
    const waiting = this.#waiting;
    const prepared = steps.findIndex(isSwitch);
    const at = prepared < 0 && steps.length === 1 && steps[0]?.transactional ? 0 : prepared;
    const own = steps[at];
    const rest = steps.slice(at + 1);
    const follows = this.#anotherFollows(rest, statement);
    const whole = own ? merge([...waiting, own], known) : null;
    if (whole && follows && this.#away.every(isPlain)) {
      const { keep, give } = restored(this.#away.map(({ view }) => view));
      const step = { ...whole, up: [keep, ...whole.up, give], notes: [...whole.notes, COMES_AGAIN] };
      const before = [...steps.slice(0, at), step].map(apart);
      return [...before, ...(rest.some(isSwitch) ? this.#together(rest, statement, known) : rest.map(apart))];
    }
    this.#waiting = [];
    this.#away = [];
    this.#isOpen = own !== undefined && at === steps.length - 1;
    if (!whole) return [...waiting, ...steps].map(apart);
    const step = follows ? { ...whole, notes: [...whole.notes, STAY_AWAY] } : whole;
    return [...steps.slice(0, at), step, ...rest].map(apart);
  }

  /** Whether another change follows for which the views have to go again. */
  #anotherFollows(rest: readonly PlanStep[], statement: ScriptStatement): boolean {
    this.#done.add(statement);
    const others = this.#away.flatMap(({ changes }) => changes.filter((one) => !this.#done.has(one)));
    return rest.some(isSwitch) || others.length > 0;
  }

  #waits(statement: ScriptStatement): boolean {
    const { type, body } = statement.parsed;
    if (type !== 'DropStmt' || textOf(body, 'behavior') === 'DROP_CASCADE') return false;
    const dropped = list(body, 'objects').map(relationOfNames);
    return (
      KINDS.has(textOf(body, 'removeType') ?? '') &&
      dropped.every((view) => view && isRemade(view, statement, this.file))
    );
  }

  /** The view, and what it is given. */
  #makesAgain({ parsed: { type, body } }: ScriptStatement): boolean {
    if (type === 'ViewStmt') return true;
    const named = this.file.remade.map(({ view }) => view.name);
    const given =
      type === 'GrantStmt'
        ? bodiesOf(list(body, 'objects'), 'RangeVar').map(relationOf)
        : type === 'CommentStmt'
          ? [relationOfNames(body['object'] ?? null)]
          : type === 'AlterOwnerStmt' || type === 'AlterTableStmt'
            ? [relationOf(field(body, 'relation'))]
            : [];
    return given.length > 0 && given.every((one) => one !== null && named.includes(one.name));
  }
}

function isSwitch(step: PlanStep): boolean {
  return step.isSwitch;
}

function isPlain({ drop }: FileFacts['remade'][number]): boolean {
  return textOf(drop.parsed.body, 'removeType') === 'OBJECT_VIEW';
}

function apart(step: PlanStep): Arranged {
  return { step, joins: false };
}

/** Statements that no view stands in the way of, and that may take long. */
const HINDERED_BY_NONE = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'SelectStmt',
  'IndexStmt',
  'CreateStmt',
]);

const KINDS = new Set(['OBJECT_VIEW', 'OBJECT_MATVIEW']);

function isRemade(view: Relation, statement: ScriptStatement, file: FileFacts): boolean {
  return file.remade.some((one) => one.drop === statement && one.view.name === view.name);
}

/** What `FileFacts.remade` holds. */
export function remadeViews(statements: readonly ScriptStatement[]): FileFacts['remade'] {
  return statements.flatMap((drop, i) => {
    const { type, body } = drop.parsed;
    if (type !== 'DropStmt' || !KINDS.has(textOf(body, 'removeType') ?? '')) return [];
    return list(body, 'objects').flatMap((object) => {
      const view = relationOfNames(object);
      const after = statements.slice(i + 1);
      const at = after.findIndex((one) => view && madeBy(one)?.name === view.name);
      const again = after[at];
      return view && again ? [{ view, drop, changes: after.slice(0, at).filter(changesType), to: again.line }] : [];
    });
  });
}

function changesType({ parsed }: ScriptStatement): boolean {
  return operationsOf(parsed).some(({ command }) => command?.subtype === 'AT_AlterColumnType');
}

function madeBy({ parsed: { type, body } }: ScriptStatement): Relation | null {
  if (type === 'ViewStmt') return relationOf(field(body, 'view'));
  return type === 'CreateTableAsStmt' ? relationOf(field(field(body, 'into') ?? {}, 'rel')) : null;
}

/** Views that go at the switch of a change which stands between their DROP and their CREATE. */
export function goingAtSwitch({ file, line }: MigrationContext): readonly Relation[] {
  return file.remade.filter(({ drop, to }) => drop.line <= line && line <= to).map(({ view }) => view);
}
