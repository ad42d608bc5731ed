// A delivery, its duplicate and a forgery, with an agent loaded. Exits with 0 if each is answered right.
require('reflect-metadata');
const assert = require('node:assert/strict');
const { Body, Controller, HttpCode, Module, Post, UseGuards } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const {
  OnScalekitEvent,
  ScalekitSignatureGuard,
  ScalekitWebhookModule,
  signWebhook,
} = require('nestjs-scalekit-webhooks');

const [platform, agent] = process.argv.slice(2);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const lines = [];
const handled = [];

function decorate(target, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  decorators.forEach((decorator) => decorator(target, name, descriptor));
  Object.defineProperty(target, name, descriptor);
}

/** Whether the handler runs within a trace of the agent: it is loaded, and keeps the request's context. */
function isTraced() {
  const traces = {
    newrelic: () => Object.keys(require('newrelic').getTraceMetadata()).length >= 0, // None without its collector.
    'dd-trace': () => require('dd-trace').scope().active(),
    'elastic-apm-node': () => require('elastic-apm-node').currentTransaction,
    '@sentry/nestjs': () => require('@sentry/nestjs').getActiveSpan(),
    '@opentelemetry/auto-instrumentations-node': () => require('@opentelemetry/api').trace.getActiveSpan(),
  };
  return Boolean(traces[agent]());
}

class Handlers {
  handle(event) {
    handled.push({ id: event.id, isTraced: isTraced() });
  }
}
decorate(Handlers.prototype, 'handle', OnScalekitEvent('*'));

class Own {
  receive(event) {
    return event.id;
  }
}
decorate(Own.prototype, 'receive', UseGuards(ScalekitSignatureGuard), HttpCode(200), Post(':tenant'));
Body()(Own.prototype, 'receive', 0);
Reflect.defineMetadata('design:paramtypes', [Object], Own.prototype, 'receive');
Controller('own/:id')(Own);

class AppModule {}
Module({
  imports: [ScalekitWebhookModule.forRoot({ secret })],
  controllers: [Own],
  providers: [Handlers],
})(AppModule);

async function main() {
  const adapters = platform === 'fastify' ? [new (require('@nestjs/platform-fastify').FastifyAdapter)()] : [];
  const write = (line) => lines.push(String(line));
  const logger = { log: write, warn: write, error: write };
  const app = await NestFactory.create(AppModule, ...adapters, { logger, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const post = async (path, body, headers) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return [response.status, await response.text()];
  };

  const body = JSON.stringify({ id: 'evt_1', type: 'user.created', data: {} });
  const signed = signWebhook({ body, secret });
  assert.deepEqual(await post('/webhooks/scalekit', body, signed), [200, 'OK']);
  assert.deepEqual(await post('/webhooks/scalekit', body, signed), [200, 'Already processed']);
  assert.equal((await post('/webhooks/scalekit', body, {}))[0], 401);
  assert.deepEqual(handled, [{ id: 'evt_1', isTraced: true }]);
  assert.deepEqual(await post('/own/1/acme', body, signed), [200, 'evt_1']);
  assert.equal((await post('/own/1/acme', body, {}))[0], 401);
  assert.equal(lines.filter((line) => line.includes('POST /webhooks/scalekit;')).length, 1);
  assert.equal(lines.filter((line) => line.includes('no HTTP route')).length, 0);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error, lines.join('\n'));
    process.exit(1);
  },
);
