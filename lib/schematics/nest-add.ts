import { posix } from 'node:path';
import { loadCompiler } from './compiler.js';
import { ModuleSource } from './module-source.js';
import { findRootModule, readText, type SchematicContext, type Tree, writeText } from './root-module.js';
import { handler, handlerTest, NEXT_STEPS, registration, withVariable } from './templates.js';

interface PackageJson {
  type?: string;
  dependencies?: Record<string, string>;
}

/** Runs after `nest add` has installed the package. Changes nothing where the sources use the module already. */
export function nestAdd({ sourceRoot = 'src' }: { sourceRoot?: string }) {
  return (tree: Tree, context: SchematicContext): void => {
    const user = userOfModule(tree, sourceRoot);
    if (user) {
      context.logger.info(`${user.slice(1)} uses ScalekitWebhookModule already: nothing to add.`);
      return;
    }
    try {
      add(tree, sourceRoot);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `Nothing was changed. ${why} Import ScalekitWebhookModule by hand: node_modules/nestjs-scalekit-webhooks/README.md, "Use".`,
      );
    }
    if (addConfig(tree)) {
      const options = { command: 'install', quiet: true, allowScripts: false };
      context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
    }
    context.logger.info(NEXT_STEPS);
  };
}

/** The first source file that names the module. */
function userOfModule(tree: Tree, sourceRoot: string): string | undefined {
  let user: string | undefined;
  tree.getDir(posix.join('/', sourceRoot)).visit((path) => {
    if (path.endsWith('.ts') && readText(tree, path).includes('ScalekitWebhookModule')) {
      user ??= path;
    }
  });
  return user;
}

/** Root module, handler, its test and `.env.example`; the module first, as only that may be refused. */
function add(tree: Tree, sourceRoot: string): void {
  const compiler = loadCompiler(process.cwd());
  const { path, className } = findRootModule(compiler, tree, sourceRoot);
  const folder = posix.dirname(path);
  const before = new ModuleSource(compiler, className, readText(tree, path));
  const taken = [`${folder}/user-sync.ts`, `${folder}/user-sync.spec.ts`].find((file) => tree.exists(file));
  if (taken ?? before.mentions('UserSync')) {
    throw new Error(`${(taken ?? path).slice(1)} already has a UserSync.`);
  }
  const extension = packageJson(tree).type === 'module' ? '.js' : '';
  const config = before.importsModule('ConfigModule') ? 'ConfigModule' : 'ConfigModule.forRoot()';
  const after = before
    .withImport('ConfigModule', '@nestjs/config')
    .withImport('ConfigService', '@nestjs/config')
    .withImport('ScalekitWebhookModule', 'nestjs-scalekit-webhooks')
    .withImport('UserSync', `./user-sync${extension}`)
    .withMetadata('imports', registration(config))
    .withMetadata('providers', 'UserSync');
  tree.overwrite(path, after.text);
  tree.create(`${folder}/user-sync.ts`, handler);
  tree.create(`${folder}/user-sync.spec.ts`, handlerTest(extension));
  writeText(tree, '/.env.example', withVariable(readText(tree, '/.env.example')));
}

const packageJson = (tree: Tree) => JSON.parse(readText(tree, '/package.json')) as PackageJson;

/** Adds `@nestjs/config` in the version for the project's Nest. */
function addConfig(tree: Tree): boolean {
  const text = readText(tree, '/package.json');
  const project = packageJson(tree);
  const { dependencies = {} } = project;
  if ('@nestjs/config' in dependencies) {
    return false;
  }
  const version = /\d+/.exec(dependencies['@nestjs/common'] ?? '')?.[0] === '11' ? '^4.0.0' : '^12.0.0';
  const added = Object.entries({ ...dependencies, '@nestjs/config': version }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
  const changed = { ...project, dependencies: Object.fromEntries(added) };
  tree.overwrite('/package.json', `${JSON.stringify(changed, null, indent)}\n`);
  return true;
}
