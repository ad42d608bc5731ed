import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Scope,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { DirectoryUserDto } from '../../../lib/dto/index.js';
import {
  EventContext,
  EventData,
  EventTransaction,
  OnScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventContext,
  ScalekitWebhookModule,
  UnrecoverableEventError,
} from '../../../lib/index.js';
import { scalekitEvent, ScalekitWebhookTestingModule } from '../../../lib/testing/index.js';
import { SECRET } from '../../support/webhook-app.js';

@Injectable()
class Directory {
  readonly users: string[] = [];
}

@Injectable()
class UserSync {
  constructor(private readonly directory: Directory) {}

  @OnScalekitEvent('user.created')
  add(event: ScalekitEvent<'user.created'>): void {
    this.directory.users.push(event.data.email);
  }
}

let handlers: ScalekitWebhookTestingModule;
afterEach(() => handlers.close());
const open = async (metadata: Parameters<typeof ScalekitWebhookTestingModule.create>[0]) => {
  handlers = await ScalekitWebhookTestingModule.create(metadata, { logger: false });
  return handlers;
};

describe('ScalekitWebhookTestingModule', () => {
  it('tests a handler in a few lines', async () => {
    const handlers = await open({ providers: [UserSync, Directory] });
    await handlers.emit(scalekitEvent('user.created', { data: { email: 'ada@example.com' } }));
    expect(handlers.get(Directory).users).toEqual(['ada@example.com']);
  });

  it('calls the handlers that listen, and says which', async () => {
    @Controller()
    class Audit {
      @OnScalekitEvent('user.*')
      record(): void {}
    }
    const handlers = await open({ providers: [UserSync, Directory], controllers: [Audit] });
    expect(await handlers.emit(scalekitEvent('user.created'))).toEqual(['UserSync.add', 'Audit.record']);
    expect(await handlers.emit(scalekitEvent('user.deleted'))).toEqual(['Audit.record']);
    expect(await handlers.emit(scalekitEvent('role.created'))).toEqual([]);
  });

  it('rethrows what a handler throws, as it is', async () => {
    const failure = new UnrecoverableEventError('no such plan');
    class Failing {
      @OnScalekitEvent('*')
      fail(): void {
        throw failure;
      }
    }
    const handlers = await open({ providers: [Failing] });
    await expect(handlers.emit(scalekitEvent('user.created'))).rejects.toBe(failure);
  });

  it('rethrows the errors of several handlers together, after all have run', async () => {
    class Failing {
      @OnScalekitEvent('*')
      one(): never {
        throw new Error('one');
      }
      @OnScalekitEvent('*')
      async two(): Promise<never> {
        return Promise.reject(new Error('two'));
      }
    }
    const handlers = await open({ providers: [Failing, UserSync, Directory] });
    const failure: unknown = await handlers.emit(scalekitEvent('user.created')).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors.map(String)).toEqual(['Error: one', 'Error: two']);
    expect(handlers.get(Directory).users).toHaveLength(1);
  });

  it('runs parameter decorators, pipes and guards', async () => {
    class OnlyExample implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const [event] = context.getArgs<[ScalekitEvent<'organization.directory.user_created'>]>();
        return event.data.email?.endsWith('example.com') === true;
      }
    }
    const seen: unknown[] = [];
    class Sync {
      @UseGuards(OnlyExample)
      @OnScalekitEvent('organization.directory.user_created')
      add(
        @EventData(new ValidationPipe({ transform: true })) user: DirectoryUserDto,
        @EventContext() context: ScalekitEventContext,
      ): void {
        seen.push(user instanceof DirectoryUserDto, context.attempt, context.endpoint);
      }
    }
    const type = 'organization.directory.user_created';
    const handlers = await open({ providers: [Sync] });
    await handlers.emit(scalekitEvent(type));
    expect(seen).toEqual([true, 1, 'default']);
    const stranger = scalekitEvent(type, { data: { email: 'ada@elsewhere.org' } });
    await expect(handlers.emit(stranger)).rejects.toThrow(ForbiddenException);
    const invalid = { ...stranger, data: { ...stranger.data, email: 'x@example.com', active: 'no' } };
    await expect(handlers.emit(invalid)).rejects.toMatchObject({ code: 'unrecoverable_event' });
  });

  it('gives handlers a frozen event, and a context that can be told', async () => {
    const seen: { event: unknown; context: ScalekitEventContext; tx: unknown }[] = [];
    class Handler {
      @OnScalekitEvent('*')
      take(
        event: ScalekitEvent,
        @EventContext() context: ScalekitEventContext,
        @EventTransaction() tx: unknown,
      ): void {
        seen.push({ event, context, tx });
      }
    }
    const handlers = await open({ providers: [Handler] });
    const event = scalekitEvent('user.created');
    const signal = AbortSignal.abort();
    const transaction = { query: 'fake' };
    await handlers.emit(event, { attempt: 3, signal, transaction });
    expect(seen[0]?.event).toEqual(event);
    expect(Object.isFrozen(seen[0]?.event)).toBe(true);
    expect(seen[0]?.tx).toBe(transaction);
    expect(seen[0]?.context).toMatchObject({
      attempt: 3,
      signal,
      deliveryId: event.id,
      occurredAt: new Date(event.created),
    });
    expect(JSON.parse(Buffer.from(seen[0]?.context.rawBody ?? []).toString())).toEqual(event);
  });

  it('calls handlers of a named endpoint for events of that endpoint only', async () => {
    class Partners {
      @OnScalekitEvent('*', { endpoint: 'partners' })
      take(): void {}
    }
    const handlers = await open({ providers: [Partners] });
    expect(await handlers.emit(scalekitEvent('user.created'))).toEqual([]);
    expect(await handlers.emit(scalekitEvent('user.created'), { endpoint: 'partners' })).toEqual([
      'Partners.take',
    ]);
  });

  it('takes whole modules, also those that register endpoints', async () => {
    class Partners {
      @OnScalekitEvent('*', { endpoint: 'partners' })
      take(): void {}
    }
    const handlers = await open({
      imports: [ScalekitWebhookModule.forRoot({ name: 'partners', secret: SECRET })],
      providers: [Partners],
    });
    expect(await handlers.emit(scalekitEvent('user.created'), { endpoint: 'partners' })).toHaveLength(1);
  });

  it('makes request-scoped handlers anew for each event', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(Directory) private readonly directory: Directory) {
        made++;
      }
      @OnScalekitEvent('user.created')
      add(event: ScalekitEvent<'user.created'>): void {
        this.directory.users.push(event.data.email);
      }
    }
    const handlers = await open({ providers: [Scoped, Directory] });
    await handlers.emit(scalekitEvent('user.created'));
    await handlers.emit(scalekitEvent('user.created'));
    expect([made, handlers.get(Directory).users.length]).toEqual([2, 2]);
  });

  it('says what is missing when a handler cannot be built, and does not exit', async () => {
    handlers = await ScalekitWebhookTestingModule.create({}, { logger: false });
    await expect(
      ScalekitWebhookTestingModule.create({ providers: [UserSync] }, { logger: false }),
    ).rejects.toThrow(/can't resolve dependencies of the UserSync/);
  });

  it('refuses what is no event', async () => {
    const handlers = await open({ providers: [UserSync, Directory] });
    await expect(handlers.emit({ type: 'user.created' })).rejects.toThrow(/"id" must be a string/);
  });
});
