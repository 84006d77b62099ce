import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Begins with the contracts, which run every entry of a catalogue on every major and so take longest: one that begins last leaves the other cores without work. */
export class ContractsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await BaseSequencer.prototype.sort.call(this, files);
    return sorted.toSorted((a, b) => Number(isContract(b)) - Number(isContract(a)));
  }
}

function isContract({ moduleId }: TestSpecification): boolean {
  return moduleId.endsWith('.contract.test.ts');
}
