import { HostTree } from '@angular-devkit/schematics';
import { readFileSync } from 'node:fs';
import { check } from 'prettier';
import { describe, expect, it } from 'vitest';
import { nestAdd } from '../../../lib/schematics/nest-add.js';

const FORMAT = { parser: 'typescript', singleQuote: true, trailingComma: 'all' } as const;

const MAIN = (name = 'AppModule', from = './app.module') => `import { NestFactory } from '@nestjs/core';
import { ${name} } from '${from}';

void NestFactory.create(${name}).then((app) => app.listen(3000));
`;

const MODULE = (
  metadata: string,
  name = 'AppModule',
  imports = '',
) => `import { Module } from '@nestjs/common';
${imports}
@Module(${metadata})
export class ${name} {}
`;

const REGISTRATION = (config = 'ConfigModule.forRoot()') => `ScalekitWebhookModule.forRootAsync({
      imports: [${config}],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        secret: config.getOrThrow<string>('SCALEKIT_WEBHOOK_SECRET'),
      }),
    }),`;

/** Runs the schematic on a project of these files. */
function add(files: Record<string, string>, sourceRoot = 'src') {
  const tree = new HostTree();
  const project = { dependencies: { '@nestjs/common': '^12.0.1', rxjs: '^7.8.1' } };
  const all = { 'package.json': `${JSON.stringify(project, null, 2)}\n`, ...files };
  Object.entries(all).forEach(([path, text]) => tree.create(path, text));
  const messages: string[] = [];
  const tasks: unknown[] = [];
  const run = () => {
    nestAdd({ sourceRoot })(tree, {
      logger: { info: (message) => messages.push(message) },
      addTask: (task) => tasks.push(task.toConfiguration()),
    });
  };
  const contents = () => {
    const texts: Record<string, string> = {};
    tree.visit((path) => (texts[path.slice(1)] = tree.readText(path)));
    return texts;
  };
  return { run, contents, messages, tasks };
}

/** The root module after the schematic. */
function addToModule(source: string): string {
  const { run, contents } = add({ 'src/main.ts': MAIN(), 'src/app.module.ts': source });
  run();
  return contents()['src/app.module.ts'] ?? '';
}

