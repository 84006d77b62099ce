import { optimiseWasm } from '../base/wasm.js';

// Before the package is imported, which loads its module at once.
optimiseWasm(false);
