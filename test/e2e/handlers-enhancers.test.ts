import {
  Body,
  Controller,
  type ExecutionContext,
  Injectable,
  type ModuleMetadata,
  type NestInterceptor,
  Post,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, BaseExceptionFilter } from '@nestjs/core';
import { type Observable, of, tap, throwError } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { EventData, OnScalekitEvent } from '../../lib/index.js';
import { type Enhancers, Journal, makeEnhancers, useAll, useInstancesOfAll } from '../support/enhancers.js';
import { anEvent, PLATFORMS, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

type Decorator = ClassDecorator & MethodDecorator;

const none = (() => {}) as Decorator;

/** A handler that fails, so that every kind of enhancer gets its turn. */
function makeHost(onClass: Decorator, onMethod: Decorator): Type<object> {
  @Injectable()
  @onClass
  class Host {
    constructor(private readonly journal: Journal) {}

    @OnScalekitEvent('user.created')
    @onMethod
    handle(event: { id: string }): void {
      this.journal.lines.push(`handler of ${event.id.slice(0, 3)}`);
      throw new Error('trouble');
    }
  }
  return Host;
}

const EACH_ONCE = [
  'guard of scalekit-webhook Host.handle',
  'before scalekit-webhook Host.handle',
  'pipe of a custom',
  'pipe of a custom',
  'handler of evt',
  'after',
  'filter of trouble in scalekit-webhook',
];

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const linesOf = async (module: ModuleMetadata, journal = new Journal()) => {
    server = await WebhookApp.start({
      adapter: adapter(),
      ...module,
      providers: [...(module.providers ?? []), { provide: Journal, useValue: journal }],
    });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
    return journal.lines;
  };

  describe.each([
    ['class', (decorator: Decorator) => makeHost(decorator, none)],
    ['method', (decorator: Decorator) => makeHost(none, decorator)],
  ])('enhancers on a %s', (_, hostWith) => {
    const asController = (host: Type): Type => {
      Controller()(host);
      return host;
    };

    it.each([
      ['', Scope.DEFAULT],
      ['request-scoped ', Scope.REQUEST],
      ['transient ', Scope.TRANSIENT],
    ])('run as %sclasses with dependencies, in a provider and in a controller', async (_scope, scope) => {
      const decorator = useAll(makeEnhancers(scope));
      expect(await linesOf({ providers: [hostWith(decorator)] })).toEqual(EACH_ONCE);
      await server?.close();
      expect(await linesOf({ controllers: [asController(hostWith(decorator))] })).toEqual(EACH_ONCE);
    });

    it('run as classes on a class under another token', async () => {
      const useClass = hostWith(useAll(makeEnhancers()));
      expect(await linesOf({ providers: [{ provide: 'HOST', useClass }] })).toEqual(EACH_ONCE);
    });

    it('run as instances, in a provider and in a controller', async () => {
      const journal = new Journal();
      const decorator = useInstancesOfAll(makeEnhancers(), journal);
      expect(await linesOf({ providers: [hostWith(decorator)] }, journal)).toEqual(EACH_ONCE);
      await server?.close();
      journal.lines.length = 0;
      const controllers = [asController(hostWith(decorator))];
      expect(await linesOf({ controllers }, journal)).toEqual(EACH_ONCE);
    });

    it('run as instances on what a value or a factory is', async () => {
      const journal = new Journal();
      const Host = hostWith(useInstancesOfAll(makeEnhancers(), journal));
      expect(
        await linesOf({ providers: [{ provide: 'HOST', useValue: new Host(journal) }] }, journal),
      ).toEqual(EACH_ONCE);
      await server?.close();
      journal.lines.length = 0;
      const factory = {
        provide: 'HOST',
        inject: [Journal],
        useFactory: (it: Journal) => new Host(it),
      };
      expect(await linesOf({ providers: [factory] }, journal)).toEqual(EACH_ONCE);
    });

    describe('that is a value or comes out of a factory', () => {
      const kinds: [string, (enhancers: Enhancers) => Decorator][] = [
        ['Guard', ({ Guard }) => UseGuards(Guard)],
        ['Interceptor', ({ Interceptor }) => UseInterceptors(Interceptor)],
        ['Pipe', ({ Pipe }) => UsePipes(Pipe)],
        ['Filter', ({ Filter }) => UseFilters(Filter)],
      ];
      it.each(kinds)('stop the boot as classes, which Nest would skip: %s', async (name, use) => {
        const Host = hostWith(use(makeEnhancers()));
        for (const provider of [
          { provide: 'HOST', useValue: new Host(new Journal()) },
          { provide: 'HOST', useFactory: () => new Host(new Journal()) },
        ]) {
          const { error } = await WebhookApp.failToStart({
            adapter: adapter(),
            providers: [Journal, provider],
          });
          expect(error).toMatchObject({ code: 'invalid_handler' });
          expect(error.message).toMatch(
            new RegExp(`^Host\\.handle is decorated with the class ${name}, but Nest `),
          );
          expect(error.message).toContain(`Pass an instance (new ${name}(…)), or provide the class itself.`);
        }
      });
    });
  });

  it('a pipe class of a parameter stops the boot on a value, which Nest would skip', async () => {
    const { Pipe } = makeEnhancers();
    class Host {
      @OnScalekitEvent('user.created')
      handle(event: object, @EventData('email', Pipe) email: string): unknown {
        return [event, email];
      }
    }
    const providers = [Journal, { provide: 'HOST', useValue: new Host() }];
    const { error } = await WebhookApp.failToStart({ adapter: adapter(), providers });
    expect(error.message).toMatch(
      /^Host\.handle is decorated with the class Pipe, but Nest makes no instance/,
    );
  });

  it('a guard class stops the boot on a value, also where Nest made it for another provider of the module', async () => {
    const { Guard } = makeEnhancers(Scope.REQUEST);
    const [Value, Other] = [makeHost(UseGuards(Guard), none), makeHost(UseGuards(Guard), none)];
    Object.defineProperty(Other, 'name', { value: 'Other' });
    const providers = [Journal, Other, { provide: 'HOST', useValue: new Value(new Journal()) }];
    const { error } = await WebhookApp.failToStart({ adapter: adapter(), providers });
    expect(error.message).toMatch(
      /^Host\.handle is decorated with the class Guard, but Nest makes no instance/,
    );
  });

  it('the enhancers of the class come before those of the method, and filters after them', async () => {
    const journal = new Journal();
    const guard = (name: string) => ({ canActivate: () => journal.lines.push(name) > 0 });
    const filter = (name: string) => ({ catch: () => journal.lines.push(name) });
    @Injectable()
    @UseGuards(guard('guard of the class'))
    @UseFilters(filter('filter of the class'))
    class Host {
      @OnScalekitEvent('user.created')
      @UseGuards(guard('guard of the method'))
      @UseFilters(filter('filter of the method'))
      handle(): void {
        throw new Error('trouble');
      }
    }
    expect(await linesOf({ providers: [Host] }, journal)).toEqual([
      'guard of the class',
      'guard of the method',
      'filter of the method',
    ]);
  });

  it('two modules with a class of their own each use the enhancers of their own', async () => {
    const { Guard } = makeEnhancers();
    const moduleOf = (Host: Type, journal: Journal) => ({
      module: class {},
      providers: [Host, { provide: Journal, useValue: journal }],
    });
    const make = (name: string) => {
      @Injectable()
      @UseGuards(Guard)
      class Host {
        @OnScalekitEvent('user.created')
        handle(): void {}
      }
      return Object.defineProperty(Host, 'name', { value: name });
    };
    const [first, second] = [new Journal(), new Journal()];
    server = await WebhookApp.start({
      adapter: adapter(),
      imports: [moduleOf(make('First'), first), moduleOf(make('Second'), second)],
    });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200 });
    expect(first.lines).toEqual(['guard of scalekit-webhook First.handle']);
    expect(second.lines).toEqual(['guard of scalekit-webhook Second.handle']);
  });

  it('a guard that denies makes the handler fail: it does not run, and the event is retried', async () => {
    let isOpen = false;
    const journal = new Journal();
    @Injectable()
    @UseGuards({ canActivate: () => isOpen })
    class Host {
      @OnScalekitEvent('user.created')
      handle(): void {
        journal.lines.push('handler');
      }
    }
    server = await WebhookApp.start({ adapter: adapter(), providers: [Host] });
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 500 });
    expect(journal.lines).toEqual([]);
    isOpen = true;
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(journal.lines).toEqual(['handler']);
  });

  it('a guard is given the event and its context', async () => {
    const seen: unknown[] = [];
    const guard = {
      canActivate: (context: ExecutionContext) => {
        const [event, { deliveryId }] = context.getArgs<[{ id: string }, { deliveryId: string }]>();
        seen.push(event.id, typeof deliveryId);
        return true;
      },
    };
    @Injectable()
    class Host {
      @OnScalekitEvent('user.created')
      @UseGuards(guard)
      handle(): void {}
    }
    server = await WebhookApp.start({ adapter: adapter(), providers: [Host] });
    const event = anEvent();
    await server.deliver(event);
    expect(seen).toEqual([event.id, 'string']);
  });

  it('an interceptor sees the last value of an observable, and a filter its error', async () => {
    const seen: unknown[] = [];
    const interceptor: NestInterceptor = {
      intercept: (_, next) => next.handle().pipe(tap((value) => seen.push(value))),
    };
    @Injectable()
    @UseInterceptors(interceptor)
    class Host {
      @OnScalekitEvent('user.created')
      succeed(): Observable<string> {
        return of('first', 'last');
      }

      @OnScalekitEvent('user.deleted')
      @UseFilters({ catch: (error: Error) => seen.push(error.message) })
      fail(): Observable<never> {
        return throwError(() => new Error('trouble'));
      }
    }
    server = await WebhookApp.start({ adapter: adapter(), providers: [Host] });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200 });
    expect(await server.deliver(anEvent('user.deleted'))).toMatchObject({ status: 200 });
    expect(seen).toEqual(['last', 'trouble']);
  });

  describe('global enhancers run on the route, and not on handlers', () => {
    @Controller('echo')
    class Echo {
      @Post()
      echo(@Body() body: object): object {
        return body;
      }
    }
    @Injectable()
    class Host {
      @OnScalekitEvent('user.created')
      handle(): void {
        throw new Error('trouble');
      }
    }
    const { Guard, Interceptor, Pipe } = makeEnhancers();
    class Filter extends BaseExceptionFilter {
      static readonly lines: string[] = [];

      override catch(...[error, host]: Parameters<BaseExceptionFilter['catch']>): void {
        Filter.lines.push(`filter in ${host.getType()}`);
        super.catch(error, host);
      }
    }

    it.each<[string, (journal: Journal) => WebhookAppSetup]>([
      [
        'APP_* providers',
        () => ({
          providers: [
            { provide: APP_GUARD, useClass: Guard },
            { provide: APP_INTERCEPTOR, useClass: Interceptor },
            { provide: APP_PIPE, useClass: Pipe },
            { provide: APP_FILTER, useClass: Filter },
          ],
        }),
      ],
      [
        'request-scoped APP_* providers',
        () => ({
          providers: [
            { provide: APP_GUARD, useClass: Guard, scope: Scope.REQUEST },
            { provide: APP_INTERCEPTOR, useClass: Interceptor, scope: Scope.REQUEST },
            { provide: APP_PIPE, useClass: Pipe, scope: Scope.REQUEST },
            { provide: APP_FILTER, useClass: Filter, scope: Scope.REQUEST },
          ],
        }),
      ],
      [
        'app.useGlobal*()',
        (journal) => ({
          configure: (app) => {
            app.useGlobalGuards(new Guard(journal));
            app.useGlobalInterceptors(new Interceptor(journal));
            app.useGlobalPipes(new Pipe(journal));
            app.useGlobalFilters(new Filter(app.getHttpAdapter()));
          },
        }),
      ],
    ])('as %s', async (_, setupWith) => {
      const journal = new Journal();
      Filter.lines.length = 0;
      const { providers = [], ...setup } = setupWith(journal);
      server = await WebhookApp.start({
        adapter: adapter(),
        controllers: [Echo],
        ...setup,
        providers: [Host, { provide: Journal, useValue: journal }, ...providers],
      });
      expect(await server.deliver(anEvent())).toMatchObject({ status: 500 });
      expect(journal.lines).toEqual([
        'guard of http ScalekitWebhookController.receive',
        'before http ScalekitWebhookController.receive',
        'after',
      ]);
      expect(Filter.lines).toEqual(['filter in http']);

      expect(await server.post('{}', {}, '/echo')).toMatchObject({ status: 201 });
      expect(journal.lines.slice(3)).toEqual([
        'guard of http Echo.echo',
        'before http Echo.echo',
        'pipe of a body',
        'after',
      ]);
    });
  });
});
