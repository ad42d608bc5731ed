import { posix } from 'node:path';
import { type Compiler, importOf, nodesOf, parse } from './compiler.js';
import { readText, type Tree } from './schematic-host.js';

export interface RootModule {
  path: string;
  className: string;
}

/**
 * Finds the module that `main.ts` starts, else `app.module.ts`.
 * @throws Error where there is neither.
 */
export function findRootModule(compiler: Compiler, tree: Tree, sourceRoot: string): RootModule {
  const main = posix.join('/', sourceRoot, 'main.ts');
  const started = startedModule(compiler, tree, main);
  if (started) {
    return started;
  }
  const usual = posix.join('/', sourceRoot, 'app.module.ts');
  if (tree.exists(usual)) {
    return { path: usual, className: 'AppModule' };
  }
  throw new Error(
    `No root module found: ${main.slice(1)} starts no module that it imports, and there is no ${usual.slice(1)}.`,
  );
}

/** What is passed to `NestFactory.create`. */
function startedModule(compiler: Compiler, tree: Tree, main: string): RootModule | undefined {
  const source = parse(compiler, readText(tree, main));
  for (const node of nodesOf(compiler, source)) {
    if (!compiler.isCallExpression(node) || !/^NestFactory\s*\.\s*create/.test(node.expression.getText())) {
      continue;
    }
    const [argument] = node.arguments;
    if (!argument || !compiler.isIdentifier(argument)) {
      continue;
    }
    const declaration = importOf(compiler, source, argument.text);
    const specifier = declaration?.moduleSpecifier;
    const path = specifier && compiler.isStringLiteral(specifier) ? fileOf(tree, main, specifier.text) : main;
    return path ? { path, className: argument.text } : undefined;
  }
  return undefined;
}

function fileOf(tree: Tree, importer: string, specifier: string): string | undefined {
  const path = posix.join(posix.dirname(importer), specifier);
  return [path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}/index.ts`].find(
    (candidate) => candidate.endsWith('.ts') && tree.exists(candidate),
  );
}
