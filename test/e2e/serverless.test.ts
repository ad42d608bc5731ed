import { configure } from '@codegenie/serverless-express';
import awsLambdaFastify from '@fastify/aws-lambda';
import { type INestApplication, Module } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScalekitWebhookModule, signWebhook } from '../../lib/index.js';
import { LAMBDA_EVENTS, type LambdaAnswer } from '../support/lambda-events.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, LogLines, SECRET } from '../support/webhook-app.js';

type LambdaFunction = (event: object) => Promise<LambdaAnswer>;
type LambdaHandler = (event: object, context: object) => Promise<LambdaAnswer>;

// The types of both name packages that they don't install.
const serverlessExpress = configure as unknown as (options: { app: unknown }) => LambdaHandler;
const fastifyLambda = awsLambdaFastify as unknown as (fastify: unknown) => LambdaHandler;

interface Wrapper {
  wrapper: string;
  adapter: () => AbstractHttpAdapter;
  wrap: (app: INestApplication) => LambdaFunction;
}

const WRAPPERS: readonly Wrapper[] = [
  {
    wrapper: '@codegenie/serverless-express',
    adapter: () => new ExpressAdapter(),
    wrap: (app) => {
      const handler = serverlessExpress({ app: app.getHttpAdapter().getInstance() });
      return (event) => handler(event, {});
    },
  },
  {
    wrapper: '@fastify/aws-lambda',
    adapter: () => new FastifyAdapter(),
    wrap: (app) => {
      const handler = fastifyLambda(app.getHttpAdapter().getInstance());
      return (event) => handler(event, {});
    },
  },
];

const ENCODINGS = [
  { encoding: 'plain', isBase64Encoded: false },
  { encoding: 'base64', isBase64Encoded: true },
];

const REFUSED = '{"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}';

@Module({ imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })], providers: [Recorder] })
class AppModule {}

describe.each(WRAPPERS)('behind $wrapper', ({ adapter, wrap }) => {
  let app: INestApplication;
  let recorder: Recorder;
  let invoke: LambdaFunction;
  beforeEach(async () => {
    app = await NestFactory.create(AppModule, adapter(), { logger: new LogLines(), abortOnError: false });
    await app.init(); // And no listen: the wrapper is the server.
    recorder = app.get(Recorder);
    invoke = wrap(app);
  });
  afterEach(() => app.close());

  describe.each(LAMBDA_EVENTS)('and $source', ({ shape }) => {
    describe.each(ENCODINGS)('with $encoding bodies', ({ isBase64Encoded }) => {
      const post = (bytes: Uint8Array, headers: Record<string, string>) =>
        invoke(
          shape({
            path: '/webhooks/scalekit',
            headers: { 'content-type': 'application/json', ...headers },
            body: Buffer.from(bytes).toString(isBase64Encoded ? 'base64' : 'utf8'),
            isBase64Encoded,
          }),
        );
      const deliver = (bytes: Uint8Array) => post(bytes, { ...signWebhook({ body: bytes, secret: SECRET }) });
      const bytesOf = (event: object) => Buffer.from(JSON.stringify(event));

      it('a signed event is handled once, its bytes intact beyond ASCII', async () => {
        const event = anEvent('user.created', { data: { name: 'Zoë 漢字 🎉 \u0000' } });
        const bytes = bytesOf(event);
        expect(await deliver(bytes)).toMatchObject({ statusCode: 200, body: 'OK' });
        expect(await deliver(bytes)).toMatchObject({ statusCode: 200, body: 'Already processed' });
        expect(recorder.events).toEqual([event]);
        expect(Buffer.from(recorder.contexts[0]?.rawBody ?? [])).toEqual(bytes);
      });

      it('an event that was tampered with is refused, and so is one without a signature', async () => {
        const headers = signWebhook({ body: bytesOf(anEvent()), secret: SECRET });
        const tampered = bytesOf(anEvent());
        expect(await post(tampered, { ...headers })).toMatchObject({ statusCode: 401, body: REFUSED });
        expect(await post(tampered, {})).toMatchObject({ statusCode: 401, body: REFUSED });
        expect(recorder.ids).toEqual([]);
      });

      it('a body that is too large is refused', async () => {
        const large = bytesOf(anEvent('user.created', { padding: 'x'.repeat(1_048_576) }));
        expect((await deliver(large)).statusCode).toBe(413);
        expect(recorder.ids).toEqual([]);
      });
    });

    it('bytes that are no text are verified as they are, before they are looked at', async () => {
      const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
      const answer = await invoke(
        shape({
          path: '/webhooks/scalekit',
          headers: { ...signWebhook({ body: bytes, secret: SECRET }) },
          body: Buffer.from(bytes).toString('base64'),
          isBase64Encoded: true,
        }),
      );
      expect(answer).toMatchObject({
        statusCode: 400,
        body: '{"statusCode":400,"message":"The body is not valid UTF-8.","error":"Bad Request"}',
      });
    });
  });
});
