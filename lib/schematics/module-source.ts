import type ts from 'typescript';
import { type Compiler, importOf, nodesOf, parse } from './compiler.js';

/** Where prettier breaks lines unless told otherwise. */
const LINE_WIDTH = 80;

/** The source of a Nest module. Each change keeps what is there, comments included, and gives the new source. */
export class ModuleSource {
  private readonly source: ts.SourceFile;

  constructor(
    private readonly compiler: Compiler,
    private readonly className: string,
    readonly text: string,
  ) {
    this.source = parse(compiler, text);
  }

  /** Whether the source uses the name at all. */
  mentions(name: string): boolean {
    return [...nodesOf(this.compiler, this.source)].some(
      (node) => this.compiler.isIdentifier(node) && node.text === name,
    );
  }

  /** Whether `@Module({ imports })` names a module. */
  importsModule(name: string): boolean {
    const imports = this.metadata('imports');
    return (
      imports !== undefined &&
      [...nodesOf(this.compiler, imports)].some(
        (node) => this.compiler.isIdentifier(node) && node.text === name,
      )
    );
  }

  /** Adds `import { name } from 'from'`, unless the name is imported. */
  withImport(name: string, from: string): ModuleSource {
    if (importOf(this.compiler, this.source, name)) {
      return this;
    }
    const declarations = this.source.statements.filter(this.compiler.isImportDeclaration);
    for (const { moduleSpecifier, importClause } of declarations) {
      const bindings = importClause?.namedBindings;
      const isThere = this.compiler.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === from;
      if (
        isThere &&
        bindings &&
        this.compiler.isNamedImports(bindings) &&
        !/^type\s/.test(importClause.getText())
      ) {
        return this.append(bindings, bindings.elements, name, '');
      }
    }
    const isPackage = !from.startsWith('.');
    const packages = declarations.filter(({ moduleSpecifier }) => !/^.\./.test(moduleSpecifier.getText()));
    const after = (isPackage ? packages.at(-1) : undefined) ?? declarations.at(-1);
    const line = `import { ${name} } from '${from}';`;
    return this.changed([
      after ? { at: after.getEnd(), insert: `\n${line}` } : { at: 0, insert: `${line}\n` },
    ]);
  }

  /**
   * Adds an element to a list of `@Module({ … })`, and the list where there is none.
   * @throws Error where the decorator or the list is not a literal.
   */
  withMetadata(list: 'imports' | 'providers', element: string): ModuleSource {
    const decorator = this.decorator();
    const value = this.metadata(list);
    if (!value) {
      const text = element.includes('\n') ? `[\n    ${element},\n  ]` : `[${element}]`;
      return this.append(decorator, decorator.properties, `${list}: ${text}`, '');
    }
    if (!this.compiler.isArrayLiteralExpression(value)) {
      throw new Error(`"${list}" of ${this.className} is not an array literal.`);
    }
    return this.append(value, value.elements, element, '  ');
  }

  private metadata(list: string): ts.Expression | undefined {
    const property = this.decorator().properties.find(({ name }) => name?.getText() === list);
    if (property && !this.compiler.isPropertyAssignment(property)) {
      throw new Error(`"${list}" of ${this.className} is not an array literal.`);
    }
    return property?.initializer;
  }

  private decorator(): ts.ObjectLiteralExpression {
    for (const node of nodesOf(this.compiler, this.source)) {
      if (!this.compiler.isClassDeclaration(node) || node.name?.text !== this.className) {
        continue;
      }
      for (const { expression } of this.compiler.getDecorators(node) ?? []) {
        if (this.compiler.isCallExpression(expression) && expression.expression.getText() === 'Module') {
          const [argument] = expression.arguments;
          if (argument && this.compiler.isObjectLiteralExpression(argument)) {
            return argument;
          }
        }
      }
    }
    throw new Error(`There is no class ${this.className} with @Module({ … }).`);
  }

  /** Adds to what stands between brackets: on the same line where it fits, else with a line for each. */
  private append(
    brackets: ts.Node,
    elements: ts.NodeArray<ts.Node>,
    text: string,
    indent: string,
  ): ModuleSource {
    const [start, end] = [brackets.getStart() + 1, brackets.getEnd() - 1];
    const inner = this.text.slice(start, end);
    const lastLine = this.text.slice(this.text.lastIndexOf('\n', end) + 1).split(/\r?\n/, 1)[0] ?? '';
    const isOneLine = !inner.includes('\n');
    const last = elements.at(-1);
    if (isOneLine && !text.includes('\n') && `${lastLine}, ${text}`.length <= LINE_WIDTH) {
      return this.changed([{ at: last?.getEnd() ?? start, insert: last ? `, ${text}` : text }]);
    }
    const line = `\n${indent}  `;
    const changes: Change[] = [];
    if (isOneLine) {
      for (const element of elements) {
        const at = element.getFullStart();
        changes.push({ at, remove: /^\s*/.exec(this.text.slice(at))?.[0].length ?? 0, insert: line });
      }
    }
    if (last && !elements.hasTrailingComma) {
      changes.push({ at: last.getEnd(), insert: ',' });
    }
    const at = start + inner.trimEnd().length;
    changes.push({ at, remove: end - at, insert: `${line}${text},\n${indent}` });
    return this.changed(changes);
  }

  private changed(changes: Change[]): ModuleSource {
    const endOfLine = this.text.includes('\r\n') ? '\r\n' : '\n';
    let [text, offset] = ['', 0];
    for (const { at, remove = 0, insert } of changes) {
      text += this.text.slice(offset, at) + insert.replaceAll('\n', endOfLine);
      offset = at + remove;
    }
    return new ModuleSource(this.compiler, this.className, text + this.text.slice(offset));
  }
}

interface Change {
  at: number;
  remove?: number;
  insert: string;
}
