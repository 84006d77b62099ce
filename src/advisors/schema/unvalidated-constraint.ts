import { z } from 'zod';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { Action } from '../../model/action.js';
import { findTable, sameRelation, type Catalog, type Constraint, placeOf } from '../../model/catalog.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { estimatedRows } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'schema/unvalidated-constraint',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Constraints added NOT VALID and never validated.',
    why: 'Old rows may break them, and the planner can not rely on them.',
    limits:
      'Does not know whether old rows break the constraint: VALIDATE tells, and fails where they do. A constraint declared NOT ENFORCED is meant so and left alone, ' +
      "and a partition's share is left to its parent.",
    sources: [
      'PostgreSQL manual, "ALTER TABLE", VALIDATE CONSTRAINT',
      'PostgreSQL manual, "pg_constraint", column convalidated',
    ],
    bad: `
      CREATE TABLE stock (id bigint PRIMARY KEY, amount integer NOT NULL);
      INSERT INTO stock VALUES (1, 5);
      ALTER TABLE stock ADD CONSTRAINT stock_amount_check CHECK (amount >= 0) NOT VALID;`,
    good: 'ALTER TABLE stock VALIDATE CONSTRAINT stock_amount_check;',
  },
  options: z.object({}),
  examine({ catalog }) {
    return catalog.constraints
      .filter((one) => !one.validated && !one.definition.endsWith('NOT ENFORCED') && !isInherited(catalog, one))
      .map((one) => describe(catalog, one));
  },
});

function isInherited(catalog: Catalog, constraint: Constraint): boolean {
  const parent = findTable(catalog, constraint.table)?.partitionOf ?? null;
  if (parent === null) return false;
  return catalog.constraints.some(
    (one) =>
      !one.validated &&
      one.kind === constraint.kind &&
      sameRelation(one.table, parent) &&
      one.columns.join('\n') === constraint.columns.join('\n'),
  );
}

function describe(catalog: Catalog, constraint: Constraint): AdvisorFinding {
  const table = findTable(catalog, constraint.table);
  const { rows, source } = table ? estimatedRows(catalog, table) : { rows: null, source: 'pg_class.reltuples' };
  return {
    title: `The constraint ${constraint.name} of ${placeOf(constraint.table)} was never validated.`,
    place: `${placeOf(constraint.table)}.${constraint.name}`,
    evidence: [
      measured('definition', constraint.definition, '', 'pg_get_constraintdef'),
      measured('validated', 'no', '', 'pg_constraint.convalidated'),
      estimated('rows to look through', rows, 'rows', source),
    ],
    statements: [],
    actions: [validateAction(constraint)],
  };
}

function validateAction(constraint: Constraint): Action {
  const table = `ALTER TABLE ${quoteQualified(constraint.table.schema, constraint.table.name)}`;
  const name = quoteIdent(constraint.name);
  const on = placeOf(constraint.table);
  const referenced = constraint.references ? ` and ROW SHARE on ${placeOf(constraint.references.table)}` : '';
  return {
    kind: 'constraint',
    title: `Validate the constraint ${constraint.name} of ${on}`,
    up: [`${table} VALIDATE CONSTRAINT ${name}`],
    // No statement takes a validation back: the constraint is made anew, as it was.
    down: [`${table} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} ${qualifiedDefinition(constraint)}`],
    lock: `takes SHARE UPDATE EXCLUSIVE on ${on}${referenced}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: true,
    tables: [constraint.table],
    index: null,
    rewrite: null,
  };
}

/** `pg_get_constraintdef` names the referenced table as the reader's search_path has it; whoever runs the revert may have another. */
function qualifiedDefinition(constraint: Constraint): string {
  const { definition, references } = constraint;
  if (references === null) return definition;
  const [head, tail] = [
    definition.indexOf(' REFERENCES '),
    definition.indexOf('(', definition.indexOf(' REFERENCES ')),
  ];
  return `${definition.slice(0, head)} REFERENCES ${quoteQualified(references.table.schema, references.table.name)}${definition.slice(tail)}`;
}
