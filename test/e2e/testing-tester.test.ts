import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Injectable, Module, Post, UseGuards, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  ScalekitIdempotencyInterceptor,
  ScalekitSignatureGuard,
  ScalekitWebhookModule,
  WEBHOOK_SCHEMES,
} from '../../lib/index.js';
import {
  scalekitEvent,
  ScalekitWebhookTester,
  type ScalekitWebhookTesterOptions,
  signedDelivery,
} from '../../lib/testing/index.js';
import { Recorder } from '../support/recorder.js';
import { PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

/** Fails as often as it is told to. */
@Injectable()
class Shaky {
  failures: Error[] = [];

  @OnScalekitEvent('user.*')
  sync(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
  }
}

interface Opened {
  readonly tester: ScalekitWebhookTester;
  readonly shaky: Shaky;
  readonly recorder: Recorder;
  close(): Promise<void>;
}

type Options = Partial<ScalekitWebhookTesterOptions>;
const setup = (): WebhookAppSetup => ({ providers: [Shaky, Recorder] });

async function listening(adapter: WebhookAppSetup['adapter'], options: Options): Promise<Opened> {
  const server = await WebhookApp.start({
    ...setup(),
    ...(adapter && { adapter }),
    configure: (app) => app.setGlobalPrefix('api'),
  });
  return opened(server.app, options);
}

async function notListening(adapter: ExpressAdapter | FastifyAdapter, options: Options): Promise<Opened> {
  const app = await NestFactory.create(appModule(), adapter, { logger: false, abortOnError: false });
  return opened(app.setGlobalPrefix('api'), options);
}

async function withoutHttp(options: Options): Promise<Opened> {
  const app = await NestFactory.createApplicationContext(appModule(), { logger: false, abortOnError: false });
  return opened(app, options);
}

function appModule() {
  @Module({ imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })], ...setup() })
  class AppModule {}
  return AppModule;
}

function opened(app: ConstructorParameters<typeof ScalekitWebhookTester>[0], options: Options): Opened {
  return {
    tester: new ScalekitWebhookTester(app, { secret: SECRET, ...options }),
    get shaky() {
      return app.get(Shaky);
    },
    get recorder() {
      return app.get(Recorder);
    },
    close: () => app.close(),
  };
}

const WAYS: readonly { way: string; open: (options?: Options) => Promise<Opened> }[] = [
  ...PLATFORMS.map(({ platform, adapter }) => ({
    way: `over a socket on ${platform}`,
    open: (options: Options = {}) => listening(adapter(), { transport: 'http', ...options }),
  })),
  {
    way: 'by inject on Fastify',
    open: (options: Options = {}) => notListening(new FastifyAdapter(), { transport: 'inject', ...options }),
  },
  {
    way: 'by the service of an Express application that does not listen',
    open: (options: Options = {}) => notListening(new ExpressAdapter(), options),
  },
  { way: 'by the service of an application context', open: (options: Options = {}) => withoutHttp(options) },
];

