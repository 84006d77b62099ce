import './quick-start.js';

export { fingerprintSync, hasSqlDetails, loadModule, normalizeSync, parseSync, scanSync } from 'libpg-query';
