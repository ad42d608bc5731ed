import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEventContext } from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { RecordingStore } from '../support/recording-store.js';
import { ServiceApp } from '../support/service-app.js';
import { anEvent } from '../support/webhook-app.js';

interface UserEvent {
  readonly id: string;
  readonly data: { readonly userId: string };
}

@Injectable()
class Replica {
  readonly applied: string[] = [];
  readonly counted: string[] = [];
  apply: (event: UserEvent, context: ScalekitEventContext) => unknown = () => undefined;

  @OnScalekitEvent('user.updated', { latestOnly: ({ data }) => (data as { userId?: string }).userId })
  async update(event: UserEvent, context: ScalekitEventContext): Promise<void> {
    await this.apply(event, context);
    this.applied.push(event.id);
  }

  @OnScalekitEvent('user.updated')
  count(event: UserEvent): void {
    this.counted.push(event.id);
  }
}

describe('latestOnly', () => {
  let server: ServiceApp;
  let replica: Replica;
  afterEach(() => server.close());

  const start = async (leaseMs = 60_000) => {
    server = await ServiceApp.start({ webhook: { idempotency: { leaseMs } }, providers: [Replica] });
    replica = server.app.get(Replica);
  };
  const updateOf = (userId: string, occurred_at?: string) =>
    anEvent('user.updated', { data: { userId }, ...(occurred_at !== undefined && { occurred_at }) });
  const deliver = async (event: object) => {
    const { status, body } = await server.deliver(event);
    return `${status} ${body}`;
  };

  it('drops an event that is older, by its nanoseconds, than one already handled', async () => {
    await start();
    const older = updateOf('usr_1', '2026-01-01T00:00:00.123456788Z');
    const newer = updateOf('usr_1', '2026-01-01T00:00:00.123456789Z');
    expect(await deliver(newer)).toBe('200 OK');
    expect(await deliver(older)).toBe('200 OK');
    expect(replica.applied).toEqual([newer.id]);
    expect(await deliver(older)).toBe('200 Already processed');
  });

  it('keeps other keys and other handlers out of it', async () => {
    await start();
    const [newer, older, other] = [
      updateOf('usr_1', '2026-01-02T00:00:00Z'),
      updateOf('usr_1', '2026-01-01T00:00:00Z'),
      updateOf('usr_2', '2026-01-01T00:00:00Z'),
    ];
    for (const event of [newer, older, other]) {
      await deliver(event);
    }
    expect(replica.applied).toEqual([newer.id, other.id]);
    expect(replica.counted).toEqual([newer.id, older.id, other.id]);
  });

  it('handles what is as old, what has no date, and what has no key', async () => {
    await start();
    const events = [
      updateOf('usr_1', '2026-01-02T00:00:00Z'),
      updateOf('usr_1', '2026-01-02T00:00:00Z'),
      updateOf('usr_1'),
      updateOf('usr_1', 'yesterday'),
      anEvent('user.updated', { data: {}, occurred_at: '2026-01-01T00:00:00Z' }),
    ];
    for (const event of events) {
      expect(await deliver(event)).toBe('200 OK');
    }
    expect(replica.applied).toEqual(events.map(({ id }) => id));
  });

  it('does not count an event whose handler failed: an older one is handled then', async () => {
    await start();
    const [newer, older] = [
      updateOf('usr_1', '2026-01-02T00:00:00Z'),
      updateOf('usr_1', '2026-01-01T00:00:00Z'),
    ];
    replica.apply = () => Promise.reject(new Error('no'));
    expect(await deliver(newer)).toMatch(/^500 /);
    replica.apply = () => undefined;
    expect(await deliver(older)).toBe('200 OK');
    expect(await deliver(newer)).toBe('200 OK');
    expect(replica.applied).toEqual([older.id, newer.id]);
  });

  it('asks the sender to come again while another event of the key is handled', async () => {
    await start();
    const gate = new Gate();
    replica.apply = () => gate.pass();
    const [first, second] = [
      updateOf('usr_1', '2026-01-01T00:00:00Z'),
      updateOf('usr_1', '2026-01-02T00:00:00Z'),
    ];
    const running = deliver(first);
    await gate.reached;
    const { status, headers } = await server.deliver(second);
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
    gate.release();
    expect(await running).toBe('200 OK');
    expect(await deliver(second)).toBe('200 OK');
    expect(replica.applied).toEqual([first.id, second.id]);
    expect(replica.counted).toEqual([first.id, second.id]);
  });

  it('does not call a handler whose event another process took over while it waited for its turn', async () => {
    const store = new RecordingStore();
    const turn = new Gate();
    const begin = store.begin;
    store.begin = async (key, options) => {
      if (options.position !== undefined) {
        await turn.pass();
      }
      return begin(key, options);
    };
    server = await ServiceApp.start({
      webhook: { idempotency: { store, leaseMs: 1_000 } },
      providers: [Replica],
    });
    replica = server.app.get(Replica);
    const event = updateOf('usr_1', '2026-01-01T00:00:00Z');
    const answer = deliver(event);
    await turn.reached;
    store.takeOver(`default:${event.id}`);
    store.calls.renew.length = 0;
    await expect.poll(() => store.calls.renew, { timeout: 20_000 }).not.toEqual([]);
    turn.release();
    expect(await answer).toMatch(/^409 /);
    await expect.poll(() => store.calls.release, { timeout: 20_000 }).not.toEqual([]);
    expect(replica.applied).toEqual([]);
  });
});
