// The only importer of the package: what stands first runs first.
import './quick-start.js';

export {
  fingerprintSync,
  hasSqlDetails,
  loadModule,
  normalizeSync,
  parsePlPgSQLSync,
  parseSync,
  scanSync,
} from 'libpg-query';
