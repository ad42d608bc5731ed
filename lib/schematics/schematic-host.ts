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
