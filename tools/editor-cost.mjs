#!/usr/bin/env node
// What the types cost an editor: checks an app of 50 handlers, wildcards among them, and the same app with `any`
// handlers, in turns, and says what `--extendedDiagnostics` says of both and the ratio. Times are noisy: the ratio is
// the median of the ratios of the pairs, with their quartiles. Types, instantiations and the calls of the
// compiler's functions during the check are exact, so they are what to compare changes by.
//
//   npm run build && node tools/editor-cost.mjs [rounds] [folder of a TypeScript]…
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [rounds = '15', ...given] = process.argv.slice(2);
const installed = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const compilers = given.length > 0 ? given.map((folder) => resolve(folder)) : [installed];

const FAMILIES = {
  organization: [
    'organization.created',
    'organization.updated',
    'organization.deleted',
    'organization.domain_created',
    'organization.domain_deleted',
    'organization.domain_dns_verification_success',
    ['organization.created', 'organization.updated'],
    'organization.*',
    '*.deleted',
    '*',
  ],
  directory: [
    'organization.directory_enabled',
    'organization.directory_disabled',
    'organization.directory.user_created',
    'organization.directory.user_updated',
    'organization.directory.user_deleted',
    'organization.directory.group_created',
    'organization.directory.group_deleted',
    ['organization.directory.user_created', 'organization.directory.user_updated'],
    'organization.directory.*',
    'organization.directory.user_*',
  ],
  user: [
    'user.signup',
    'user.login',
    'user.logout',
    'user.organization_invitation',
    'user.organization_membership_created',
    'user.organization_membership_updated',
    'user.organization_membership_deleted',
    ['user.login', 'user.logout'],
    'user.*',
    'user.created',
  ],
  access: [
    'role.created',
    'role.updated',
    'role.deleted',
    'permission.created',
    'permission.updated',
    'permission.deleted',
    'organization.sso_created',
    'organization.sso_enabled',
    ['role.created', 'permission.created'],
    'role.*',
  ],
  account: [
    'connected_account.created',
    'connected_account.updated',
    'connected_account.status_updated',
    'connected_account.deleted',
    'connected_account.oauth_succeeded',
    'connected_account.token_refresh_failed',
    'connected_account.token_refresh_succeeded',
    'session.created',
    'session.expired',
    'connected_account.*',
  ],
};

const RECORDS = `import { Injectable } from '@nestjs/common';

@Injectable()
export class Records {
  private readonly records = new Map<string, { readonly data: object; readonly at: Date }>();

  async find(id: string) {
    return this.records.get(id);
  }

  async put(id: string, data: object): Promise<void> {
    this.records.set(id, { data, at: new Date() });
  }
}
`;

/** Calls of the compiler's functions, counted by V8. TypeScript 7 is a binary, and has none to count. */
const COUNT_CALLS = `
const [, library, project] = process.argv;
const ts = require(library);
const { Session } = require('node:inspector');
const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(project, {}, ts.sys);
const program = ts.createProgram(fileNames, options);
program.getGlobalDiagnostics();
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
session.post('Profiler.takePreciseCoverage');
if (program.getSemanticDiagnostics().length > 0) throw new Error('The app has errors.');
session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
  const functions = result.flatMap((script) => (script.url.endsWith('typescript.js') ? script.functions : []));
  console.log(functions.reduce((sum, each) => sum + each.ranges[0].count, 0));
});`;

const scratch = mkdtempSync(join(ROOT, 'node_modules/.editor-cost-'));
try {
  const apps = { typed: writeApp('typed'), any: writeApp('any') };
  for (const compiler of compilers) {
    const { version } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
    console.log(`TypeScript ${version}, ${rounds} rounds`);
    measure(compiler, apps);
  }
} finally {
  rmSync(scratch, { recursive: true });
}

