import { optimiseWasm } from '../base/wasm.js';

// The package loads its module as soon as it is imported.
optimiseWasm(false);
