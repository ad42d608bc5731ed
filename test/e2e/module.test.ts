import { Controller, type DynamicModule, Injectable, Module, Post, Req, UseGuards } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ScalekitSignatureGuard,
  ScalekitWebhookModule,
  type ScalekitWebhookModuleOptions,
  type ScalekitWebhookOptionsFactory,
} from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import {
  anEvent,
  LogLines,
  PLATFORMS,
  SECRET,
  WebhookApp,
  type WebhookAppSetup,
} from '../support/webhook-app.js';

const OTHER_SECRET = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';

@Injectable()
class Vault {
  readonly secret = SECRET;
}

@Module({ providers: [Vault], exports: [Vault] })
class VaultModule {}

@Injectable()
class VaultOptions implements ScalekitWebhookOptionsFactory {
  constructor(private readonly vault: Vault) {}

  createScalekitWebhookOptions(): Promise<ScalekitWebhookModuleOptions> {
    return Promise.resolve({ secret: this.vault.secret });
  }
}

@Module({ imports: [VaultModule], providers: [VaultOptions], exports: [VaultOptions] })
class VaultOptionsModule {}

const registrations: Record<string, () => DynamicModule> = {
  'forRoot()': () => ScalekitWebhookModule.forRoot({ secret: SECRET }),
  'forRootAsync() and a factory': () =>
    ScalekitWebhookModule.forRootAsync({ useFactory: () => ({ secret: SECRET }) }),
  'forRootAsync() and an async factory with dependencies': () =>
    ScalekitWebhookModule.forRootAsync({
      imports: [VaultModule],
      inject: [Vault],
      useFactory: async (vault: Vault) => Promise.resolve({ secret: vault.secret }),
    }),
  'forRootAsync() and the ConfigModule': () =>
    ScalekitWebhookModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ secret: config.getOrThrow('SCALEKIT_WEBHOOK_SECRET') }),
    }),
  'forRootAsync() and a class': () =>
    ScalekitWebhookModule.forRootAsync({ imports: [VaultModule], useClass: VaultOptions }),
  'forRootAsync() and an existing provider': () =>
    ScalekitWebhookModule.forRootAsync({ imports: [VaultOptionsModule], useExisting: VaultOptions }),
  'forRootAsync() and extra providers': () =>
    ScalekitWebhookModule.forRootAsync({
      extraProviders: [Vault],
      inject: [Vault],
      useFactory: ({ secret }: Vault) => ({ secret }),
    }),
};

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp | undefined;
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server?.close();
    server = undefined;
  });

  const start = async (setup: WebhookAppSetup) => {
    server = await WebhookApp.start({ adapter: adapter(), providers: [Recorder], ...setup });
    return server;
  };
  const statusAt = async (path: string) => (await server?.deliver(anEvent(), { path }))?.status;

  describe.each(Object.entries(registrations))('a module registered with %s', (_, register) => {
    it('hands signed events to handlers and refuses others', async () => {
      vi.stubEnv('SCALEKIT_WEBHOOK_SECRET', SECRET);
      const app = await start({ webhook: null, imports: [register()] });
      const event = anEvent();
      expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(await app.deliver(anEvent(), { secret: OTHER_SECRET })).toMatchObject({ status: 401 });
      expect(app.app.get(Recorder).ids).toEqual([event.id]);
    });
  });

  describe('the path', () => {
    it('is webhooks/scalekit unless it is set', async () => {
      await start({});
      expect(await statusAt('/webhooks/scalekit')).toBe(200);
      expect(await statusAt('/')).toBe(404);
    });

    it.each(['hooks/in', '/hooks/in', 'hooks/in/'])('may be given to forRoot() as "%s"', async (path) => {
      await start({ webhook: { path } });
      expect(await statusAt('/hooks/in')).toBe(200);
      expect(await statusAt('/webhooks/scalekit')).toBe(404);
    });

    it('may be given to forRootAsync(), beside the factory', async () => {
      const useFactory = () => ({ secret: SECRET });
      const imports = [ScalekitWebhookModule.forRootAsync({ path: 'hooks/in', useFactory })];
      await start({ webhook: null, imports });
      expect(await statusAt('/hooks/in')).toBe(200);
      expect(await statusAt('/webhooks/scalekit')).toBe(404);
    });

    it('may come out of the async factory, which counts for more', async () => {
      const useFactory = () => Promise.resolve({ secret: SECRET, path: 'from/factory' });
      const imports = [ScalekitWebhookModule.forRootAsync({ path: 'hooks/in', useFactory })];
      await start({ webhook: null, imports });
      expect(await statusAt('/from/factory')).toBe(200);
      expect(await statusAt('/hooks/in')).toBe(404);
      expect(await statusAt('/webhooks/scalekit')).toBe(404);
    });
  });

  describe('isGlobal', () => {
    @Controller('own')
    @UseGuards(ScalekitSignatureGuard)
    class OwnController {
      @Post()
      receive(@Req() request: { body: { id: string } }): string {
        return request.body.id;
      }
    }
    @Module({ controllers: [OwnController] })
    class OwnModule {}

    it('lets controllers of other modules use the guard', async () => {
      const app = await start({ webhook: { isGlobal: true }, imports: [OwnModule] });
      const event = anEvent();
      expect(await app.deliver(event, { path: '/own' })).toMatchObject({ status: 201, body: event.id });
      expect(await app.deliver(event, { path: '/own', secret: OTHER_SECRET })).toMatchObject({ status: 401 });
    });

    it('is off by default: the guard has no dependencies in other modules', async () => {
      const { error } = await WebhookApp.failToStart({ adapter: adapter(), imports: [OwnModule] });
      expect(error.message).toMatch(/dependencies of the ScalekitSignatureGuard/);
    });
  });

  it('is one registration when two modules import the same constant', async () => {
    const webhooks = ScalekitWebhookModule.forRoot({ secret: SECRET });
    @Module({ imports: [webhooks] })
    class FirstModule {}
    @Module({ imports: [webhooks] })
    class SecondModule {}
    const app = await start({ webhook: null, imports: [FirstModule, SecondModule] });
    const event = anEvent();
    expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(app.app.get(Recorder).ids).toEqual([event.id]);
    expect(app.logs.matching(/\[default\] POST/)).toHaveLength(1);
  });

  it('runs in two applications at once that are made of the same modules', async () => {
    const webhooks = ScalekitWebhookModule.forRoot({ secret: SECRET });
    const first = await start({ webhook: null, imports: [webhooks] });
    const second = await WebhookApp.start({
      adapter: adapter(),
      webhook: null,
      imports: [webhooks],
      providers: [Recorder],
    });
    const event = anEvent();
    expect(await first.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await second.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    await second.close();
    expect(await first.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
  });
});

describe('an application context without HTTP', () => {
  it('boots, with handlers and without a route', async () => {
    @Injectable()
    class Service {
      constructor(readonly vault: Vault) {}
    }
    @Module({
      imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })],
      providers: [Recorder, Vault, Service],
    })
    class WorkerModule {}
    const logger = new LogLines();
    const options: object = { logger, abortOnError: false };
    const context = await NestFactory.createApplicationContext(WorkerModule, options);
    expect(context.get(Service).vault.secret).toBe(SECRET);
    expect(logger.matching(/\[default\] no HTTP route; role: both; /)).toHaveLength(1);
    expect(logger.matching(/Handlers of Recorder: record ← \*/)).toHaveLength(1);
    await context.close();
  });
});
