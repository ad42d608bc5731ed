import 'reflect-metadata';
import { type INestApplication, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  type DirectoryUser,
  EventData,
  OnScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventContext,
  ScalekitWebhookModule,
  signWebhook,
  type WebhookScheme,
} from 'nestjs-scalekit-webhooks';
import { scalekitEvent, ScalekitWebhookTester } from 'nestjs-scalekit-webhooks/testing';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
process.env.SCALEKIT_WEBHOOK_SECRET = SECRET;

const onFastify = process.env.PLATFORM === 'fastify';

/** The first example of the README. */
@Injectable()
class UserSync {
  readonly seen: string[] = [];

  @OnScalekitEvent('user.created')
  async onUserCreated(event: ScalekitEvent<'user.created'>, context: ScalekitEventContext) {
    this.seen.push(`created ${event.id} ${context.scheme}`);
  }

  @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'])
  async upsert(@EventData() user: DirectoryUser) {
    this.seen.push(`upsert ${user.id}`);
  }

  @OnScalekitEvent('organization.*')
  async audit(event: ScalekitEvent<'organization.*'>) {
    this.seen.push(`audit ${event.type}`);
  }
}

@Module({
  imports: [
    ConfigModule.forRoot(),
    ScalekitWebhookModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        secret: config.getOrThrow<string>('SCALEKIT_WEBHOOK_SECRET'),
      }),
    }),
  ],
  providers: [UserSync],
})
class AppModule {}

describe(`an app on ${onFastify ? 'Fastify' : 'Express'}`, () => {
  let app: INestApplication;
  let sync: UserSync;

  const post = async (body: string, headers: Record<string, string>) => {
    const response = await fetch(`${await app.getUrl()}/webhooks/scalekit`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return `${response.status} ${await response.text()}`;
  };
  const deliver = (event: object, scheme: WebhookScheme = 'standard') => {
    const body = JSON.stringify(event);
    return post(body, { ...signWebhook({ body, secret: SECRET, scheme }) });
  };
  const directoryUser = (id: string) => ({
    id,
    type: 'organization.directory.user_created',
    data: { id: `diruser_${id}`, organization_id: 'org_1' },
  });

  beforeEach(async () => {
    app = onFastify
      ? await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false })
      : await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    sync = app.get(UserSync);
  });
  afterEach(() => app.close());

  it('receives a delivery of each scheme once', async () => {
    expect(await deliver(directoryUser('1'), 'standard')).toBe('200 OK');
    expect(await deliver(directoryUser('2'), 'timestamped')).toBe('200 OK');
    expect(await deliver(directoryUser('3'), 'digest')).toBe('200 OK');
    expect(await deliver(directoryUser('3'))).toBe('200 Already processed');
    expect([...sync.seen].sort()).toEqual([
      ...['1', '2', '3'].map(() => 'audit organization.directory.user_created'),
      ...['1', '2', '3'].map((id) => `upsert diruser_${id}`),
    ]);
  });

  it('gives a handler event and context', async () => {
    expect(await deliver({ id: 'evt_1', type: 'user.created', data: { userId: 'usr_1' } })).toBe('200 OK');
    expect(sync.seen).toEqual(['created evt_1 standard']);
  });

  it('believes no forgery', async () => {
    const unauthorized = '401 {"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}';
    const body = JSON.stringify(directoryUser('1'));
    expect(await post(body, {})).toBe(unauthorized);
    expect(await post(`${body} `, { ...signWebhook({ body, secret: SECRET }) })).toBe(unauthorized);
    expect(sync.seen).toEqual([]);
  });

  it('answers 400 to what is no event and 413 to what is too large', async () => {
    expect(await deliver({ id: 'evt_1' })).toMatch(/^400 .*\\"type\\" must be a string/);
    expect(await deliver({ ...directoryUser('1'), padding: 'x'.repeat(1_100_000) })).toMatch(/^413 /);
  });

  it('is sent deliveries by the tester, which says which handlers were called', async () => {
    const tester = new ScalekitWebhookTester(app, { secret: SECRET });
    const results = await tester.deliverTwice(scalekitEvent('organization.directory.user_created'));
    expect(results.map(({ body }) => body)).toEqual(['OK', 'Already processed']);
    expect(results.map(({ handlers }) => handlers)).toEqual([
      { 'UserSync.upsert': 1, 'UserSync.audit': 1 },
      {},
    ]);
  });

  it('runs in a testing module with an overridden provider', async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(UserSync)
      .useValue({ seen: [] })
      .compile();
    await testing.init();
    expect(testing.get(UserSync).seen).toEqual([]);
    await testing.close();
  });
});
