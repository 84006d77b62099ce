import type { Command } from '../command.js';
import { compare } from './compare.js';
import { demo } from './demo.js';
import { deploy } from './deploy.js';
import { diff } from './diff.js';
import { examine } from './examine.js';
import { explain } from './explain.js';
import { index } from './indexes.js';
import { migrate } from './migrate.js';
import { optimize } from './optimize.js';
import { upgrade } from './upgrade.js';
import { verify } from './verify.js';
import { workload } from './workload.js';

/** Every use case, in the order in which help lists them. */
export const commands: readonly Command[] = [
  examine,
  explain,
  compare,
  optimize,
  index,
  workload,
  migrate,
  diff,
  deploy,
  verify,
  upgrade,
  demo,
] as readonly Command[];
