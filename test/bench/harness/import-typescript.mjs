import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import typescript from 'typescript';

/** Inside node_modules, from where imports of packages are found. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/bench/', import.meta.url));

/** Imports a TypeScript file that imports no other: Node 20 can't. */
export async function importTypeScript(url) {
  const { outputText } = typescript.transpileModule(readFileSync(url, 'utf8'), {
    compilerOptions: { target: 'ES2022', module: 'ESNext' },
  });
  mkdirSync(CACHE, { recursive: true });
  const file = join(CACHE, `${basename(fileURLToPath(url), '.ts')}.mjs`);
  writeFileSync(file, outputText);
  return import(pathToFileURL(file).href);
}
