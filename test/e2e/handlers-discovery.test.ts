import { Controller, Get, Injectable, Module, type ModuleMetadata, UseGuards } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

const runs: string[] = [];

@Injectable()
class Suffix {
  text = '!';
}

const QUESTION = Object.assign(new Suffix(), { text: '?' });

@Injectable()
class Sync {
  readonly #name = 'sync';
  constructor(private readonly suffix: Suffix) {}

  get broken(): never {
    throw new Error('A getter was called.');
  }

  @OnScalekitEvent('user.created')
  onUser(): void {
    runs.push(`${this.#name}${this.suffix.text}`);
  }
}

abstract class BaseSync {
  protected abstract readonly target: string;

  @OnScalekitEvent('user.created')
  onUser(): void {
    runs.push(`${this.constructor.name} to ${this.target}`);
  }
}

@Injectable()
class CrmSync extends BaseSync {
  protected readonly target = 'crm';
}

@Injectable()
class MailSync extends BaseSync {
  protected readonly target = 'mail';
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  beforeEach(() => {
    runs.length = 0;
  });
  afterEach(() => server.close());

  const deliverTo = async (module: ModuleMetadata) => {
    server = await WebhookApp.start({ adapter: adapter(), ...module });
    expect(await server.deliver(anEvent('user.created'))).toMatchObject({ status: 200, body: 'OK' });
    return [...runs].sort();
  };

  describe('handlers are found in', () => {
    it('a provider, with its dependencies and private fields', async () => {
      expect(await deliverTo({ providers: [Sync, Suffix] })).toEqual(['sync!']);
    });

    it('a controller, beside its routes', async () => {
      @Controller('users')
      class Users {
        constructor(private readonly suffix: Suffix) {}

        @Get()
        list(): string {
          return 'list';
        }

        @OnScalekitEvent('user.created')
        onUser(): void {
          runs.push(`controller${this.suffix.text}`);
        }
      }
      expect(await deliverTo({ controllers: [Users], providers: [Suffix] })).toEqual(['controller!']);
      expect(await (await fetch(`${server.url}/users`)).text()).toBe('list');
    });

    it('a provider of a module that exports nothing', async () => {
      @Module({ providers: [Sync, Suffix] })
      class FeatureModule {}
      expect(await deliverTo({ imports: [FeatureModule] })).toEqual(['sync!']);
    });

    it('two subclasses that inherit one, for each of them', async () => {
      expect(await deliverTo({ providers: [CrmSync, MailSync] })).toEqual([
        'CrmSync to crm',
        'MailSync to mail',
      ]);
      expect(server.logs.matching(/Handlers of (CrmSync|MailSync): onUser ← user\.created/)).toHaveLength(2);
    });

    it('a subclass that overrides one under a decorator of its own, which replaces the inherited one', async () => {
      @Injectable()
      class LoginSync extends CrmSync {
        @OnScalekitEvent('user.login')
        override onUser(): void {
          runs.push('login');
        }
      }
      expect(await deliverTo({ providers: [LoginSync] })).toEqual([]);
      await server.deliver(anEvent('user.login'));
      expect(runs).toEqual(['login']);
    });

    it('a subclass, except what it overrides without a decorator', async () => {
      @Injectable()
      class SilentSync extends CrmSync {
        override onUser(): void {
          runs.push('overridden');
        }
      }
      expect(await deliverTo({ providers: [SilentSync] })).toEqual([]);
    });

    it('an instance from useValue', async () => {
      const useValue = new Sync(QUESTION);
      expect(await deliverTo({ providers: [{ provide: 'SYNC', useValue }] })).toEqual(['sync?']);
    });

    it.each([
      ['useFactory', (suffix: Suffix) => new Sync(suffix)],
      ['an async useFactory', (suffix: Suffix) => Promise.resolve(new Sync(suffix))],
    ])('what %s makes', async (_, useFactory) => {
      const provider = { provide: Symbol('sync'), inject: [Suffix], useFactory };
      expect(await deliverTo({ providers: [Suffix, provider] })).toEqual(['sync!']);
    });

    it('a class under another token', async () => {
      expect(await deliverTo({ providers: [Suffix, { provide: 'SYNC', useClass: Sync }] })).toEqual([
        'sync!',
      ]);
    });
  });

  describe('a handler runs once for an event', () => {
    it('though its provider has an alias', async () => {
      const alias = { provide: 'ALIAS', useExisting: Sync };
      expect(await deliverTo({ providers: [alias, Suffix, Sync] })).toEqual(['sync!']);
    });

    it('though a factory and a value hand the same instance on', async () => {
      const useValue = new Sync(QUESTION);
      const handOn = { provide: 'FACTORY', inject: ['VALUE'], useFactory: (sync: Sync) => sync };
      expect(await deliverTo({ providers: [handOn, { provide: 'VALUE', useValue }] })).toEqual(['sync?']);
    });

    it('though a factory of an earlier module hands it on, and the guard of its class runs', async () => {
      @Injectable()
      class Guard {
        canActivate(): boolean {
          runs.push('guard');
          return true;
        }
      }
      @Injectable()
      @UseGuards(Guard)
      class Guarded {
        @OnScalekitEvent('user.created')
        onUser(): void {
          runs.push('handler');
        }
      }
      @Module({ providers: [Guarded], exports: [Guarded] })
      class OwnerModule {}
      const handOn = { provide: 'FACTORY', inject: [Guarded], useFactory: (guarded: Guarded) => guarded };
      @Module({ imports: [OwnerModule], providers: [handOn] })
      class EarlierModule {}
      expect(await deliverTo({ imports: [EarlierModule, OwnerModule] })).toEqual(['guard', 'handler']);
    });

    it('though a module that provides it is imported by several', async () => {
      @Module({ providers: [Sync, Suffix] })
      class SharedModule {}
      @Module({ imports: [SharedModule] })
      class FirstModule {}
      @Module({ imports: [SharedModule] })
      class SecondModule {}
      expect(await deliverTo({ imports: [FirstModule, SecondModule, SharedModule] })).toEqual(['sync!']);
    });
  });

  it('values of any kind among the providers are no obstacle', async () => {
    const bare = (prototype: object | null) => Object.create(prototype) as object;
    const withoutConstructor = bare(Object.assign(bare(null), { run() {} }));
    const values: unknown[] = [
      undefined,
      null,
      'text',
      5,
      Symbol('x'),
      () => {},
      Sync,
      [],
      bare(null),
      withoutConstructor,
      Object.freeze({}),
      new Proxy({}, {}),
      new Map(),
    ];
    const providers = values.map((useValue, index) => ({ provide: `VALUE_${index}`, useValue }));
    expect(await deliverTo({ providers: [...providers, Sync, Suffix] })).toEqual(['sync!']);
  });

  it('an application without handlers warns at boot and accepts events', async () => {
    expect(await deliverTo({ providers: [Suffix] })).toEqual([]);
    expect(server.logs.matching(/^warn: No handler found: .*@OnScalekitEvent/)).toHaveLength(1);
  });
});
