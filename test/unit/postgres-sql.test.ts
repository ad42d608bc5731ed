import { expect, it } from 'vitest';
import { migrationFile } from '../../lib/adapters/postgres/schema.js';
import { DEFAULT_TABLE } from '../../lib/adapters/postgres/names.js';

it('sql/postgres.sql is what migrate() sends (update it with: npx vitest run test/unit/postgres-sql.test.ts -u)', async () => {
  await expect(migrationFile(DEFAULT_TABLE)).toMatchFileSnapshot('../../sql/postgres.sql');
});
