import { quoteIdent } from '../../base/quote.js';
import type { CheckFacts, TableFacts } from '../../model/schema.js';
import type { TableChange } from './table.js';

export function checkDrops(change: TableChange): readonly string[] {
  const { a, b, loosened, above } = change;
  return a.checks
    .filter((check) => {
      const is = b.checks.find(({ name }) => name === check.name);
      if (above.some((one) => changesCheck(one, check.name))) return false;
      return is === undefined || isRedone(check, is) || loosened.has(`check ${check.name}`);
    })
    .map(({ name }) => name);
}

export function checkAdditions(change: TableChange): readonly string[] {
  const { identity, a, b, loosened, above } = change;
  return b.checks.flatMap((check) => {
    const was = a.checks.find(({ name }) => name === check.name);
    if (above.some((one) => changesCheck(one, check.name))) return [];
    const name = quoteIdent(check.name);
    if (was === undefined || isRedone(was, check) || loosened.has(`check ${check.name}`))
      return [`ALTER TABLE ${identity} ADD CONSTRAINT ${name} ${check.definition}`];
    return was.validated === check.validated ? [] : [`ALTER TABLE ${identity} VALIDATE CONSTRAINT ${name}`];
  });
}

/** A constraint that is checked can not be unchecked again. */
function isRedone(was: CheckFacts, is: CheckFacts): boolean {
  return bare(was) !== bare(is) || (was.validated && !is.validated);
}

function bare({ definition }: CheckFacts): string {
  return definition.replace(/ NOT VALID$/, '');
}

function changesCheck({ a, b }: { readonly a: TableFacts; readonly b: TableFacts }, name: string): boolean {
  const [was, is] = [a, b].map(({ checks }) => checks.find((check) => check.name === name));
  return JSON.stringify(was) !== JSON.stringify(is);
}
