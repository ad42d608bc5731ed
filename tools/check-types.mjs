// Runs the type tests against the packed declarations with each supported TypeScript.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = ['5.8', '6', '7'];
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'types-'));

function npm(cwd, ...args) {
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], options);
}

let failed = 0;
try {
  npm(root, 'pack', '--pack-destination', scratch);
  const tarball = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
  const peers = [
    '@nestjs/common',
    '@nestjs/core',
    'class-transformer',
    'class-validator',
    'reflect-metadata',
    'rxjs',
  ];
  const compilers = VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version}`);
  writeFileSync(join(scratch, 'package.json'), '{ "private": true, "type": "module" }');
  npm(scratch, 'install', `./${tarball}`, ...peers, 'vitest@4', '@types/node@20', ...compilers);

  mkdirSync(join(scratch, 'src'));
  for (const file of readdirSync(join(root, 'test', 'types')).filter((name) => name.endsWith('.test-d.ts'))) {
    cpSync(join(root, 'test', 'types', file), join(scratch, 'src', file));
  }
  for (const [file, entry] of Object.entries({ api: '', 'dto-api': '/dto', 'testing-api': '/testing' })) {
    writeFileSync(join(scratch, 'src', `${file}.ts`), `export * from 'nestjs-scalekit-webhooks${entry}';\n`);
  }
  cpSync(join(root, 'tsconfig.json'), join(scratch, 'tsconfig.base.json'));
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    '{ "extends": "./tsconfig.base.json", "compilerOptions": { "noUnusedLocals": false }, "include": ["src"] }',
  );
  for (const version of VERSIONS) {
    const tsc = join(scratch, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
    const { status } = spawnSync(process.execPath, [tsc, '-p', scratch], { stdio: 'inherit' });
    console.log(`${status === 0 ? 'passed' : 'FAILED'}  TypeScript ${version}`);
    failed += status === 0 ? 0 : 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${VERSIONS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
