// What the model was made on: reported apart.
import { ANALYZE, CANDIDATES, LATER, SCHEMA, data } from '../whatif-data.mjs';

export const fitted = {
  name: 'bench/whatif-data.mjs',
  fitted: true,
  analyze: [],
  async load(session) {
    await session.run(SCHEMA);
    await session.run(data(1));
    for (const table of ANALYZE) await session.run(`VACUUM ANALYZE ${table}`);
    await session.run(LATER);
  },
  indexes: CANDIDATES,
};
