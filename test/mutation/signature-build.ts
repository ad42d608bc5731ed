import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

/** Paths below lib/ and their text. */
export type Sources = ReadonlyMap<string, string>;

type Exports = Record<string, unknown>;
type Module = (exports: Exports, require: (specifier: string) => unknown) => void;

const lib = path.resolve(import.meta.dirname, '../../lib');
const requireFromNode = createRequire(import.meta.url);
const transpiled = new Map<string, string>();

/** A copy of the pure signature core: what `verify-webhook.ts` and `sign-webhook.ts` need, and no more. */
export function readSignatureSources(): Sources {
  const core = readdirSync(path.join(lib, 'signature'), { recursive: true, encoding: 'utf8' })
    .map((file) => `signature/${file.replaceAll('\\', '/')}`)
    .filter((file) => /^signature\/(schemes\/|verify|sign|webhook|placeholder).*\.ts$/.test(file));
  return new Map(
    ['scalekit-webhook.errors.ts', ...core].map((file) => [file, readFileSync(path.join(lib, file), 'utf8')]),
  );
}

/**
 * Builds the copy in memory and gives the exports of one of its files. Nothing of lib itself is loaded.
 *
 * @param substitutes modules to load in the place of Node's, by their specifier
 */
export function build(sources: Sources, entry: string, substitutes: Record<string, unknown> = {}): Exports {
  const loaded = new Map<string, Exports>();
  const load = (file: string): Exports => {
    const known = loaded.get(file);
    if (known) {
      return known;
    }
    const source = sources.get(file);
    if (source === undefined) {
      throw new Error(`${file} is not part of the pure signature core`);
    }
    const exports: Exports = {};
    loaded.set(file, exports);
    const resolve = (specifier: string): unknown =>
      specifier.startsWith('.')
        ? load(path.posix.join(path.posix.dirname(file), specifier.replace(/\.js$/, '.ts')))
        : (substitutes[specifier] ?? requireFromNode(specifier));
    const run = compileFunction(transpile(source), ['exports', 'require'], { filename: file }) as Module;
    run(exports, resolve);
    return exports;
  };
  return load(entry);
}

function transpile(source: string): string {
  const known = transpiled.get(source);
  if (known !== undefined) {
    return known;
  }
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  transpiled.set(source, outputText);
  return outputText;
}
