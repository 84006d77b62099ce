import { WizardError } from '../../base/errors.js';
import type { Rewrite } from '../../model/action.js';
import { readCatalog } from '../../postgres/read/catalog.js';
import type { Session } from '../../postgres/session.js';
import { verifyEquivalence } from './verify.js';

/**
 * Looks for a small database on which a rewrite differs, before anything is measured. Gives what held in words.
 * Throws `lab/statement` with the counterexample where it differs, or with the reason where nothing could be tried.
 */
export async function assertNoDifference(
  session: Session,
  rewrite: Rewrite,
  parameterSets: readonly (readonly string[])[],
): Promise<string> {
  const { catalog } = await readCatalog(session);
  const claim = { before: rewrite.from, after: rewrite.to, parameterSets };
  const found = await verifyEquivalence(session, catalog, claim, { failures: 'fewer-overflows' });
  switch (found.kind) {
    case 'held':
      return `no difference on ${found.databases} small databases, ${found.withRows} of which gave rows`;
    case 'refuted':
      throw new WizardError(
        'lab/statement',
        `refuted by the verifier on database ${found.databases}: ${found.difference}. ${found.counterexample}`,
      );
    case 'unverifiable':
      throw new WizardError('lab/statement', `not tried, for the verifier could not look at it: ${found.reason}`);
  }
}
