import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  HttpException,
  Injectable,
  type NestInterceptor,
  type Type,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { concat, EMPTY, filter, ignoreElements, Observable, of, throwError, timer } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEnvelope,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { ServiceApp } from '../support/service-app.js';
import { anEvent } from '../support/webhook-app.js';

const runs: unknown[] = [];
const tenant = new AsyncLocalStorage<string>();

/** A provider whose one handler does that. */
function handling(
  handle: (event: ScalekitEnvelope) => unknown,
  decorate: MethodDecorator = () => undefined,
): Type {
  @Injectable()
  class Host {
    @OnScalekitEvent('user.created')
    @decorate
    on(event: ScalekitEnvelope): unknown {
      return handle(event);
    }
  }
  return Host;
}

describe('a handler', () => {
  let server: ServiceApp;
  beforeEach(() => {
    runs.length = 0;
  });
  afterEach(() => server.close());

  const deliverTo = async (...providers: Type[]) => {
    server = await ServiceApp.start({ providers });
    return server.deliver(anEvent('user.created'));
  };
  const expectHandled = async (host: Type) => {
    expect(await deliverTo(host)).toMatchObject({ status: 200, body: 'OK' });
  };
  const expectFailed = async (host: Type) => {
    expect(await deliverTo(host)).toMatchObject({ status: 500 });
    expect(
      server.logs.matching(/^error: Host\.on failed on event evt_\d+ \(user\.created\), attempt 1: /),
    ).toHaveLength(1);
  };

  describe('a handler has handled the event when', () => {
    it.each<[string, () => unknown]>([
      ['it returns', () => undefined],
      ['it returns a value', () => ({ any: 'thing' })],
      ['its promise resolves', () => Promise.resolve(1)],
      ['its observable ends', () => concat(of(1), timer(1))],
      ['its observable ends without a value', () => EMPTY],
      ['the promise of its observable ends', () => Promise.resolve(EMPTY)],
    ])('%s', async (_, handle) => {
      await expectHandled(handling(handle));
    });

    it('an interceptor filters its value out', async () => {
      const interceptor: NestInterceptor = {
        intercept: (_, next) => next.handle().pipe(filter(() => false)),
      };
      await expectHandled(handling(() => runs.push('ran'), UseInterceptors(interceptor)));
      expect(runs).toEqual(['ran']);
    });
  });

  it('an observable is subscribed to once, and awaited', async () => {
    const host = handling(
      () =>
        new Observable((subscriber) => {
          runs.push('begin');
          setImmediate(() => {
            runs.push('end');
            subscriber.complete();
          });
        }),
    );
    await expectHandled(host);
    expect(runs).toEqual(['begin', 'end']);
  });

  describe('a handler has failed when', () => {
    it.each<[string, () => unknown]>([
      ['its promise rejects', () => Promise.reject(new Error('trouble'))],
      [
        'its observable fails',
        () =>
          concat(
            of(1),
            throwError(() => new Error('trouble')),
          ),
      ],
      [
        'it throws',
        () => {
          throw new Error('trouble');
        },
      ],
      [
        'it throws an HttpException, whose status is not answered',
        () => {
          throw new HttpException('teapot', 418);
        },
      ],
      [
        'it throws what is no error',
        () => {
          throw Object.create(null);
        },
      ],
    ])('%s', async (_, handle) => {
      await expectFailed(handling(handle));
    });
  });

  describe('a filter of the handler', () => {
    class Trouble extends Error {}
    const fail = () => {
      runs.push('handler');
      throw new Trouble('trouble');
    };
    const filtering = (handle: (error: unknown, host: ArgumentsHost) => unknown) => {
      @Catch(Trouble)
      class TroubleFilter {
        catch(error: unknown, host: ArgumentsHost): unknown {
          runs.push('filter');
          return handle(error, host);
        }
      }
      return UseFilters(new TroubleFilter());
    };

    it.each<[string, () => unknown]>([
      ['returns a value', () => 'dealt with'],
      ['returns false', () => false],
      ['resolves to a value', () => Promise.resolve('dealt with')],
      ['returns an observable of a value', () => of('dealt with')],
    ])('that %s has dealt with the error: the event is handled', async (_, handle) => {
      await expectHandled(handling(fail, filtering(handle)));
      expect(runs).toEqual(['handler', 'filter']);
      expect(server.logs.matching(/^error/)).toEqual([]);
    });

    it.each<[string, (error: unknown) => unknown]>([
      ['returns nothing', () => undefined],
      ['resolves to nothing', () => Promise.resolve()],
      ['returns an observable without a value', () => of(1).pipe(ignoreElements())],
      ['returns an observable that fails', (error) => throwError(() => error)],
      [
        'rejects',
        async (error) => {
          await Promise.resolve();
          throw error;
        },
      ],
      [
        'throws the error again',
        (error) => {
          throw error;
        },
      ],
    ])('that %s has only looked at the error: the handler has failed', async (_, handle) => {
      await expectFailed(handling(fail, filtering(handle)));
      expect(runs).toEqual(['handler', 'filter']);
      expect(server.logs.matching(/^error/)).toHaveLength(1);
    });

    it('may make another error of it', async () => {
      const giveUp = filtering(() => {
        throw new UnrecoverableEventError('no use');
      });
      expect(await deliverTo(handling(fail, giveUp))).toMatchObject({ status: 200, body: 'OK' });
      expect(server.logs.matching(/^error: Host\.on gave up on event/)).toHaveLength(1);
      await server.close();
      const later = filtering(() => {
        throw new RetryLaterError(30);
      });
      const answer = await deliverTo(handling(fail, later));
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('30');
      const [line] = server.logs.matching(/^warn: Host\.on failed on event/);
      expect(line).toMatch(/attempt 1: RetryLaterError: .+\.$/); // One line, without a stack.
    });

    it('is not asked about errors of another class', async () => {
      const handle = () => {
        throw new RangeError('other');
      };
      await expectFailed(
        handling(
          handle,
          filtering(() => 'dealt with'),
        ),
      );
      expect(runs).toEqual([]);
    });

    it('is given the event and its context', async () => {
      const args: unknown[] = [];
      const host = handling(
        fail,
        filtering((_, argumentsHost) => {
          const [event, context] = argumentsHost.getArgs<[ScalekitEnvelope, { endpoint: string }]>();
          args.push(event.type, context.endpoint, argumentsHost.getType());
          return true;
        }),
      );
      await expectHandled(host);
      expect(args).toEqual(['user.created', 'default', 'scalekit-webhook']);
    });
  });

  it('an interceptor may set an async local store, which the handler sees through its awaits', async () => {
    @Injectable()
    class TenantInterceptor implements NestInterceptor {
      intercept(
        context: Parameters<NestInterceptor['intercept']>[0],
        next: CallHandler,
      ): Observable<unknown> {
        const { id } = context.getArgByIndex<{ id: string }>(0);
        return tenant.run(id, () => next.handle());
      }
    }
    const host = handling(async ({ id }) => {
      const before = tenant.getStore();
      await new Promise(setImmediate);
      runs.push([id, before, tenant.getStore()]);
    }, UseInterceptors(TenantInterceptor));
    server = await ServiceApp.start({ providers: [host] });
    const events = Array.from({ length: 10 }, () => anEvent('user.created'));
    await Promise.all(events.map((event) => server.deliver(event)));
    const ids = events.map(({ id }) => [id, id, id]);
    expect([...runs].sort()).toEqual(ids.sort());
  });

  describe('the event', () => {
    const attempts: [string, (event: Record<string, unknown>) => unknown][] = [
      ['its fields', (event) => (event.type = 'user.deleted')],
      ['new fields', (event) => (event.added = true)],
      ['its payload', (event) => ((event.data as Record<string, unknown>).email = 'x')],
      [
        'lists deep in it',
        (event) => (event.data as { tags: { names: string[] }[] }).tags[0]?.names.push('x'),
      ],
    ];

    it.each(attempts)('cannot be changed by a handler: %s', async (_, change) => {
      const host = handling((event) => {
        expect(() => change(event as Record<string, unknown>)).toThrow(TypeError);
        runs.push('tried');
      });
      server = await ServiceApp.start({ providers: [host] });
      const data = { email: 'jo@example.com', tags: [{ names: ['a'] }] };
      expect(await server.deliver(anEvent('user.created', { data }))).toMatchObject({ status: 200 });
      expect(runs).toEqual(['tried']);
    });

    it('and its context are the same objects for all handlers', async () => {
      @Injectable()
      class Both {
        @OnScalekitEvent('user.created')
        first(event: object, context: object): void {
          runs.push(event, context);
        }

        @OnScalekitEvent('user.*')
        second(event: object, context: object): void {
          runs.push(event, context);
        }
      }
      await expectHandled(Both);
      expect(runs).toHaveLength(4);
      expect(runs[0]).toBe(runs[2]);
      expect(runs[1]).toBe(runs[3]);
    });
  });
});

it.each([0, -1, NaN, Infinity, Date.now(), '60' as never])(
  'RetryLaterError takes no %s for seconds',
  (seconds) => {
    expect(() => new RetryLaterError(seconds)).toThrow(RangeError);
  },
);
