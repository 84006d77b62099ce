import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handOver, openHandover } from '../../src/app/handover.js';
import { openWorktree } from '../../src/git/worktree.js';
import { HANDED } from '../support/handed-changes.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'git-')));
const own = join(root, 'own');
const worktree = join(root, 'work tree "ä"');
const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const notes: string[] = [];
const watch = (progress: { type: string; text?: string }): void => void notes.push(progress.text ?? '');

describe('a commit in a worktree', () => {
  beforeAll(() => {
    mkdirSync(own);
    git(own, 'init', '--quiet', '--initial-branch=main');
    git(own, 'config', 'user.name', 'Test');
    git(own, 'config', 'user.email', 'test@example.org');
    writeFileSync(join(own, 'a.txt'), 'a\n');
    git(own, 'add', '.');
    git(own, 'commit', '--quiet', '-m', 'first');
    git(own, 'worktree', 'add', '--quiet', '--detach', worktree);
  });
  beforeEach(() => void notes.splice(0));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('holds the files and the evidence, on a branch of its own; the other checkout stays as it was', async () => {
    writeFileSync(join(own, 'dirty.txt'), 'mine\n');
    const before = [git(own, 'rev-parse', 'HEAD'), git(own, 'status', '--porcelain'), git(own, 'symbolic-ref', 'HEAD')];
    const branch = 'wizard/größe #1';
    await expect(openHandover({ git: worktree, branch }, null)).rejects.toThrow(/can not be the name of a branch/);
    const handover = await openHandover({ git: worktree, format: 'flyway', branch: 'wizard/größe-#1' }, null);
    const files = await handOver(handover, HANDED, watch);
    expect(git(worktree, 'symbolic-ref', '--short', 'HEAD').trim()).toBe('wizard/größe-#1');
    expect(git(worktree, 'status', '--porcelain')).toBe('');
    const message = git(worktree, 'log', '-1', '--format=%B');
    expect(message).toMatch(/^3 database changes with their evidence\n\n\* Add "größe/);
    expect(message).toContain('    Effect: execution time 2.00 s -> 1.00 s (measured) second line\n');
    expect(git(worktree, 'show', '--name-only', '--format=', '-z', 'HEAD').split('\0').filter(Boolean)).toHaveLength(
      files.length,
    );
    expect([
      git(own, 'rev-parse', 'HEAD'),
      git(own, 'status', '--porcelain'),
      git(own, 'symbolic-ref', 'HEAD'),
    ]).toEqual(before);
    expect(notes.at(-1)).toMatch(/^committed as [0-9a-f]{12} on branch .*; nothing was pushed$/);
  });

  it('makes nothing where all is there already', async () => {
    const head = git(worktree, 'rev-parse', 'HEAD');
    const handover = await openHandover({ git: worktree, format: 'flyway', branch: 'second' }, null);
    expect(await handOver(handover, HANDED, watch)).toEqual([]);
    expect(git(worktree, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(own, 'branch', '--list', 'second')).toBe('');
  });

  it('refuses a dirty tree, a branch that exists, a folder elsewhere, and what is no worktree', async () => {
    await expect(openWorktree(own, 'x')).rejects.toMatchObject({
      code: 'git/refused',
      message: expect.stringContaining('dirty.txt'),
    });
    await expect(openWorktree(worktree, 'main')).rejects.toThrow(/main exists already/);
    await expect(openWorktree(worktree, '--orphan')).rejects.toThrow(/can not be the name/);
    await expect(openWorktree(root, 'x')).rejects.toMatchObject({ hint: expect.stringContaining('git worktree add') });
    await expect(openWorktree(join(root, 'none'), 'x')).rejects.toMatchObject({ code: 'git/refused' });
    const elsewhere = openHandover({ git: worktree, into: join(root, 'elsewhere'), branch: 'x' }, null);
    await expect(elsewhere).rejects.toThrow(/is not in the worktree/);
    const inGit = openHandover({ git: worktree, into: join(worktree, '.git', 'x'), branch: 'x' }, null);
    await expect(inGit).rejects.toThrow(/is not in the worktree/);
  });

  it('takes the branch back when git will not commit, and keeps the files', async () => {
    const hooks = join(own, '.git', 'hooks');
    mkdirSync(hooks, { recursive: true });
    writeFileSync(join(hooks, 'pre-commit'), '#!/bin/sh\necho not today >&2\nexit 1\n', { mode: 0o755 });
    const before = git(worktree, 'symbolic-ref', 'HEAD');
    const handover = await openHandover({ git: worktree, into: join(worktree, 'other'), branch: 'third' }, null);
    await expect(handOver(handover, HANDED, watch)).rejects.toMatchObject({
      code: 'git/refused',
      message: expect.stringContaining('not today'),
    });
    rmSync(join(hooks, 'pre-commit'));
    expect(git(worktree, 'symbolic-ref', 'HEAD')).toBe(before);
    expect(git(own, 'branch', '--list', 'third')).toBe('');
    expect(existsSync(join(worktree, 'other/0001_add_gro_e_x_y_to_the_order.up.sql'))).toBe(true);
  });

  it('says so when there is no git', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = join(root, 'nothing');
    try {
      await expect(openWorktree(worktree, 'x')).rejects.toMatchObject({
        code: 'git/refused',
        message: 'git was not found',
        hint: expect.stringContaining('Install git'),
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('never overwrites a file', async () => {
    const into = join(root, 'plain');
    const handover = await openHandover({ into }, null);
    await handOver(handover, HANDED.slice(0, 1), watch);
    const [file] = await handOver(handover, HANDED, watch);
    expect(file).toBe(join(into, '0002_create_btree_index_on_my_app_order_note.up.sql'));
    expect(notes).toContain(`1 of 3 changes are in ${into} already`);
    expect(readFileSync(join(into, '0001_add_gro_e_x_y_to_the_order.up.sql'), 'utf8')).toContain('BEGIN;');
  });
});
