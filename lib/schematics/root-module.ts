import { posix } from 'node:path';
import { type Compiler, importOf, nodesOf, parse } from './compiler.js';

/** The part of a schematic's `Tree` that is used here. Importing its package would make it a dependency of every application. */
export interface Tree {
  exists(path: string): boolean;
  read(path: string): Buffer | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** The part of a schematic's context that is used here. */
export interface SchematicContext {
  logger: { info(message: string): void };
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/** The text of a file, or `''` where there is none. */
export function readText(tree: Tree, path: string): string {
  return tree.read(path)?.toString('utf8') ?? '';
}

/** Creates or replaces a file. */
export function writeText(tree: Tree, path: string, text: string): void {
  if (tree.exists(path)) {
    tree.overwrite(path, text);
  } else {
    tree.create(path, text);
  }
}

export interface RootModule {
  path: string;
  className: string;
}

/**
 * Finds the module that `main.ts` starts, else `app.module.ts`.
 * @throws Error if there is neither
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
