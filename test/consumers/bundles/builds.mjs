// Two production builds of one application, whose minifiers swap the names of its handler classes, share a Redis.
import { execFileSync, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLERS, folderOf } from './bundlers.mjs';

const [, , installed] = process.argv;
const peers = folderOf('builds', installed, ['ioredis']);

const handlerClass = (name, options) => `
class ${name} {
  on() {
    console.log('ran ${name}');
    if (process.env.FAILING === '${name}') throw new Error('${name} fails');
    console.log('done ${name}');
  }
}
OnScalekitEvent('user.created', ${options})(${name}.prototype, 'on', Object.getOwnPropertyDescriptor(${name}.prototype, 'on'));
Injectable()(${name});
`;

const application = (names, isNamed) => `
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { OnScalekitEvent, ScalekitWebhookModule, ScalekitWebhookService, signWebhook } from 'nestjs-scalekit-webhooks';
import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';
${names.map((name) => handlerClass(name, isNamed ? `{ name: '${name}' }` : '{}')).join('')}
async function main() {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const client = new Redis(process.env.REDIS_URL);
  class AppModule {}
  const store = new RedisIdempotencyStore({ client });
  Module({
    imports: [ScalekitWebhookModule.forRoot({ secret, idempotency: { store } })],
    providers: [${names.join(', ')}],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { abortOnError: false });
  const rawBody = JSON.stringify({ id: process.env.EVENT, type: 'user.created', data: {} });
  const service = app.get(ScalekitWebhookService);
  const { statusCode } = await service.receive({ rawBody, headers: signWebhook({ body: rawBody, secret }) });
  console.log('answered ' + statusCode + ' with classes ' + [${names.join(', ')}].map(({ name }) => name));
  await app.close();
  await client.quit();
}
main().catch((error) => { console.error(error); process.exit(1); });
`;

const NAMES = ['UserSync', 'AuditTrail'];

/** In the other order, minifiers give the other name to each. */
async function buildOf(bundler, names, isNamed) {
  const source = join(process.cwd(), `build-${bundler}-${isNamed}.mjs`);
  const file = join(process.cwd(), 'out', `build-${bundler}-${isNamed}.cjs`);
  writeFileSync(source, application(names, isNamed));
  await BUNDLERS[bundler]({ source, file, format: 'cjs', peers, holdsNest: false });
  return file;
}

function run(file, env) {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  return execFileSync(process.execPath, [file], { ...options, env: { ...process.env, ...env } });
}

async function check(title, work) {
  try {
    await work();
    console.log(`passed  ${title}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED  ${title}: ${error.message}`);
  }
}

const doneBy = (output) => [...output.matchAll(/^done (\w+)$/gm)].map(([, name]) => name);
const classesOf = (output) => /with classes (\w+),(\w+)$/m.exec(output).slice(1);

await check('two builds run each named handler once, whatever their minifiers call the classes', async () => {
  const builds = [
    await buildOf('webpack', NAMES, true),
    await buildOf('esbuild', [...NAMES].reverse(), true),
  ];
  for (const [at, [first, second]] of [builds, [...builds].reverse()].entries()) {
    for (const failing of NAMES) {
      const env = { EVENT: `evt_${failing}_${process.pid}_${at}` };
      const outputs = [run(first, { ...env, FAILING: failing }), run(second, env)];
      assert.match(outputs[0], /answered 500/);
      assert.match(outputs[1], /answered 200/);
      assert.deepEqual(outputs.flatMap(doneBy).sort(), [...NAMES].sort());
      assert.ok(
        outputs.flatMap(classesOf).every((name) => name.length <= 2),
        'the names are minified',
      );
    }
  }
});

for (const bundler of Object.keys(BUNDLERS)) {
  await check(`a build by ${bundler} without names is warned of, or refused, with the cure`, async () => {
    const file = await buildOf(bundler, NAMES, false);
    const { stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: { ...process.env, EVENT: `evt_${bundler}_${process.pid}` },
    });
    assert.match(stdout + stderr, /keep_classnames/);
    assert.match(stdout + stderr, /--keep-names/);
  });
}
