import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexSpec } from '../../../model/action.js';
import type { Session } from '../../../postgres/session.js';
import type { IndexLayout } from '../index-layout.js';
import type { GinSample } from './gin-size.js';
import type { SampleBuild } from './other-size.js';
import type { SampledExpression } from './sample-expressions.js';
import type { SampledKeys } from './sample-keys.js';

/** Lends a session of a database that holds data. What is done there leaves nothing behind. */
export type Sampler = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What a sample of a table's rows says about an index on it. */
export interface IndexSample {
  /** Rows in the sample. */
  readonly sampledRows: number;
  /** Rows of the table to a block, where the sample was drawn. */
  readonly rowsPerBlock: number;
  readonly keys: SampledKeys;
  /** Values by their true number of rows, the heavy ones left out; null when they are to be guessed from the sample. */
  readonly classes: readonly KeyClass[] | null;
  readonly expressions: readonly SampledExpression[];
  /** A GIN index over a larger sample; null for other methods, and where its pages can not be read. */
  readonly gin: GinSample | null;
  /** Access methods without a formula: the index built over a larger sample, and before over half of it where its growth is followed. */
  readonly builds: readonly SampleBuild[];
}

/** An index to sample for. */
export interface SampleWanted {
  readonly layout: IndexLayout;
  readonly spec: IndexSpec;
  /** Whether the server will deduplicate it: only then does it matter how values repeat. */
  readonly deduplicates: boolean;
}
