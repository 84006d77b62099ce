import type { Command } from '../command.js';
import { demo } from './demo.js';
import { deploy } from './deploy.js';
import { examine } from './examine.js';
import { index } from './indexes.js';
import { optimize } from './optimize.js';
import { workload } from './workload.js';

/** Every use case, in the order in which help lists them. */
export const commands: readonly Command[] = [examine, optimize, index, deploy, workload, demo] as readonly Command[];
