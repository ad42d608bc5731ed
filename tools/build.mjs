// Builds dist/: CommonJS and the type declarations file by file, ESM as one file an entry, because the loader of ES
// modules takes longer to find a hundred files than to run them. The command is one file, too.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { buildPage } from './build-page.mjs';
import { licensesOf } from './licenses.mjs';

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

/** The command is one file, with what it needs of other packages in it: installing the library installs none of them. */
async function bundleCommand(source, target) {
  const build = await rolldown({ input: source, platform: 'node', external: /^node:/ });
  const { output } = await build.generate({
    format: 'esm',
    banner: '#!/usr/bin/env node',
    codeSplitting: false,
    minify: { compress: true, mangle: false, codegen: false },
  });
  await build.close();
  const [{ code, moduleIds }] = output;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
  chmodSync(target, 0o755);
  writeFileSync(join(dirname(target), 'THIRD-PARTY-LICENSES.txt'), licensesOf(moduleIds));
}

/** One file, which `nest add` loads with require(). */
async function bundleSchematic(source, target) {
  const build = await rolldown({
    input: join(source, 'nest-add.ts'),
    platform: 'node',
    external: /^node:/,
    resolve: { extensionAlias: { '.js': ['.ts'] } },
  });
  await build.write({ format: 'cjs', dir: target, entryFileNames: '[name].cjs' });
  await build.close();
  copyFileSync(join(source, 'collection.json'), join(target, 'collection.json'));
}

rmSync('dist', { recursive: true, force: true });
await buildPage();
nestBuild('tsconfig.build.json');
nestBuild('tsconfig.build.cjs.json');
await bundle(join('dist', 'esm'));
await bundleCommand(join('lib', 'cli', 'main.ts'), join('dist', 'cli', 'main.js'));
writeFileSync(join('dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
await bundleSchematic(join('lib', 'schematics'), join('dist', 'schematics'));
