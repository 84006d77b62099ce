import type {
  PlanActual,
  PlanBuffers,
  PlanIoTimings,
  PlanRelationship,
  PlanTreeNode,
  PlanWal,
  PlanWorker,
} from '../tree.js';
import { detailsOf } from './details.js';
import { isRawObject, objectsOf, rawNumber, rawText } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

/** Deeper than any plan that a person could have; a stack must not be the limit. */
const DEPTH = 2000;

/** Makes the typed node of a raw one, with its children. Throws a `TypeError` for one without a type, or nested without end. */
export function toNode(raw: RawObject, depth = 0): PlanTreeNode {
  const type = rawText(raw['Node Type']);
  if (type === undefined || depth > DEPTH) throw new TypeError('not a plan node');
  const relation = rawText(
    raw['Relation Name'] ?? raw['Function Name'] ?? raw['Table Function Name'] ?? raw['CTE Name'],
  );
  const partial = rawText(raw['Partial Mode']);
  const rows = rawNumber(raw['Plan Rows']);
  return {
    type: type === 'Foreign Update' ? 'Foreign Scan' : type,
    relationship: RELATIONSHIPS[rawText(raw['Parent Relationship']) ?? ''] ?? null,
    subplanName: rawText(raw['Subplan Name']) ?? null,
    strategy: rawText(raw['Strategy']) ?? null,
    partialMode: partial === 'Partial' || partial === 'Finalize' ? partial : null,
    joinType: rawText(raw['Join Type']) ?? null,
    operation: operationOf(raw),
    backward: raw['Scan Direction'] === 'Backward',
    parallelAware: isTrue(raw['Parallel Aware']),
    asyncCapable: isTrue(raw['Async Capable']),
    schema: rawText(raw['Schema']) ?? null,
    relation: relation ?? null,
    alias: rawText(raw['Alias']) ?? relation ?? null,
    index: rawText(raw['Index Name']) ?? null,
    estimate:
      rows === undefined
        ? null
        : {
            startupCost: rawNumber(raw['Startup Cost']) ?? 0,
            totalCost: rawNumber(raw['Total Cost']) ?? 0,
            rows,
            widthBytes: rawNumber(raw['Plan Width']) ?? 0,
          },
    actual: actualOf(raw),
    buffers: buffersOf(raw),
    ioTimings: ioTimingsOf(raw),
    wal: walOf(raw),
    workersPlanned: rawNumber(raw['Workers Planned']) ?? null,
    workersLaunched: rawNumber(raw['Workers Launched']) ?? null,
    workers: objectsOf(raw['Workers']).map(workerOf),
    details: detailsOf(raw),
    children: objectsOf(raw['Plans']).map((child) => toNode(child, depth + 1)),
  };
}

const RELATIONSHIPS: Readonly<Record<string, PlanRelationship>> = {
  Outer: 'outer',
  Inner: 'inner',
  Member: 'member',
  Subquery: 'subquery',
  InitPlan: 'init-plan',
  SubPlan: 'sub-plan',
};

/** A foreign scan's `Select` says nothing, and the text form does not write it. */
function operationOf(raw: RawObject): string | null {
  const operation = rawText(raw['Operation'] ?? raw['Command']);
  return operation === undefined || operation === 'Select' ? null : operation;
}

function isTrue(value: RawValue | undefined): boolean {
  return value === true || value === 'true';
}

function actualOf(raw: RawObject): PlanActual | null {
  const loops = rawNumber(raw['Actual Loops']);
  if (loops === undefined) return null;
  // The text form says "never executed" and no more.
  if (loops === 0) return { startupMs: null, totalMs: null, rows: 0, loops: 0 };
  return {
    startupMs: rawNumber(raw['Actual Startup Time']) ?? null,
    totalMs: rawNumber(raw['Actual Total Time']) ?? null,
    rows: rawNumber(raw['Actual Rows']) ?? 0,
    loops,
  };
}

/** Null when all are zero: the text form then writes no line, so that "none" and "not asked" can not be told apart. */
export function buffersOf(raw: RawObject): PlanBuffers | null {
  const blocks = (name: string): number => rawNumber(raw[`${name} Blocks`]) ?? 0;
  return unlessZero({
    sharedHit: blocks('Shared Hit'),
    sharedRead: blocks('Shared Read'),
    sharedDirtied: blocks('Shared Dirtied'),
    sharedWritten: blocks('Shared Written'),
    localHit: blocks('Local Hit'),
    localRead: blocks('Local Read'),
    localDirtied: blocks('Local Dirtied'),
    localWritten: blocks('Local Written'),
    tempRead: blocks('Temp Read'),
    tempWritten: blocks('Temp Written'),
  });
}

/** 14 has `I/O Read Time`, 15 and 16 `Temp I/O Read Time` besides, 17 and newer one each for shared, local and temp. */
function ioTimingsOf(raw: RawObject): PlanIoTimings | null {
  const time = (name: string): number => rawNumber(raw[`${name} Time`]) ?? 0;
  return unlessZero({
    sharedReadMs: time('Shared I/O Read') + time('I/O Read'),
    sharedWriteMs: time('Shared I/O Write') + time('I/O Write'),
    localReadMs: time('Local I/O Read'),
    localWriteMs: time('Local I/O Write'),
    tempReadMs: time('Temp I/O Read'),
    tempWriteMs: time('Temp I/O Write'),
  });
}

function walOf(raw: RawObject): PlanWal | null {
  return unlessZero({
    records: rawNumber(raw['WAL Records']) ?? 0,
    fullPageImages: rawNumber(raw['WAL FPI']) ?? 0,
    bytes: rawNumber(raw['WAL Bytes']) ?? 0,
    buffersFull: rawNumber(raw['WAL Buffers Full']) ?? 0,
  });
}

function workerOf(raw: RawObject): PlanWorker {
  return {
    number: rawNumber(raw['Worker Number']) ?? 0,
    actual: actualOf(raw),
    buffers: buffersOf(raw),
    details: detailsOf(raw),
  };
}

function unlessZero<T extends { readonly [K in keyof T]: number }>(figures: T): T | null {
  return Object.values(figures).some((value) => value !== 0) ? figures : null;
}

/** For reading `JIT`, `Planning` and the like, which hold objects. */
export function part(raw: RawObject, key: string): RawObject | null {
  const value = raw[key];
  return isRawObject(value) ? value : null;
}
