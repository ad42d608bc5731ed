import { applyDecorators, SetMetadata } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../../lib/handlers/on-scalekit-event.decorator.js';
import { SUBSCRIPTIONS } from '../../../lib/handlers/subscription.js';
import { hasErrorCode } from '../../../lib/scalekit-webhook.errors.js';

describe('OnScalekitEvent', () => {
  it('writes what to listen to on the method', () => {
    class Handlers {
      @OnScalekitEvent('user.login')
      one() {}
      @OnScalekitEvent(['role.created', 'permission.*'], { endpoint: 'eu' })
      several() {}
    }

    expect(subscriptionsOf(Handlers, 'one')).toEqual([{ patterns: ['user.login'] }]);
    expect(subscriptionsOf(Handlers, 'several')).toEqual([
      { patterns: ['role.created', 'permission.*'], endpoint: 'eu' },
    ]);
  });

  it('adds up in the order of the source', () => {
    class Handlers {
      @OnScalekitEvent('user.login')
      @OnScalekitEvent('user.logout', { endpoint: 'eu' })
      @OnScalekitEvent('*')
      all() {}
    }

    expect(subscriptionsOf(Handlers, 'all')).toEqual([
      { patterns: ['user.login'] },
      { patterns: ['user.logout'], endpoint: 'eu' },
      { patterns: ['*'] },
    ]);
  });

  it('leaves the method that another one overrides alone', () => {
    class Parent {
      @OnScalekitEvent('user.login')
      handle() {}
    }
    class Child extends Parent {
      @OnScalekitEvent('user.logout')
      override handle() {}
    }
    class Plain extends Parent {
      override handle() {}
    }

    expect(subscriptionsOf(Parent, 'handle')).toEqual([{ patterns: ['user.login'] }]);
    expect(subscriptionsOf(Child, 'handle')).toEqual([{ patterns: ['user.logout'] }]);
    expect(subscriptionsOf(Plain, 'handle')).toBeUndefined();
  });

  it('is not changed by a list that changes later', () => {
    const patterns = ['user.login'];
    class Handlers {
      @OnScalekitEvent(patterns)
      handle() {}
    }
    patterns.push('user.logout');

    expect(subscriptionsOf(Handlers, 'handle')).toEqual([{ patterns: ['user.login'] }]);
  });

  it('works within applyDecorators()', () => {
    class Handlers {
      @applyDecorators(OnScalekitEvent('user.login'), SetMetadata('roles', ['sync']))
      handle() {}
    }

    expect(subscriptionsOf(Handlers, 'handle')).toEqual([{ patterns: ['user.login'] }]);
  });

  it.each([
    ['an empty list', [], undefined],
    ['an empty type', '', undefined],
    ['a blank type', ' \t', undefined],
    ['a blank type in a list', ['user.login', ''], undefined],
    ['what is no string', 7 as never, undefined],
    ['a list of what is no string', [undefined] as never, undefined],
    ['a blank endpoint', 'user.login', ' '],
  ])('refuses %s', (_name, pattern, endpoint) => {
    const decorate = () => OnScalekitEvent(pattern, endpoint === undefined ? {} : { endpoint });

    expect(decorate).toThrow(/^@OnScalekitEvent\(\): .*(Name|A type)/);
    expect(errorOf(decorate)).toSatisfy((error) => hasErrorCode(error, 'invalid_subscription'));
  });

  it.each([
    '',
    ' ',
    ' user-sync',
    'user-sync ',
    'user\nsync',
    'user\u0000sync',
    'user\u007fsync',
    'user\u2028sync',
    'user\u202esync',
    'user\ud800sync',
    'x'.repeat(129),
    7 as never,
    null as never,
  ])('refuses the name %j', (name) => {
    const decorate = () => OnScalekitEvent('user.login', { name });

    expect(decorate).toThrow(/^@OnScalekitEvent\(\): name must be 1 to 128 visible characters/);
    expect(errorOf(decorate)).toSatisfy((error) => hasErrorCode(error, 'invalid_subscription'));
  });

  it('takes one name for a method, from any of its decorators, and refuses two', () => {
    const name = 'x'.repeat(128);
    class Handlers {
      @OnScalekitEvent('user.login', { name })
      @OnScalekitEvent('user.logout')
      @OnScalekitEvent('user.created', { name })
      handle() {}
    }
    expect(subscriptionsOf(Handlers, 'handle')).toEqual([
      { patterns: ['user.login'], name },
      { patterns: ['user.logout'] },
      { patterns: ['user.created'], name },
    ]);
    expect(() => {
      class Torn {
        @OnScalekitEvent('user.login', { name: 'a' })
        @OnScalekitEvent('user.logout', { name: 'b' })
        handle() {}
      }
      return Torn;
    }).toThrow('@OnScalekitEvent(): Torn.handle has several names ("a", "b"). Give it one.');
  });

  it('refuses what no provider has under a name: static methods, symbols, standard decorators', () => {
    const decorator = OnScalekitEvent('user.login') as unknown as (...args: unknown[]) => void;
    class Handlers {
      static fixed() {}
      [Symbol.iterator]() {}
      plain() {}
    }
    const of = (target: object, name: string | symbol) => () => {
      decorator(target, name, Object.getOwnPropertyDescriptor(target, name));
    };

    expect(of(Handlers, 'fixed')).toThrow('@OnScalekitEvent(): Handlers.fixed is static.');
    expect(of(Handlers.prototype, Symbol.iterator)).toThrow(
      '@OnScalekitEvent(): Handlers.Symbol(Symbol.iterator) is named by a symbol.',
    );
    expect(() => {
      decorator(() => {}, { kind: 'method', name: 'plain' });
    }).toThrow('Set "experimentalDecorators" in tsconfig.json');
  });

  it('refuses what is no method', () => {
    const decorator: PropertyDecorator = OnScalekitEvent('user.login') as never;

    expect(() => {
      class Handlers {
        @decorator handle = () => {};
      }
      return Handlers;
    }).toThrow('@OnScalekitEvent(): "handle" is no method.');
    expect(() => {
      class Handlers {
        @decorator get handle() {
          return () => {};
        }
      }
      return Handlers;
    }).toThrow('@OnScalekitEvent(): "handle" is no method.');
  });
});

function subscriptionsOf(host: new () => object, method: string): unknown {
  return Reflect.getMetadata(SUBSCRIPTIONS, Reflect.get(host.prototype as object, method) as object);
}

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
