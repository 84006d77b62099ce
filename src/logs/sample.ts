import type { Execution } from './execution.js';
import { readBoundParameters } from './parameters.js';
import type { Scanned } from './scanned.js';
import { Stretch } from './stretch.js';

/** Values of one execution, as they were written: most samples are replaced before anybody reads them. */
export interface Sample {
  /** Of `$1, $2, ...`, as the log has them or as SQL; null where the log does not hold them. */
  readonly bound: string | readonly string[] | null;
  /** The constants of the text, `SEPARATOR` between them. */
  readonly literals: string;
  readonly ms: number | null;
}

/** Null where the text has not as many constants as the shape's, and for values that are too long. */
export function sampleOf({ parameters, ms }: Execution, scanned: Scanned, constants: number): Sample | null {
  if (scanned.literalsEnd !== constants * 2) return null;
  const literals = joinedLiterals(scanned);
  if (literals === null) return null;
  const bound = parameters instanceof Stretch ? parameters.text() : parameters;
  const sample = { bound, literals, ms };
  if (literals.length + (typeof bound === 'string' ? bound.length : MAX_SAMPLE) <= MAX_SAMPLE) return sample;
  const size = [...literalsIn(sample, constants), ...(boundIn(sample) ?? [])].reduce((sum, one) => sum + one.length, 0);
  return size > MAX_SAMPLE ? null : sample;
}

/** Null where they are too long. */
function joinedLiterals({ codes, literals, literalsEnd }: Scanned): string | null {
  let to = 0;
  for (let i = 0; i < literalsEnd; i += 2) {
    const [start, end] = [literals[i] as number, literals[i + 1] as number];
    if (to + end - start >= MAX_BYTES) return null;
    if (i > 0) joined[to++] = 0;
    for (let at = start; at < end; at += 1) joined[to++] = codes[at] as number;
  }
  return to === 0 ? '' : joined.toString('utf8', 0, to);
}

/** SQL literals of `$1, $2, ...`; null where the log does not hold them, or they can not be told apart. */
export function boundIn({ bound }: Sample): readonly string[] | null {
  return typeof bound === 'string' ? readBoundParameters(bound) : bound;
}

/** The constants of the text, of which there are so many. */
export function literalsIn({ literals }: Sample, constants: number): readonly string[] {
  return constants === 0 ? [] : literals.split(SEPARATOR);
}

/** Can not stand in a constant. */
const SEPARATOR = '\0';
/** Longer values make no useful sample, and would hold memory. */
const MAX_SAMPLE = 8192;
/** Three bytes are the most that a letter of a string takes, and each constant has one behind it. */
const MAX_BYTES = 4 * MAX_SAMPLE;
const joined = Buffer.alloc(MAX_BYTES);
