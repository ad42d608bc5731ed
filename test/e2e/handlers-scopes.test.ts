import { Controller, Inject, Injectable, Scope, type Type } from '@nestjs/common';
import { type ContextId, ContextIdFactory, type HostComponentInfo, REQUEST } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  EventData,
  OnScalekitEvent,
  type ScalekitEnvelope,
  type ScalekitEventContext,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { anEvent, PLATFORMS, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

interface HandlerRequest {
  readonly event: ScalekitEnvelope;
  readonly context: ScalekitEventContext;
}

const runs: object[] = [];

@Injectable()
class Clock {
  readonly zone = 'UTC';
}

@Injectable({ scope: Scope.REQUEST })
class UnitOfWork {
  constructor(readonly clock: Clock) {}
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  beforeEach(() => {
    runs.length = 0;
  });
  afterEach(() => server.close());

  const start = async (setup: WebhookAppSetup) => {
    server = await WebhookApp.start({ adapter: adapter(), ...setup });
  };
  const deliver = async (type = 'user.created', fields = {}) => {
    const event = anEvent(type, fields);
    const answer = await server.deliver(event);
    return { ...answer, event };
  };
  const expectTwoInstances = async () => {
    expect(await deliver()).toMatchObject({ status: 200, body: 'OK' });
    expect(await deliver()).toMatchObject({ status: 200, body: 'OK' });
    expect(runs).toHaveLength(2);
    expect(runs[0]).not.toBe(runs[1]);
  };

  describe('a request-scoped handler', () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(
        readonly clock: Clock,
        readonly work: UnitOfWork,
        @Inject(REQUEST) readonly request: HandlerRequest,
      ) {}

      @OnScalekitEvent('user.created')
      on(event: ScalekitEnvelope, context: ScalekitEventContext): void {
        expect(this).toBeInstanceOf(Scoped);
        expect(this.clock.zone).toBe('UTC');
        expect(this.work.clock).toBe(this.clock);
        expect(this.request).toMatchObject({ event, context });
        runs.push(this);
      }
    }

    it.each<[string, WebhookAppSetup]>([
      ['provider', { providers: [Scoped, Clock, UnitOfWork] }],
      [
        'provider under another token',
        { providers: [{ provide: 'SCOPED', useClass: Scoped }, Clock, UnitOfWork] },
      ],
      ['controller', { controllers: [asController(Scoped)], providers: [Clock, UnitOfWork] }],
    ])('in a %s is made anew for each event, with its dependencies', async (_, module) => {
      await start(module);
      await expectTwoInstances();
    });

    it('gets an event of its own in each of many at the same time', async () => {
      const gate = new Gate();
      @Injectable({ scope: Scope.REQUEST })
      class Concurrent {
        constructor(@Inject(REQUEST) private readonly request: HandlerRequest) {}

        @OnScalekitEvent('user.created')
        async on(event: { id: string }): Promise<void> {
          await gate.pass();
          runs.push([event.id, this.request.event.id, this.request.context.deliveryId]);
        }
      }
      await start({ providers: [Concurrent] });
      const deliveries = Array.from({ length: 20 }, () => deliver());
      await gate.reached;
      gate.release();
      const answers = await Promise.all(deliveries);
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      const seen = runs as string[][];
      expect(new Set(seen.map(([id]) => id))).toEqual(new Set(answers.map(({ event }) => event.id)));
      expect(seen.every(([id, requestId]) => id === requestId)).toBe(true);
      expect(new Set(seen.map(([, , deliveryId]) => deliveryId)).size).toBe(20);
    });

    it('whose dependencies fail is a failed handler, and runs in the retry', async () => {
      const connect = vi.fn<() => string>().mockImplementationOnce(() => {
        throw new Error('no connection');
      });
      connect.mockReturnValue('connected');
      @Injectable({ scope: Scope.REQUEST })
      class Fragile {
        constructor(@Inject('CONNECTION') private readonly connection: string) {}

        @OnScalekitEvent('user.created')
        on(): void {
          runs.push({ connection: this.connection });
        }
      }
      const CONNECTION = { provide: 'CONNECTION', scope: Scope.REQUEST, useFactory: connect };
      await start({ providers: [Fragile, CONNECTION] });
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 500 });
      expect(server.logs.matching(/^error: Fragile\.on failed on event .*no connection/)).toHaveLength(1);
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(runs).toEqual([{ connection: 'connected' }]);
    });

    it('takes decorated parameters and pipes', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Shout {
        constructor(private readonly work: UnitOfWork) {}

        transform(value: string): string {
          return `${value.toUpperCase()} ${this.work.clock.zone}`;
        }
      }
      @Injectable({ scope: Scope.REQUEST })
      class Piped {
        @OnScalekitEvent('user.created')
        on(event: { id: string }, @EventData('email', Shout) email: string): void {
          runs.push([event.id, email]);
        }
      }
      await start({ providers: [Piped, Clock, UnitOfWork] });
      const { event } = await deliver('user.created', { data: { email: 'jo@example.com' } });
      const { event: next } = await deliver('user.created', { data: { email: 'al@example.com' } });
      expect(runs).toEqual([
        [event.id, 'JO@EXAMPLE.COM UTC'],
        [next.id, 'AL@EXAMPLE.COM UTC'],
      ]);
    });
  });

  it('a handler with a request-scoped dependency is made anew for each event', async () => {
    @Injectable()
    class Dependent {
      constructor(readonly work: UnitOfWork) {}

      @OnScalekitEvent('user.created')
      on(): void {
        expect(this.work.clock.zone).toBe('UTC');
        runs.push(this.work);
      }
    }
    await start({ providers: [Dependent, Clock, UnitOfWork] });
    await expectTwoInstances();
  });

  it('a transient handler is made anew for each event, with its dependencies', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      constructor(readonly clock: Clock) {}

      @OnScalekitEvent('user.created')
      on(_event: object, @EventData('email') email: string): void {
        expect(email).toContain('@');
        expect(this.clock.zone).toBe('UTC');
        runs.push(this);
      }
    }
    await start({ providers: [Transient, Clock] });
    await expectTwoInstances();
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'a handler of scope %o runs once though it has an alias',
    async (scope) => {
      @Injectable({ scope })
      class Aliased {
        @OnScalekitEvent('user.created')
        on(): void {
          runs.push(this);
        }
      }
      const aliases = ['FIRST', 'SECOND'].map((provide) => ({ provide, useExisting: Aliased }));
      await start({ providers: [...aliases, Aliased] });
      await expectTwoInstances();
    },
  );

  it('a singleton handler with a transient dependency stays one', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Helper {}
    @Injectable()
    class Single {
      constructor(readonly helper: Helper) {}

      @OnScalekitEvent('user.created')
      on(): void {
        expect(this.helper).toBeInstanceOf(Helper);
        runs.push(this);
      }
    }
    await start({ providers: [Single, Helper] });
    await deliver();
    await deliver();
    expect(runs[0]).toBeInstanceOf(Single);
    expect(runs[0]).toBe(runs[1]);
  });

  describe('under a context id strategy', () => {
    afterEach(() => {
      ContextIdFactory.apply(undefined as never);
    });

    @Injectable({ scope: Scope.REQUEST, durable: true })
    class TenantConnection {
      constructor(@Inject(REQUEST) readonly tenant: { readonly organization: string }) {}
    }

    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Durable {
      constructor(readonly connection: TenantConnection) {}

      @OnScalekitEvent('user.created')
      on(event: ScalekitEnvelope): void {
        expect(this.connection.tenant).toEqual({ organization: event.organization_id });
        runs.push(this);
      }
    }

    const byTenant = (tenantOf: (request: { event?: ScalekitEnvelope; headers: object }) => string) => {
      const trees = new Map<string, ContextId>();
      ContextIdFactory.apply({
        attach(contextId: ContextId, request: { event?: ScalekitEnvelope; headers: object }) {
          const organization = tenantOf(request);
          const tree = trees.get(organization) ?? ContextIdFactory.create();
          trees.set(organization, tree);
          return {
            resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
            payload: { organization },
          };
        },
      });
    };

    it('a durable handler is one for each tenant, with that tenant as its request', async () => {
      byTenant(({ event }) => String(event?.organization_id));
      await start({ providers: [Durable, TenantConnection] });
      for (const organization_id of ['org_1', 'org_2', 'org_1']) {
        expect(await deliver('user.created', { organization_id })).toMatchObject({ status: 200 });
      }
      expect(runs).toHaveLength(3);
      expect(runs[0]).toBe(runs[2]);
      expect(runs[0]).not.toBe(runs[1]);
    });

    it('a request-scoped handler finds the payload of the strategy beside the event', async () => {
      byTenant(({ event }) => String(event?.organization_id));
      @Injectable({ scope: Scope.REQUEST })
      class Scoped {
        constructor(@Inject(REQUEST) readonly request: HandlerRequest & { organization: string }) {}

        @OnScalekitEvent('user.created')
        on(event: ScalekitEnvelope): void {
          runs.push([this.request.event === event, this.request.organization]);
        }
      }
      await start({ providers: [Scoped] });
      await deliver('user.created', { organization_id: 'org_1' });
      await deliver('user.created', { organization_id: 'org_2' });
      expect(runs).toEqual([
        [true, 'org_1'],
        [true, 'org_2'],
      ]);
    });

    it('that reads HTTP headers a handler runs, too', async () => {
      byTenant(({ headers }) => String((headers as Record<string, unknown>)['x-tenant-id']));
      await start({ providers: [Durable, TenantConnection] });
      expect(await deliver('user.created', { organization_id: 'undefined' })).toMatchObject({ status: 200 });
      expect(runs).toHaveLength(1);
    });
  });
});

/** The same class, as a controller: Nest asks for a decorator of its own. */
function asController(base: Type): Type {
  @Controller({ scope: Scope.REQUEST })
  class ScopedController extends base {}
  return ScopedController;
}
