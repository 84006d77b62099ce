import type { Coverage, Skipped } from '../model/coverage.js';
import { catalogue } from '../plans/catalogue.js';
import { missingFor } from '../plans/define.js';
import type { PlanView } from '../plans/view.js';

/** What was looked for in a plan, and what a plan like it can not say. `isOurs`: asked for with all options, so that what it leaves out is not there. */
export function planCoverage(
  view: PlanView,
  { hasFacts, isOurs }: { readonly hasFacts: boolean; readonly isOurs: boolean },
): Coverage {
  const lacking = catalogue.map((kind) => missingFor(kind.needs, view)).filter((needs) => needs.length > 0);
  const asked = catalogue.length - lacking.length;
  const unknown = withoutFigures(view);
  const skipped: (Skipped | false)[] = [
    lacking.length > 0 && {
      what: `${lacking.length} of ${catalogue.length} kinds of findings`,
      reason: `the plan lacks what they read (${wordsFor(lacking.flat())})`,
      remedy: isOurs
        ? '--lab auto runs it on a copy.'
        : 'EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS), where the statement may be run.',
    },
    view.tree.isRebuilt && {
      what: 'what was below what, as EXPLAIN wrote it',
      reason:
        'the blanks at the beginnings of lines are lost: the tree is put together from how many inputs each node takes',
      remedy: 'The text of EXPLAIN with its blanks.',
    },
    unknown > 0 && {
      what: `the figures of ${unknown} node${unknown === 1 ? '' : 's'}`,
      reason: 'the text leaves them out, and with them what those nodes took by themselves',
      remedy: 'All that EXPLAIN printed.',
    },
    view.ran &&
      !view.timed && {
        what: 'the time of each node',
        reason: 'the plan was run without timing (TIMING OFF); shares are of blocks',
        remedy: 'EXPLAIN ANALYZE without TIMING OFF.',
      },
    view.ran &&
      !view.hasBuffers &&
      !isOurs && {
        what: 'blocks',
        reason: 'no buffers are in the plan: they were not asked for, or none was touched',
        remedy: 'EXPLAIN (ANALYZE, BUFFERS).',
      },
    Object.keys(view.tree.settings).length === 0 &&
      !isOurs && {
        what: 'settings that differ from their defaults',
        reason: 'the plan names none: EXPLAIN does so only with SETTINGS',
        remedy: 'EXPLAIN (SETTINGS).',
      },
    view.ran &&
      view.nodes.some(({ processes }) => processes > 1) &&
      view.nodes.every(({ node }) => node.workers.length === 0) && {
        what: 'how evenly the parallel workers were loaded',
        reason: 'the plan has their sum only',
        remedy: 'EXPLAIN (ANALYZE, VERBOSE).',
      },
    !hasFacts && {
      what: 'indexes, keys, NOT NULL, statistics, table sizes; what-if indexes and rewrites',
      reason: 'no database was given',
      remedy: 'Give a connection string before the query: database-wizard explain <url> <query>.',
    },
    view.ran && {
      what: 'other runs',
      reason: 'one execution shows one set of parameters, one state of the cache and one load of the machine',
      remedy: 'Run it again, with frequent, rare and absent values.',
    },
  ];
  return {
    examined: [
      { what: 'nodes of the plan', count: view.nodes.length },
      { what: 'kinds of findings looked for', count: asked },
    ],
    skipped: skipped.filter((row): row is Skipped => row !== false),
  };
}

/** Nodes that lack what the root has. */
function withoutFigures({ root, nodes }: PlanView): number {
  return nodes.filter(
    ({ node }) =>
      (node.actual === null && root.node.actual !== null) || (node.estimate === null && root.node.estimate !== null),
  ).length;
}

function wordsFor(needs: readonly string[]): string {
  const words = { run: 'actual rows', timing: 'times', buffers: 'buffers' } as Readonly<Record<string, string>>;
  return [...new Set(needs)].map((need) => words[need] ?? need).join(', ');
}
