import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { aliasesApart } from './aliases-apart.js';
import { antiJoined } from './anti-joins.js';
import { boundsApart } from './bounds-apart.js';
import { constantsFolded } from './constants-folded.js';
import { extremesRanked } from './extreme-over-group.js';
import { seen } from './facts.js';
import type { Fact } from './facts.js';
import { firstOfGroup } from './first-of-group.js';
import { groupsAsked } from './groups-asked.js';
import { inlined } from './inlined.js';
import { innerJoined } from './inner-joins.js';
import { membershipAsked } from './memberships.js';
import { limitsDropped } from './needless-limits.js';
import { opened } from './opened.js';
import { withoutOrdinals } from './ordinals.js';
import { parentKeysNamed } from './parent-keys.js';
import { positive } from './positive.js';
import { pulledUp } from './pulled-up.js';
import { scalarsAsked } from './scalar-items.js';
import { selfTotals } from './self-totals.js';
import { spelledIn } from './spelled-in.js';
import { starless } from './starless.js';
import { unwrapped } from './unwrapped.js';

/** A statement in one of the forms that mean the same. */
export interface Form {
  readonly statement: ParsedStatement;
  /** What proves that it means the same, where the catalog is needed for that. */
  readonly facts: readonly Fact[];
}

const known = new WeakMap<ParsedStatement, { readonly catalog: Catalog; readonly forms: readonly Form[] }>();

/** The statement as it is written, and in other forms of the same meaning in which a rule may find its pattern; each statement's are made once. */
export function formsOf(statement: ParsedStatement, catalog: Catalog): readonly Form[] {
  const made = known.get(statement);
  if (made?.catalog === catalog) return made.forms;
  const forms = makeForms(statement, catalog);
  known.set(statement, { catalog, forms });
  return forms;
}

const ONE_ROW = 'an aggregate without GROUP BY gives one row, and its value is named once';

function makeForms(written: ParsedStatement, catalog: Catalog): readonly Form[] {
  const folded = constantsFolded(written) ?? written;
  const statement = spelledIn(folded) ?? folded;
  const open = opened(statement, catalog);
  const facts = open?.facts ?? [];
  const without = inlined(open?.statement ?? statement);
  const base = without ?? open?.statement ?? statement;
  const bare = starless(base, catalog);
  const anti = antiJoined(statement, catalog);
  const spelled = withoutOrdinals(bare ?? base, catalog);
  const rest = [
    without,
    base === statement ? bare : starless(statement, catalog),
    without && bare,
    unwrapped(statement),
    positive(statement),
    groupsAsked(bare ?? base, catalog),
    open?.statement ?? null,
    pulledUp(bare ?? base, catalog),
    boundsApart(base),
    innerJoined(bare ?? base, catalog),
    firstOfGroup(base, catalog),
    extremesRanked(bare ?? base, catalog),
    aliasesApart(base, catalog),
    spelled,
    parentKeysNamed(spelled ?? bare ?? base, catalog),
  ];
  const totals = selfTotals(base, catalog);
  const unlimited = limitsDropped(base, catalog);
  const scalar = scalarsAsked(bare ?? base, catalog);
  const membership = membershipAsked(bare ?? base, catalog);
  return [
    { statement, facts: [] },
    ...rest.flatMap((one) => (one ? [{ statement: one, facts }] : [])),
    ...(totals ? [{ statement: totals.statement, facts: [...facts, ...totals.facts] }] : []),
    ...(unlimited ? [{ statement: unlimited.statement, facts: [...facts, ...unlimited.facts] }] : []),
    ...(scalar ? [{ statement: scalar, facts: [...facts, seen(ONE_ROW)] }] : []),
    ...(membership ? [{ statement: membership.statement, facts: [...facts, membership.fact] }] : []),
    ...(anti ? [{ statement: anti.statement, facts: [seen(anti.says)] }] : []),
  ];
}
