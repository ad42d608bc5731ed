import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type ModuleMetadata,
  SetMetadata,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import { WEBHOOK_SCHEMES } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { RecordingStore } from '../support/recording-store.js';
import { type Answer, anEvent, PLATFORMS, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let store: RecordingStore;
  afterEach(() => server.close());

  const start = async (webhook: NonNullable<WebhookAppSetup['webhook']>, module?: ModuleMetadata) => {
    store = new RecordingStore();
    server = await WebhookApp.start({
      adapter: adapter(),
      ...module,
      webhook: { ...webhook, idempotency: { store } },
      providers: [Recorder, ...(module?.providers ?? [])],
    });
  };
  const errorOf = ({ body }: Answer) => JSON.parse(body) as unknown;
  const expectNothingProcessed = () => {
    expect(server.app.get(Recorder).ids).toEqual([]);
    expect(store.callCount).toBe(0);
  };

  describe('environmentId', () => {
    it.each([
      ['of the one environment', 'env_live', 'env_live'],
      ['of the first of two', ['env_live', 'env_blue'], 'env_live'],
      ['of the second of two', ['env_live', 'env_blue'], 'env_blue'],
    ])('accepts an event %s', async (_, environmentId, environment_id) => {
      await start({ environmentId });
      const event = anEvent('user.created', { environment_id });
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(server.app.get(Recorder).ids).toEqual([event.id]);
    });

    it.each([
      ['of another environment', 'env_live', { environment_id: 'env_dev' }],
      ['of another environment than two', ['env_live', 'env_blue'], { environment_id: 'env_dev' }],
      ['without an environment', 'env_live', {}],
      ['whose environment is null', 'env_live', { environment_id: null }],
      ['whose environment is a list', 'env_live', { environment_id: ['env_live'] }],
      ['whose environment differs in letter case', 'env_live', { environment_id: 'ENV_LIVE' }],
      ['that names the environment in its data', 'env_live', { data: { environment_id: 'env_live' } }],
    ])('answers 400 to an event %s, which touches nothing', async (_, environmentId, fields) => {
      await start({ environmentId });
      const event = anEvent('user.created', fields);
      const answer = await server.deliver(event);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toEqual({
        statusCode: 400,
        message: expect.stringContaining('environmentId') as string,
        error: 'Bad Request',
      });
      expectNothingProcessed();
      expect(server.logs.matching(/^warn: \[default\] wrong_environment: /)).toHaveLength(1);
    });

    it('says nothing of an event whose signature is forged', async () => {
      await start({ environmentId: 'env_live' });
      const answer = await server.post(
        JSON.stringify(anEvent('user.created', { environment_id: 'env_dev' })),
        {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
        },
      );
      expect(answer.status).toBe(401);
      expect(server.logs.matching(/wrong_environment/)).toEqual([]);
    });
  });

  describe('signature.maxEventAgeSeconds', () => {
    const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();

    it.each([
      ['young, by occurred_at', () => ({ occurred_at: secondsAgo(60) })],
      ['young, by created', () => ({ created: secondsAgo(60) })],
      ['of the future', () => ({ occurred_at: secondsAgo(-60) })],
      [
        'young by occurred_at, though not by created',
        () => ({ occurred_at: secondsAgo(60), created: secondsAgo(9_999) }),
      ],
    ])('accepts an event that is %s', async (_, fields) => {
      await start({ signature: { maxEventAgeSeconds: 3_600 } });
      expect(await server.deliver(anEvent('user.created', fields()))).toMatchObject({ status: 200 });
    });

    it.each([
      ['too old, by occurred_at', () => ({ occurred_at: secondsAgo(3_700) })],
      ['too old, by created', () => ({ created: secondsAgo(3_700) })],
      ['without a date', () => ({})],
      ['with a date that is none', () => ({ occurred_at: 'yesterday' })],
    ])('answers 401 to an event %s, freshly signed though it is', async (_, fields) => {
      await start({ signature: { maxEventAgeSeconds: 3_600 } });
      const answer = await server.deliver(anEvent('user.created', fields()), { scheme: 'digest' });
      expect(answer.status).toBe(401);
      expect(errorOf(answer)).toEqual({
        statusCode: 401,
        message: 'Invalid signature',
        error: 'Unauthorized',
      });
      expectNothingProcessed();
      expect(server.logs.matching(/event_too_old: .*signature\.maxEventAgeSeconds/)).toHaveLength(1);
    });

    it('is off by default: a retry may carry an old date', async () => {
      await start({});
      expect(
        await server.deliver(anEvent('user.created', { occurred_at: secondsAgo(90_000) })),
      ).toMatchObject({
        status: 200,
      });
    });
  });

  describe('signature.schemes', () => {
    it('accepts all three by default', async () => {
      await start({});
      for (const scheme of WEBHOOK_SCHEMES) {
        expect(await server.deliver(anEvent(), { scheme })).toMatchObject({ status: 200 });
      }
    });

    it.each(WEBHOOK_SCHEMES)('accepts only %s where only that is listed', async (accepted) => {
      await start({ signature: { schemes: [accepted] } });
      for (const scheme of WEBHOOK_SCHEMES) {
        const status = scheme === accepted ? 200 : 401;
        expect(await server.deliver(anEvent(), { scheme })).toMatchObject({ status });
      }
      expect(server.app.get(Recorder).contexts.map(({ scheme }) => scheme)).toEqual([accepted]);
    });
  });

  describe('controllerDecorators', () => {
    const Public = () => SetMetadata('isPublic', true);

    @Injectable()
    class OnlyPublic implements CanActivate {
      constructor(private readonly reflector: Reflector) {}

      canActivate(context: ExecutionContext): boolean {
        const targets = [context.getHandler(), context.getClass()];
        return this.reflector.getAllAndOverride<boolean | undefined>('isPublic', targets) ?? false;
      }
    }
    const denyAll = { providers: [{ provide: APP_GUARD, useClass: OnlyPublic }] };

    it('let the route through a global guard that denies all that is not public', async () => {
      await start({ controllerDecorators: [Public()] }, denyAll);
      expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
      expect(await server.post('{}', {})).toMatchObject({ status: 401 });
    });

    it('are needed: without them such a guard denies the route', async () => {
      await start({}, denyAll);
      expect(await server.deliver(anEvent())).toMatchObject({ status: 403 });
      expectNothingProcessed();
    });
  });
});
