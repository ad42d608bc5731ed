// Builds dist/: CommonJS and the type declarations file by file, ESM as one file an entry, because the loader of ES
// modules takes longer to find a hundred files than to run them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));

function nestBuild(tsconfig) {
  const cli = join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  execFileSync(process.execPath, [cli, 'build', '--path', tsconfig], { stdio: 'inherit' });
}

/** What `tsc` made of the decorators is kept: only files become one an entry, and one for what entries share. */
async function bundle(folder) {
  const entries = Object.values(exports).flatMap((entry) => entry.import?.default ?? []);
  const input = Object.fromEntries(
    entries.map((file) => [relative(folder, file).replace(/\.js$/, ''), join(file)]),
  );
  const isOurs = (id) => /^[./]/.test(id) || Object.values(input).includes(id);
  const build = await rolldown({ input, external: (id) => !isOurs(id), platform: 'node' });
  const { output } = await build.generate({ format: 'esm', chunkFileNames: 'shared/[name].js' });
  await build.close();
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith('.js')) {
      rmSync(join(folder, file));
    }
  }
  for (const { fileName, code } of output) {
    mkdirSync(dirname(join(folder, fileName)), { recursive: true });
    writeFileSync(join(folder, fileName), code);
  }
}

rmSync('dist', { recursive: true, force: true });
nestBuild('tsconfig.build.json');
nestBuild('tsconfig.build.cjs.json');
await bundle(join('dist', 'esm'));
writeFileSync(join('dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
