import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const FILES = fileURLToPath(new URL('../support/node-test/', import.meta.url));

it.each(['kit.test.mjs', 'kit.test.cjs'])(
  'the testing kit works under node:test, as it is built: %s',
  async (file) => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', FILES + file], {
      // Vitest's own variables make the child think that it is a worker.
      env: { PATH: process.env.PATH },
    });
    expect(stdout).toMatch(/^# tests 17$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).toMatch(/^# pass 17$/m);
  },
);