function measure(compiler, apps) {
  const runs = { typed: [], any: [] };
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? ['typed', 'any'] : ['any', 'typed'];
    for (const name of order) runs[name].push(check(compiler, apps[name]));
  }
  for (const figure of ['Check time', 'Memory used', 'Types', 'Instantiations']) {
    const [typed, any] = [runs.typed, runs.any].map((all) => all.map((each) => each[figure]));
    const ratios = typed.map((value, at) => value / any[at]);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part).toFixed(2));
    say(figure, quantile(typed, 0.5), quantile(any, 0.5), `${middle} (${low}–${high})`);
  }
  const library = join(compiler, 'lib', 'typescript.js');
  if (!existsSync(library)) return;
  const [typed, any] = [countCalls(library, apps.typed), countCalls(library, apps.any)];
  say('Calls', typed, any, (typed / any).toFixed(2));
}

function say(figure, typed, any, ratio) {
  console.log(`  ${figure}: typed ${typed}, any ${any}, ratio ${ratio}`);
}

function writeApp(kind) {
  const folder = join(scratch, kind);
  mkdirSync(folder);
  const write = (name, text) => writeFileSync(join(folder, name), text);
  const names = Object.keys(FAMILIES);

  for (const name of names) write(`${name}.handlers.ts`, handlersOf(name, kind));
  write('records.ts', RECORDS);
  write('app.module.ts', moduleOf(names));
  write('tsconfig.json', JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), include: ['.'] }));
  return folder;
}

function handlersOf(name, kind) {
  const methods = FAMILIES[name].map((patterns, at) => {
    const listed = [patterns].flat().map((each) => `'${each}'`);
    const pattern = Array.isArray(patterns) ? `[${listed.join(', ')}]` : listed[0];
    const typed = (type) => (kind === 'typed' ? `${type}<${listed.join(' | ')}>` : 'any');
    return at % 3 === 2
      ? `  @OnScalekitEvent(${pattern})
  async on${at}(@EventData() data: ${typed('ScalekitEventData')}, @EventContext() context: ScalekitEventContext) {
    if (context.attempt > 1) this.logger.warn('Attempt ' + context.attempt);
    await this.records.put(context.deliveryId, data);
  }`
      : `  @OnScalekitEvent(${pattern})
  async on${at}(event: ${typed('ScalekitEvent')}, context: ScalekitEventContext) {
    const known = await this.records.find(event.id);
    if (known && known.at >= context.receivedAt) return;
    this.logger.log(event.type + ' ' + context.deliveryId);
    await this.records.put(event.id, event.data);
  }`;
  });
  const types =
    kind === 'typed' ? 'ScalekitEvent, ScalekitEventContext, ScalekitEventData' : 'ScalekitEventContext';
  return `import { Injectable, Logger } from '@nestjs/common';
import { EventContext, EventData, OnScalekitEvent } from 'nestjs-scalekit-webhooks';
import type { ${types} } from 'nestjs-scalekit-webhooks';
import { Records } from './records.js';

@Injectable()
export class ${name}Handlers {
  private readonly logger = new Logger(${name}Handlers.name);

  constructor(private readonly records: Records) {}

${methods.join('\n\n')}
}
`;
}

function moduleOf(names) {
  const imports = names.map((name) => `import { ${name}Handlers } from './${name}.handlers.js';`);
  return `import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
${imports.join('\n')}
import { Records } from './records.js';

@Module({
  imports: [ScalekitWebhookModule.forRootAsync({ useFactory: () => ({ secret: process.env['SECRET'] ?? '' }) })],
  providers: [Records, ${names.map((name) => `${name}Handlers`).join(', ')}],
})
export class AppModule {}

const app = await NestFactory.create(AppModule);
await app.listen(3000);
`;
}

function check(compiler, app) {
  // Without garbage, memory is exact; on one thread, TypeScript 7 checks each file once.
  const own = existsSync(join(compiler, 'lib', 'typescript.js')) ? [] : ['--singleThreaded'];
  const tsc = join(compiler, 'bin', 'tsc');
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', tsc, '-p', app, '--extendedDiagnostics', ...own],
    { encoding: 'utf8' },
  );
  return Object.fromEntries(
    [...output.matchAll(/^(.+?):\s+([\d.]+)[sK]?$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

function countCalls(library, app) {
  const args = ['-e', COUNT_CALLS, library, join(app, 'tsconfig.json')];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function quantile(values, part) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)];
}
