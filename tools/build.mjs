// Builds dist/: CommonJS and the type declarations file by file, ESM as one file, because the loader of ES modules
// takes longer to find a hundred files than to run them.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

function nestBuild(tsconfig) {
  const cli = join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  execFileSync(process.execPath, [cli, 'build', '--path', tsconfig], { stdio: 'inherit' });
}

/** What `tsc` made of the decorators is kept: only files become one. */
async function bundle(folder) {
  const input = join(folder, 'index.js');
  const external = (id) => !/^[./]/.test(id) && id !== input;
  const build = await rolldown({ input, external, platform: 'node' });
  const { output } = await build.generate({ format: 'esm' });
  await build.close();
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith('.js')) {
      rmSync(join(folder, file));
    }
  }
  writeFileSync(input, output[0].code);
}

rmSync('dist', { recursive: true, force: true });
nestBuild('tsconfig.build.json');
nestBuild('tsconfig.build.cjs.json');
await bundle(join('dist', 'esm'));
writeFileSync(join('dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
