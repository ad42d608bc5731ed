import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

export type Compiler = typeof ts;

/** The project's TypeScript, or the one of its Nest CLI: TypeScript 7 has no parser that JavaScript can call. */
export function loadCompiler(project: string): Compiler {
  const requireFromProject = createRequire(join(project, 'package.json'));
  const loaders = [
    () => requireFromProject('typescript') as Compiler,
    () => createRequire(requireFromProject.resolve('@nestjs/cli/package.json'))('typescript') as Compiler,
  ];
  for (const load of loaders) {
    try {
      const compiler = load();
      if (typeof (compiler as Partial<Compiler>).createSourceFile === 'function') {
        return compiler;
      }
    } catch {
      // Not installed there: the next one may be.
    }
  }
  throw new Error(
    'Neither this project nor its @nestjs/cli has TypeScript 5 or 6. Run npm i -D typescript@6.',
  );
}

export function parse(compiler: Compiler, text: string): ts.SourceFile {
  return compiler.createSourceFile('module.ts', text, compiler.ScriptTarget.Latest, true);
}

/** The node and everything below it, in the order of the text. */
export function* nodesOf(compiler: Compiler, node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  compiler.forEachChild(node, (child) => void children.push(child));
  for (const child of children) {
    yield* nodesOf(compiler, child);
  }
}

/** The declaration that imports `name` into the file. */
export function importOf(
  compiler: Compiler,
  source: ts.SourceFile,
  name: string,
): ts.ImportDeclaration | undefined {
  return source.statements.filter(compiler.isImportDeclaration).find(({ importClause }) => {
    const bindings = importClause?.namedBindings;
    return (
      importClause?.name?.text === name ||
      (bindings &&
        compiler.isNamedImports(bindings) &&
        bindings.elements.some((each) => each.name.text === name))
    );
  });
}
