import { setFlagsFromString } from 'node:v8';

/**
 * Whether V8 optimises WebAssembly that runs often; of modules that were loaded before, some versions of V8 go by what held then. For the parser it does not pay: it holds a few functions of
 * a size that takes the optimising compiler 1.1 s of processor, which the process can not end before, and parses as fast without (bench/results/logs-2026-11-28.md).
 * The flags are V8's own, in Node 20, 22 and 24.
 */
export function optimiseWasm(on: boolean): void {
  setFlagsFromString(on ? '--wasm-dynamic-tiering' : '--no-wasm-dynamic-tiering');
  // Without the dynamic kind V8 would go back to the older one, which optimises all.
  setFlagsFromString('--no-wasm-tier-up');
}