describe('nest add', () => {
  it('writes module, handler, test, variable and dependency, and nothing the second time', () => {
    const source = MODULE('{\n  imports: [],\n  providers: [AppService],\n}');
    const { run, contents, tasks, messages } = add({ 'src/main.ts': MAIN(), 'src/app.module.ts': source });
    run();
    const once = contents();
    run();

    expect(contents()).toEqual(once);
    expect(messages.at(-1)).toBe('src/app.module.ts uses ScalekitWebhookModule already: nothing to add.');
    expect(tasks).toHaveLength(1);
    expect(Object.keys(once).sort()).toEqual(
      ['.env.example', 'package.json', 'src/app.module.ts', 'src/main.ts'].concat([
        'src/user-sync.spec.ts',
        'src/user-sync.ts',
      ]),
    );
    expect(once['src/app.module.ts']).toBe(`import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { UserSync } from './user-sync';

@Module({
  imports: [
    ${REGISTRATION()}
  ],
  providers: [AppService, UserSync],
})
export class AppModule {}
`);
    expect(JSON.parse(once['package.json'] ?? '')).toEqual({
      dependencies: { '@nestjs/common': '^12.0.1', '@nestjs/config': '^12.0.0', rxjs: '^7.8.1' },
    });
    expect(once['.env.example']).toMatch(/^# .+\nSCALEKIT_WEBHOOK_SECRET=\n$/);
  });

  it.each([
    ['no metadata', MODULE('{}'), `imports: [\n    ${REGISTRATION()}\n  ],\n  providers: [UserSync],`],
    [
      'other metadata on one line',
      MODULE('{ controllers: [AppController] }'),
      'controllers: [AppController],\n  imports',
    ],
    [
      'modules on one line, one spread, with comments',
      MODULE('{\n  imports: [...shared, /* users */ UsersModule],\n}'),
      `imports: [\n    ...shared,\n    /* users */ UsersModule,\n    ${REGISTRATION()}\n  ],`,
    ],
    [
      'modules on lines of their own, with a comment at the end',
      MODULE('{\n  imports: [\n    UsersModule, // first\n    OrdersModule, // last\n  ],\n}'),
      `UsersModule, // first\n    OrdersModule, // last\n    ${REGISTRATION()}\n  ],`,
    ],
    [
      'providers that fill a line',
      MODULE('{\n  providers: [OrdersService, InvoicesService, NotificationsService, Users],\n}'),
      'OrdersService,\n    InvoicesService,\n    NotificationsService,\n    Users,\n    UserSync,\n  ],',
    ],
    [
      'a ConfigModule of its own',
      MODULE(
        "{\n  imports: [ConfigModule.forRoot({ envFilePath: '.env.local' })],\n}",
        'AppModule',
        "import { ConfigModule } from '@nestjs/config';\n",
      ),
      REGISTRATION('ConfigModule'),
    ],
  ])('keeps %s, and the format of prettier', async (_, source, expected) => {
    const changed = addToModule(source);

    expect(await check(source, FORMAT)).toBe(true);
    expect(changed).toContain(expected);
    expect(changed.match(/import \{.*\} from '@nestjs\/config'/g)).toEqual([
      "import { ConfigModule, ConfigService } from '@nestjs/config'",
    ]);
    expect(await check(changed, FORMAT)).toBe(true);
  });

  it('writes what the README shows', () => {
    const { run, contents } = add({ 'src/main.ts': MAIN(), 'src/app.module.ts': MODULE('{}') });
    run();
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const shown = [...readme.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)];

    expect(shown.map(([, file]) => file)).toEqual(['user-sync.ts', 'app.module.ts', 'user-sync.spec.ts']);
    for (const [, file, code] of shown) {
      expect(contents()[`src/${file}`]).toBe(code);
    }
  });

  it('keeps line ends of Windows', () => {
    const changed = addToModule(MODULE('{\n  imports: [],\n}').replaceAll('\n', '\r\n'));
    expect(changed.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('finds the module that main.ts starts, whatever its name and place', () => {
    const { run, contents } = add(
      {
        'package.json': '{ "type": "module", "dependencies": { "@nestjs/common": "^11.0.1" } }',
        'apps/api/src/main.ts': MAIN('ApiModule', './api/root.js'),
        'apps/api/src/api/root.ts': MODULE('{}', 'ApiModule'),
        'apps/api/src/app.module.ts': MODULE('{}'),
        '.env.example': 'PORT=3000',
      },
      'apps/api/src',
    );
    run();
    const after = contents();

    expect(after['apps/api/src/api/root.ts']).toContain("import { UserSync } from './user-sync.js';");
    expect(after['apps/api/src/api/user-sync.spec.ts']).toContain("from './user-sync.js'");
    expect(after['apps/api/src/app.module.ts']).toBe(MODULE('{}'));
    expect(after['.env.example']).toMatch(/^PORT=3000\n# .+\nSCALEKIT_WEBHOOK_SECRET=\n$/);
    expect(after['package.json']).toContain('"@nestjs/config": "^4.0.0"');
  });

  it.each([
    ['no root module', {}, /No root module found: src\/main\.ts starts no module .+ no src\/app\.module\.ts/],
    [
      'a list that is not a literal',
      { 'src/app.module.ts': MODULE('{ imports: modules }') },
      /"imports" of AppModule is not an array literal/,
    ],
    [
      'a shorthand list',
      { 'src/app.module.ts': MODULE('{ providers }') },
      /"providers" of AppModule is not an array/,
    ],
    [
      'metadata from elsewhere',
      { 'src/app.module.ts': MODULE('metadata') },
      /no class AppModule with @Module/,
    ],
    [
      'a file of that name',
      { 'src/app.module.ts': MODULE('{}'), 'src/user-sync.ts': 'export {};' },
      /src\/user-sync\.ts already has a UserSync/,
    ],
    [
      'a class of that name',
      { 'src/app.module.ts': MODULE('{ providers: [UserSync] }') },
      /src\/app\.module\.ts already has a UserSync/,
    ],
  ])('changes nothing and says why at %s', (_, files: Record<string, string>, message) => {
    const { run, contents } = add({ 'src/main.ts': MAIN(), ...files });
    const before = contents();

    expect(run).toThrow(message);
    expect(run).toThrow(/^Nothing was changed\. .+ Import ScalekitWebhookModule by hand: .+README\.md/);
    expect(contents()).toEqual(before);
  });
});
