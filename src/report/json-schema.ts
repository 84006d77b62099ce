import { z } from 'zod';
import { comparisonReportSchema } from './comparison/comparison-report.js';
import { deployReportSchema } from './deploy/deploy-report.js';
import { verifyReportSchema } from './deploy/verify-report.js';
import { examineReportSchema } from './examine-report.js';
import { indexReportSchema } from './index/index-report.js';
import { migrateReportSchema } from './migrate/migrate-report.js';
import { planReportSchema } from './plan/plan-report.js';
import { runReportSchema } from './run-report.js';
import { workloadReportSchema } from './workload/workload-report.js';

/** JSON Schema (draft 2020-12) of the documents that commands print with `--json`; `docs/report-schema.json` is this. */
export function reportJsonSchema(): unknown {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Reports of database-wizard',
    oneOf: [
      { $ref: '#/$defs/optimize' },
      { $ref: '#/$defs/examine' },
      { $ref: '#/$defs/explain' },
      { $ref: '#/$defs/compare' },
      { $ref: '#/$defs/index' },
      { $ref: '#/$defs/workload' },
      { $ref: '#/$defs/migrate' },
      { $ref: '#/$defs/deploy' },
      { $ref: '#/$defs/verify' },
    ],
    $defs: {
      optimize: bare(runReportSchema),
      examine: bare(examineReportSchema),
      explain: bare(planReportSchema),
      compare: bare(comparisonReportSchema),
      index: bare(indexReportSchema),
      workload: bare(workloadReportSchema),
      migrate: bare(migrateReportSchema),
      deploy: bare(deployReportSchema),
      verify: bare(verifyReportSchema),
    },
  };
}

function bare(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}
