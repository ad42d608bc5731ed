// Bundles a sample with the library's sources into its dist/, or into the folder that is the second argument, in a second
// or two: `npm start` waits for nothing else.
// No types are checked, and dist/ of the library stays as it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { buildPage } from './build-page.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const [, , sample, target = join('sample', sample, 'dist')] = process.argv;
const folder = join('sample', sample);
const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8'));

/** From each entry's name to its source, the longest name first. */
const alias = Object.fromEntries(
  Object.entries(exports)
    .filter(([, target]) => target.import)
    .map(([entry, target]) => [
      entry.replace('.', name),
      join(process.cwd(), target.import.default.replace('dist/esm', 'lib').replace(/\.js$/, '.ts')),
    ])
    .sort(([a], [b]) => b.length - a.length),
);

await buildPage();
await build({
  input: { main: join(folder, 'main.ts'), send: join(folder, 'send.ts') },
  platform: 'node',
  tsconfig: 'tsconfig.json',
  external: (id) => !/^(?:[./]|@oxc-project\/)/.test(id) && !(id in alias),
  resolve: { alias, extensionAlias: { '.js': ['.ts', '.js'] } },
  output: { dir: target, format: 'esm', cleanDir: true },
  logLevel: 'warn',
});
