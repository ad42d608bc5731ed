import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type ModuleMetadata,
  Scope,
  SetMetadata,
  type Type,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { IsEmail } from 'class-validator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventData, OnScalekitEvent } from '../../lib/index.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

type Handle = (this: unknown, ...args: unknown[]) => unknown;

const runs: unknown[] = [];

/** What loggers, tracers and retry decorators do: another function, without the metadata of the first. */
const Traced: MethodDecorator = (_prototype, _name, descriptor: PropertyDescriptor) => {
  const method = descriptor.value as Handle;
  descriptor.value = function (...args: unknown[]) {
    runs.push('traced');
    return method.apply(this, args);
  };
};

const wrap = (method: Handle): Handle =>
  function (...args) {
    runs.push('traced');
    return method.apply(this, args);
  };

let server: WebhookApp | undefined;
beforeEach(() => {
  runs.length = 0;
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function deliverTo(...providers: NonNullable<ModuleMetadata['providers']>): Promise<unknown[]> {
  server = await WebhookApp.start({ providers });
  const event = anEvent('user.created', { data: { email: 'jo@example.com' } });
  expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
  expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already processed' });
  return runs;
}

describe('a handler whose method another decorator replaced is called through the replacement', () => {
  const replacements: [string, MethodDecorator][] = [
    ['by changing the descriptor', Traced],
    [
      'by returning a descriptor',
      (_prototype, _name, descriptor: PropertyDescriptor) =>
        ({ configurable: true, value: wrap(descriptor.value as Handle) }) as never,
    ],
    [
      'and keeps the method under a name of its own',
      (prototype, name, descriptor: PropertyDescriptor) => {
        const kept = `_${String(name)}`;
        Object.defineProperty(prototype, kept, { value: descriptor.value as unknown });
        descriptor.value = function (this: Record<string, Handle>, ...args: unknown[]) {
          runs.push('traced');
          return this[kept]?.(...args);
        };
      },
    ],
    [
      'by a getter that binds it',
      (_prototype, _name, descriptor: PropertyDescriptor) => {
        const method = wrap(descriptor.value as Handle);
        return {
          configurable: true,
          get(this: object) {
            return method.bind(this);
          },
        } as never;
      },
    ],
    [
      'by one that copies the metadata',
      (_prototype, _name, descriptor: PropertyDescriptor) => {
        const method = descriptor.value as Handle;
        const wrapped = wrap(method);
        for (const key of Reflect.getMetadataKeys(method) as unknown[]) {
          Reflect.defineMetadata(key, Reflect.getMetadata(key, method), wrapped);
        }
        descriptor.value = wrapped;
      },
    ],
  ];

  it.each(replacements)('%s', async (_, replace) => {
    @Injectable()
    class Sync {
      readonly #target = 'crm';

      @replace
      @OnScalekitEvent('user.created')
      onUser(event: { type: string }): void {
        runs.push(`${event.type} to ${this.#target}`);
      }
    }
    expect(await deliverTo(Sync)).toEqual(['traced', 'user.created to crm']);
    expect(server?.logs.matching(/Handlers of /)).toEqual(['log: Handlers of Sync: onUser ← user.created']);
  });

  it('in a decorator of the class, which wraps all methods', async () => {
    const TracedClass: ClassDecorator = ({ prototype }) => {
      for (const [name, descriptor] of Object.entries(
        Object.getOwnPropertyDescriptors(prototype as object),
      )) {
        if (name !== 'constructor') {
          Object.defineProperty(prototype, name, { ...descriptor, value: wrap(descriptor.value as Handle) });
        }
      }
    };
    @TracedClass
    @Injectable()
    class Sync {
      @OnScalekitEvent('user.created')
      onUser(): void {
        runs.push('handler');
      }
    }
    expect(await deliverTo(Sync)).toEqual(['traced', 'handler']);
  });

  it('in a decorator of the class, which returns a subclass', async () => {
    const Tagged = (Target: Type): never => class TaggedSync extends Target {} as never;
    @Tagged
    class Sync {
      @Traced
      @OnScalekitEvent('user.created')
      onUser(): void {
        runs.push(this.constructor.name);
      }
    }
    expect(await deliverTo(Sync)).toEqual(['traced', 'TaggedSync']);
  });

  it('in its constructor', async () => {
    @Injectable()
    class Sync {
      constructor() {
        this.onUser = wrap(this.onUser.bind(this));
      }

      @OnScalekitEvent('user.created')
      @UseGuards({ canActivate: () => runs.push('guard') > 0 })
      onUser(): void {
        runs.push(this instanceof Sync);
      }
    }
    expect(await deliverTo(Sync)).toEqual(['guard', 'traced', true]);
  });

  it('by the proxy that a factory makes of its instance', async () => {
    class Sync {
      @OnScalekitEvent('user.created')
      @UseGuards({ canActivate: () => runs.push('guard') > 0 })
      onUser(): void {
        runs.push('handler');
      }
    }
    const traced = new Proxy(new Sync(), {
      get: (sync, name) => {
        const value: unknown = Reflect.get(sync, name);
        return typeof value === 'function' ? wrap(value as Handle) : value;
      },
    });
    expect(await deliverTo({ provide: 'SYNC', useFactory: () => traced })).toEqual([
      'guard',
      'traced',
      'handler',
    ]);
  });

  it('by an object that is no instance of the class, and stands for it under its token', async () => {
    class Sync {
      @OnScalekitEvent('user.created')
      onUser(): void {
        runs.push('handler');
      }
    }
    const sync = new Sync();
    const call = wrap(() => {
      sync.onUser();
    });
    const standIn = new Proxy({}, { get: (_, name) => (name === 'onUser' ? call : undefined) });
    expect(await deliverTo({ provide: Sync, useFactory: () => standIn })).toEqual(['traced', 'handler']);
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])('in a provider of scope %o', async (scope) => {
    @Injectable({ scope })
    class Sync {
      @Traced
      @OnScalekitEvent('user.created')
      onUser(): void {
        runs.push(this instanceof Sync);
      }
    }
    expect(await deliverTo(Sync)).toEqual(['traced', true]);
  });

  it('in a class that others extend', async () => {
    abstract class BaseSync {
      @Traced
      @OnScalekitEvent('user.created')
      onUser(): void {
        runs.push(this.constructor.name);
      }
    }
    @Injectable()
    class CrmSync extends BaseSync {}
    @Injectable()
    class MailSync extends BaseSync {}
    @Injectable()
    class LoginSync extends BaseSync {
      @Traced
      @OnScalekitEvent('user.updated')
      override onUser(): void {
        runs.push('login');
      }
    }
    @Injectable()
    class SilentSync extends BaseSync {
      override onUser(): void {
        runs.push('silent');
      }
    }
    await deliverTo(CrmSync, LoginSync, MailSync, SilentSync);
    expect(runs.sort()).toEqual(['CrmSync', 'MailSync', 'traced', 'traced']);
    expect(server?.logs.matching(/SilentSync/)).toEqual([
      'log: SilentSync.onUser overrides a handler without @OnScalekitEvent(), so it listens to nothing',
    ]);
  });
});

it('decorators on both sides of one that replaces the method all count', async () => {
  const names = (name: string): CanActivate => ({
    canActivate: (context: ExecutionContext) => {
      runs.push(name, new Reflector().get('roles', context.getHandler()), context.getHandler().name);
      return true;
    },
  });
  class UserDto {
    @IsEmail() email!: string;
  }
  @Injectable()
  class Sync {
    @OnScalekitEvent('organization.directory.user_created')
    @UseGuards(names('above'))
    @Traced
    @OnScalekitEvent('user.created')
    @UseGuards(names('below'))
    @SetMetadata('roles', ['sync'])
    @UseInterceptors({ intercept: (_context, next) => next.handle() })
    onUser(@EventData(new ValidationPipe()) user: UserDto): void {
      runs.push(user.email);
    }
  }
  const once = ['below', ['sync'], 'onUser', 'above', ['sync'], 'onUser', 'traced', 'jo@example.com'];
  expect(await deliverTo(Sync)).toEqual(once);
  await server?.deliver(
    anEvent('organization.directory.user_created', { data: { email: 'jo@example.com' } }),
  );
  expect(runs).toEqual([...once, ...once]);
});

it('a method that is copied into another class with its metadata is a handler there', async () => {
  class Mixin {
    @OnScalekitEvent('user.created')
    onUser(): void {
      runs.push(this.constructor.name);
    }
  }
  @Injectable()
  class Sync {}
  const { onUser } = Object.getOwnPropertyDescriptors(Mixin.prototype);
  Object.defineProperties(Sync.prototype, { onUser });
  expect(await deliverTo(Sync)).toEqual(['Sync']);
});

it('a request-scoped factory whose token is the class of the handler makes an instance for each event', async () => {
  class Sync {
    @OnScalekitEvent('user.created')
    onUser(): void {
      runs.push('handler');
    }
  }
  const provider = { provide: Sync, scope: Scope.REQUEST, useFactory: () => new Sync() };
  expect(await deliverTo(provider)).toEqual(['handler']);
});

it('a guard class below a decorator that replaces the method stops the boot: Nest makes no instance of it', async () => {
  @Injectable()
  class Guard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }
  @Injectable()
  class Sync {
    @Traced
    @OnScalekitEvent('user.created')
    @UseGuards(Guard)
    onUser(): void {}
  }
  const { error } = await WebhookApp.failToStart({ providers: [Sync] });
  expect(error).toMatchObject({ code: 'invalid_handler' });
  expect(error.message).toMatch(
    /^Sync\.onUser is decorated with the class Guard, .*write its decorator above that one/,
  );
});

it('a guard above a decorator of the class that returns a proxy runs', async () => {
  const Proxied = (Target: Type): never => new Proxy(Target, {}) as never;
  @Injectable()
  class Guard implements CanActivate {
    canActivate(): boolean {
      runs.push('guard');
      return true;
    }
  }
  @UseGuards(Guard)
  @Proxied
  class Sync {
    @OnScalekitEvent('user.created')
    onUser(): void {
      runs.push('handler');
    }
  }
  expect(await deliverTo(Sync)).toEqual(['guard', 'handler']);
});

describe('the boot stops, naming class and method, where a decorated method is', () => {
  const replaceBy =
    (descriptor: PropertyDescriptor): MethodDecorator =>
    () => ({ configurable: true, ...descriptor });
  const throwing = () => {
    throw new Error('not yet');
  };

  it.each<[string, MethodDecorator]>([
    ['an object', replaceBy({ value: { call() {} } })],
    ['nothing', replaceBy({ value: undefined })],
    ['what a getter makes, and that is no function', replaceBy({ get: () => 5 })],
    ['a getter that throws', replaceBy({ get: throwing })],
  ])('%s', async (_, replace) => {
    for (const scope of [Scope.DEFAULT, Scope.REQUEST]) {
      @Injectable({ scope })
      class Sync {
        @replace
        @OnScalekitEvent('user.created')
        onUser(): void {}
      }
      const { error } = await WebhookApp.failToStart({ providers: [Sync] });
      expect(error).toMatchObject({ code: 'invalid_handler' });
      expect(error.message).toMatch(/^Sync\.onUser is decorated with @OnScalekitEvent\(\), but there is /);
    }
  });

  it('deleted by a decorator of the class, or hidden by its constructor', async () => {
    class Moved {
      @OnScalekitEvent('user.created')
      onUser(): void {}
    }
    const { onUser } = Object.getOwnPropertyDescriptors(Moved.prototype);
    Object.defineProperty(Moved.prototype, 'renamed', onUser);
    Reflect.deleteProperty(Moved.prototype, 'onUser');
    class Hidden {
      constructor() {
        Object.defineProperty(this, 'onUser', { value: undefined });
      }

      @OnScalekitEvent('user.created')
      onUser(): void {}
    }
    for (const Host of [Moved, Hidden]) {
      const { error } = await WebhookApp.failToStart({ providers: [Host] });
      expect(error).toMatchObject({ code: 'invalid_handler' });
      expect(error.message).toContain(`${Host.name}.onUser`);
    }
  });
});

it('boot warns of a test double that lacks the method of a handler', async () => {
  class Sync {
    @OnScalekitEvent('user.created')
    onUser(): void {
      runs.push('handler');
    }
  }
  server = await WebhookApp.start({ providers: [{ provide: Sync, useValue: {} }] });
  expect(server.logs.matching(/Sync\.onUser is a handler, but the object .* it never runs/)).toHaveLength(1);
  expect(runs).toEqual([]);
});
