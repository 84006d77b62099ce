import { Command as Program } from 'commander';
import { describe, expect, it } from 'vitest';
import { examine } from '../app/commands/examine.js';
import type { Command } from '../app/command.js';
import { addOptions, readInput } from './options.js';

const command = examine as unknown as Command;

function parse(...args: string[]): unknown {
  const program = new Program();
  addOptions(program, command);
  program.parse(args, { from: 'user' });
  return readInput(command, program.args, program.opts());
}

describe('the flags of a command', () => {
  it('may be given several times where the input is a list', () => {
    expect(parse('postgres://a', '--replica', 'postgres://b', '--replica', 'postgres://c')).toMatchObject({
      url: 'postgres://a',
      replica: ['postgres://b', 'postgres://c'],
      exactBloat: false,
    });
    expect(parse()).toMatchObject({ replica: [] });
  });

  it('take no value where the input is true or false', () => {
    expect(parse('--exact-bloat', 'postgres://a')).toMatchObject({ exactBloat: true, url: 'postgres://a' });
  });
});
