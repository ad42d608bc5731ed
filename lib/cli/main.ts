import { readFileSync } from 'node:fs';
import { createProgram } from './program.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await createProgram(version, process.argv.includes('--json')).run(process.argv);
