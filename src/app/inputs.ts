import { z } from 'zod';

/** Standbys of the target, whose scans count as well. */
export const replicaInput = z
  .array(z.string())
  .default([])
  .describe('connection string of a standby whose index scans count as well; give it once for each');

/** Reading every page instead of estimating. */
export const exactBloatInput = z
  .boolean()
  .default(false)
  .describe('read all pages of the large btrees through pgstattuple, instead of estimating their bloat');
