import {
  Body,
  Controller,
  HttpCode,
  Injectable,
  Post,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail } from 'class-validator';
import { describe, expect, it } from 'vitest';
import {
  EventData,
  type IdempotencyStoreExtras,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  ScalekitIdempotencyInterceptor,
  ScalekitSignatureGuard,
  ScalekitWebhookService,
  signWebhook,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { describeInlineFailures, Sync } from '../support/failed-events.js';
import { anEvent, SECRET, WebhookApp } from '../support/webhook-app.js';

let isBroken = true;
let runs = 0;

@Controller('own')
@UseGuards(ScalekitSignatureGuard)
@UseInterceptors(ScalekitIdempotencyInterceptor)
class OwnController {
  @Post()
  @HttpCode(200)
  receive(@Body('id') _id: string): string {
    runs++;
    if (isBroken) {
      throw new UnrecoverableEventError('no tenant');
    }
    return 'Thanks';
  }
}

class UserDto {
  @IsEmail()
  email!: string;
}

@Injectable()
class Strict {
  @OnScalekitEvent('user.created')
  take(@EventData(new ValidationPipe()) _user: UserDto): void {}
}

describe('an event that is given up inline', () => {
  describeInlineFailures(() => Promise.resolve(new MemoryIdempotencyStore()));

  it('is kept where a pipe refused its payload', async () => {
    const app = await WebhookApp.start({ providers: [Strict] });
    const event = anEvent('user.created', { data: { email: 'nobody' } });
    expect((await app.deliver(event)).body).toBe('OK');
    const { events } = await app.app.get(ScalekitWebhookService).failed();
    expect(events).toMatchObject([{ eventId: event.id, handler: 'Strict.take' }]);
    await app.close();
  });

  it('is kept for a controller of your own, and runs with a resend once it is replayed', async () => {
    [isBroken, runs] = [true, 0];
    const app = await WebhookApp.start({
      webhook: { idempotency: { failed: { payloads: true } } },
      controllers: [OwnController],
    });
    const service = app.app.get(ScalekitWebhookService);
    const event = anEvent();
    await app.deliver(event, { path: '/own' });
    expect((await app.deliver(event, { path: '/own' })).body).toBe('Already processed');
    expect((await service.failed()).events).toMatchObject([
      { eventId: event.id, handler: '*', reason: 'no tenant' },
    ]);
    isBroken = false;
    expect(await service.replay(event.id)).toBe(1);
    expect((await app.deliver(event, { path: '/own' })).body).toBe('Thanks');
    expect((await app.deliver(event, { path: '/own' })).body).toBe('Already processed');
    expect(runs).toBe(2);
    await app.close();
  });

  it('is kept for a delivery that came without HTTP', async () => {
    const app = await WebhookApp.start({ providers: [Strict] });
    const service = app.app.get(ScalekitWebhookService);
    const event = anEvent('user.created', { data: {} });
    const body = JSON.stringify(event);
    const headers = signWebhook({ body, secret: SECRET, scheme: 'standard' });
    expect(await service.receive({ rawBody: body, headers })).toMatchObject({ statusCode: 200, body: 'OK' });
    expect((await service.failed()).events).toMatchObject([{ eventId: event.id }]);
    await app.close();
  });

  it('is answered 503, and runs again, where the store cannot keep it', async () => {
    const store: MemoryIdempotencyStore & IdempotencyStoreExtras = new MemoryIdempotencyStore();
    const keep = store.failures.keep.bind(store.failures);
    store.failures.keep = () => {
      throw new Error('connect ECONNREFUSED');
    };
    const app = await WebhookApp.start({ webhook: { idempotency: { store } }, providers: [Sync] });
    const event = anEvent();
    Sync.runs = [];
    Sync.act = () => {
      throw new UnrecoverableEventError('no tenant');
    };
    const answer = await app.deliver(event);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10']);
    store.failures.keep = keep;
    expect((await app.deliver(event)).body).toBe('OK');
    expect(Sync.runs.sort()).toEqual([
      `finishes ${event.id}`,
      `gives_up ${event.id}`,
      `gives_up ${event.id}`,
    ]);
    expect((await app.app.get(ScalekitWebhookService).failed()).events).toHaveLength(1);
    await app.close();
  });

  it('is only logged with keep: 0', async () => {
    const app = await WebhookApp.start({
      webhook: { idempotency: { failed: { keep: 0 } } },
      providers: [Sync],
    });
    Sync.act = () => {
      throw new UnrecoverableEventError('no tenant');
    };
    expect((await app.deliver(anEvent())).body).toBe('OK');
    expect(app.logs.matching(/not kept: a resend of the event is answered "Already processed"/)).toHaveLength(
      1,
    );
    await expect(app.app.get(ScalekitWebhookService).failed()).rejects.toMatchObject({
      code: 'keeps_no_events',
    });
    await app.close();
  });
});
