#!/usr/bin/env node
// What the types cost an editor: checks an app of 50 handlers, wildcards among them, and the same app with `any`
// handlers, and says the ratio of check time and memory.
//
//   npm run build && node tools/editor-cost.mjs [rounds] [path of a tsc.js]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [rounds = '15', tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')] =
  process.argv.slice(2);

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

const scratch = mkdtempSync(join(ROOT, 'node_modules/.editor-cost-'));
try {
  const apps = { typed: writeApp('typed'), any: writeApp('any') };
  const runs = { typed: [], any: [] };
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, app] of Object.entries(apps)) runs[name].push(check(app));
  }
  for (const figure of ['Check time', 'Memory used']) {
    const [typed, any] = [median(runs.typed, figure), median(runs.any, figure)];
    console.log(`${figure}: typed ${typed}, any ${any}, ratio ${(typed / any).toFixed(2)}`);
  }
} finally {
  rmSync(scratch, { recursive: true });
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

function check(app) {
  const output = execFileSync(process.execPath, [tsc, '-p', app, '--extendedDiagnostics'], {
    encoding: 'utf8',
  });
  return Object.fromEntries(
    [...output.matchAll(/^(.+?):\s+([\d.]+)[sK]?$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

function median(runs, figure) {
  const sorted = runs.map((each) => each[figure]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
