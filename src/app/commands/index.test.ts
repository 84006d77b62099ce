import { describe, expect, it } from 'vitest';
import { loadCommands } from './index.js';

describe('loadCommands', () => {
  it('gives all when none of them is named, in the order of help', async () => {
    const names = [
      'examine',
      'explain',
      'optimize',
      'index',
      'workload',
      'migrate',
      'diff',
      'deploy',
      'verify',
      'upgrade',
      'demo',
    ];
    for (const asked of [undefined, '--help', 'help', 'examin', 'constructor', '__proto__'])
      expect((await loadCommands(asked)).map(({ name }) => name)).toEqual(names);
    for (const name of names) expect((await loadCommands(name)).map((command) => command.name)).toEqual([name]);
  });
});
