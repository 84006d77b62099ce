import { defineConfig } from 'vitest/config';
import { ContractsFirst } from './test/support/contracts-first.js';
import { temporaryFolder } from './test/support/temporary-folder.js';

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    sequence: { sequencer: ContractsFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // On two cores: what one waits for (a lock, a soak, a timeout), the others use.
          maxWorkers: 3,
          env: temporaryFolder(),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