describe.each(WAYS)('the tester $way', ({ open }) => {
  let subject: Opened;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('delivers an event and says which handlers were called', async () => {
    const event = scalekitEvent('user.created');
    expect(await subject.tester.deliver(event)).toMatchObject({
      status: 200,
      body: 'OK',
      handlers: { 'Shaky.sync': 1, 'Recorder.record': 1 },
    });
    expect(subject.recorder.events).toEqual([event]);
    const other = await subject.tester.deliver(scalekitEvent('role.created'));
    expect(other.handlers).toEqual({ 'Recorder.record': 1 });
  });

  it('delivers what was signed elsewhere, and forgeries', async () => {
    const event = scalekitEvent('user.created');
    for (const forgery of [
      signedDelivery.tampered(event, { secret: SECRET }),
      signedDelivery.forged(event),
      signedDelivery.expired(event, { secret: SECRET }),
      signedDelivery.fromTheFuture(event, { secret: SECRET }),
    ]) {
      expect(await subject.tester.deliver(forgery)).toMatchObject({ status: 401, handlers: {} });
    }
    const rotated = signedDelivery.rotated(event, {
      secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
      previousSecret: SECRET,
    });
    expect(await subject.tester.deliver(rotated)).toMatchObject({ status: 200 });
    expect(await subject.tester.deliver('no event')).toMatchObject({ status: 400, handlers: {} });
    expect(await subject.tester.deliver(Uint8Array.from([0xff]))).toMatchObject({ status: 400 });
  });

  it('delivers twice, and the second time nothing runs', async () => {
    const [first, second] = await subject.tester.deliverTwice(scalekitEvent('user.created'));
    expect(first).toMatchObject({ status: 200, body: 'OK', handlers: { 'Shaky.sync': 1 } });
    expect(second).toMatchObject({ status: 200, body: 'Already processed', handlers: {} });
  });

  it('delivers many copies at once, and one of them is worked on', async () => {
    const results = await subject.tester.deliverAtOnce(scalekitEvent('user.created'), 10);
    expect(results).toHaveLength(10);
    expect(results.filter(({ body }) => body === 'OK')).toHaveLength(1);
    expect(subject.recorder.events).toHaveLength(1);
  });

  it('delivers the last event first, and answers in their order', async () => {
    const events = [
      scalekitEvent('user.created'),
      scalekitEvent('user.updated'),
      scalekitEvent('role.created'),
    ];
    const results = await subject.tester.deliverOutOfOrder(events);
    expect(results.map(({ handlers }) => Object.keys(handlers).length)).toEqual([2, 2, 1]);
    expect(subject.recorder.ids).toEqual(events.map(({ id }) => id).reverse());
  });

  it("retries by the sender's schedule until it is done", async () => {
    await subject.tester.deliver(scalekitEvent('role.created'));
    subject.shaky.failures = Array.from({ length: 7 }, () => new Error('down'));
    const retried = await subject.tester.retryUntilDone(scalekitEvent('user.created'));
    expect(retried.isDone).toBe(true);
    expect(retried.attempts.map(({ status }) => status)).toEqual([...Array<number>(7).fill(500), 200]);
    expect(retried.attempts.map(({ atSeconds }) => atSeconds)).toEqual([
      0, 5, 305, 2_105, 9_305, 27_305, 63_305, 99_305,
    ]);
    expect(retried.handlers).toEqual({ 'Shaky.sync': 8, 'Recorder.record': 1 });
  });

  it('waits at most twice as long for a Retry-After, and gives up after eight attempts', async () => {
    await subject.tester.deliver(scalekitEvent('role.created'));
    subject.shaky.failures = [
      new RetryLaterError(3_600),
      new RetryLaterError(400),
      new RetryLaterError(1),
      new RetryLaterError(1_000_000),
      ...Array.from({ length: 20 }, () => new Error('down')),
    ];
    const waits: number[] = [];
    const retried = await subject.tester.retryUntilDone(scalekitEvent('user.created'), {
      onWait: (ms) => void waits.push(ms / 1_000),
    });
    expect(retried.isDone).toBe(false);
    expect(retried.attempts).toHaveLength(8);
    expect(waits).toEqual([10, 400, 1_800, 14_400, 18_000, 36_000, 36_000]);
    expect(retried.attempts.at(-1)?.atSeconds).toBe(106_610);
    const once = await subject.tester.retryUntilDone(scalekitEvent('user.created'), { maxAttempts: 1 });
    expect(once.attempts.map(({ status }) => status)).toEqual([500]);
  });

  it('lets the test repair what fails while the sender waits', async () => {
    await subject.tester.deliver(scalekitEvent('role.created'));
    subject.shaky.failures = Array.from({ length: 100 }, () => new Error('down'));
    const retried = await subject.tester.retryUntilDone(scalekitEvent('user.created'), {
      onWait: () => {
        subject.shaky.failures = [];
      },
    });
    expect(retried.attempts.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('spreads the waits by up to a fifth when it is asked to', async () => {
    await subject.tester.deliver(scalekitEvent('role.created'));
    subject.shaky.failures = Array.from({ length: 100 }, () => new Error('down'));
    const draws = [0, 1, 0.25];
    const retried = await subject.tester.retryUntilDone(scalekitEvent('user.created'), {
      maxAttempts: 4,
      jitter: () => draws.shift() ?? 0.5,
    });
    expect(retried.attempts.map(({ atSeconds }) => atSeconds)).toEqual([0, 4, 364, 1_984]);
  });
});

describe('the tester over HTTP', () => {
  it('waits at least 60 s after a 429', async () => {
    const answers = [429, 429, 503];
    const server = await WebhookApp.start({
      ...setup(),
      configure: (app) =>
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          const status = answers.shift();
          if (status === undefined) next();
          else response.writeHead(status, { 'retry-after': '7' }).end();
        }),
    });
    const tester = new ScalekitWebhookTester(server.app, { secret: SECRET });
    const retried = await tester.retryUntilDone(scalekitEvent('user.created'));
    expect(retried.attempts.map(({ status, atSeconds }) => [status, atSeconds])).toEqual([
      [429, 0],
      [429, 60],
      [503, 360],
      [200, 2_160],
    ]);
    await server.close();
  });

  it('counts an attempt without an answer in time as status 0, and waits at least 60 s', async () => {
    const ids = new Set<unknown>();
    const timestamps: unknown[] = [];
    const server = await WebhookApp.start({
      ...setup(),
      configure: (app) =>
        app.use((request: IncomingMessage, _response: ServerResponse, next: () => void) => {
          ids.add(request.headers['webhook-id']);
          timestamps.push(request.headers['webhook-signature']);
          if (timestamps.length > 1) next();
        }),
    });
    const tester = new ScalekitWebhookTester(server.app, { secret: SECRET });
    const retried = await tester.retryUntilDone(scalekitEvent('user.created'), { timeoutMs: 2_000 });
    expect(retried.attempts.map(({ status, atSeconds }) => [status, atSeconds])).toEqual([
      [0, 0],
      [200, 60],
    ]);
    expect(ids.size).toBe(1);
    expect(new Set(timestamps).size).toBe(2);
    await server.close();
  });
});

describe.each(WAYS)('the tester $way', ({ open }) => {
  it.each(WEBHOOK_SCHEMES)('signs by %s when it is asked to', async (scheme) => {
    const subject = await open({ scheme });
    await subject.tester.deliver(scalekitEvent('user.created'));
    expect(subject.recorder.contexts.map((context) => context.scheme)).toEqual([scheme]);
    await subject.close();
  });

  it('signs by its own secret, and a wrong one is refused', async () => {
    const subject = await open({ secret: `whsec_${Buffer.alloc(32).toString('base64')}` });
    expect(await subject.tester.deliver(scalekitEvent('user.created'))).toMatchObject({ status: 401 });
    await subject.close();
  });
});

describe('the tester', () => {
  it.each([
    ['http', /"http" needs an application that listens/],
    ['inject', /"inject" needs a NestFastifyApplication/],
  ] as const)('says what %s needs', async (transport, message) => {
    const subject = await withoutHttp({ transport });
    await expect(subject.tester.deliver({})).rejects.toThrow(message);
    await subject.close();
  });

  it('says which endpoints there are when it is asked for another', async () => {
    const context = await withoutHttp({ endpoint: 'partners' });
    await expect(context.tester.deliver({})).rejects.toThrow(/no endpoint "partners", but "default"/);
    await context.close();
    const server = await listening(undefined, { endpoint: 'partners' });
    await expect(server.tester.deliver({})).rejects.toThrow(/no route of an endpoint "partners"/);
    await server.close();
  });

  it.each(['http', 'service'] as const)('delivers by %s to the endpoint it is told', async (transport) => {
    const secrets = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const [customers = '', partners = ''] = secrets;
    const server = await WebhookApp.start({
      webhook: { secret: customers },
      providers: [Recorder],
      imports: [ScalekitWebhookModule.forRoot({ name: 'partners', path: 'partners', secret: partners })],
    });
    const tester = new ScalekitWebhookTester(server.app, {
      secret: partners,
      endpoint: 'partners',
      transport,
    });
    expect(await tester.deliver(scalekitEvent('user.created'))).toMatchObject({ status: 200 });
    expect(server.app.get(Recorder).contexts.map(({ endpoint }) => endpoint)).toEqual(['partners']);
    await server.close();
  });

  it('delivers to a controller of the user, whose path it is told', async () => {
    @Controller('mine')
    class Mine {
      @Post()
      @UseGuards(ScalekitSignatureGuard)
      @UseInterceptors(ScalekitIdempotencyInterceptor)
      receive(): string {
        return 'mine';
      }
    }
    const server = await WebhookApp.start({ controllers: [Mine] });
    const tester = new ScalekitWebhookTester(server.app, { secret: SECRET, path: 'mine' });
    expect(await tester.deliver(scalekitEvent('user.created'))).toMatchObject({ status: 201, body: 'mine' });
    await server.close();
  });
});

describe('a signed delivery', () => {
  it.each(PLATFORMS)('is what fetch takes, on $platform', async ({ adapter }) => {
    const server = await WebhookApp.start({ adapter: adapter(), providers: [Recorder] });
    const delivery = signedDelivery(scalekitEvent('user.created'), { secret: SECRET });
    const response = await fetch(`${server.url}/webhooks/scalekit`, delivery);
    expect([response.status, await response.text()]).toEqual([200, 'OK']);
    await server.close();
  });

  it("is what Fastify's inject takes", async () => {
    const app = await NestFactory.create(appModule(), new FastifyAdapter(), { logger: false });
    await app.init();
    const fastify = app.getHttpAdapter().getInstance() as unknown as {
      inject(request: object): Promise<{ statusCode: number }>;
    };
    const delivery = signedDelivery(scalekitEvent('user.created'), { secret: SECRET });
    expect((await fastify.inject({ url: '/webhooks/scalekit', ...delivery })).statusCode).toBe(200);
    await app.close();
  });
});
