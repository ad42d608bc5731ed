import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnScalekitEvent, signWebhook } from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { RecordingStore } from '../support/recording-store.js';
import { type Receiver, TRANSPORTS } from '../support/transports.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Slow {
  readonly gate = new Gate();

  @OnScalekitEvent('*')
  handle(): Promise<void> {
    return this.gate.pass();
  }
}

describe.each(PLATFORMS)('answerWithinMs on $platform', ({ adapter }) => {
  it('counts the time that the body takes to arrive', async () => {
    const server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { answerWithinMs: 1_000 },
      providers: [Slow],
    });
    const { gate } = server.app.get(Slow);
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      const body = JSON.stringify(anEvent());
      const connection = await RawConnection.open(server);
      const headers = Object.entries({
        ...signWebhook({ body, secret: SECRET }),
        'content-length': body.length,
      });
      await connection.send(
        postHead(headers.map(([name, value]) => [name, String(value)])),
        Buffer.from('{'),
      );
      vi.advanceTimersByTime(999);
      await connection.send(Buffer.from(body.slice(1)));
      await gate.reached;
      await nextTurn();
      // A clock that started at the end of the body would have 999 ms left.
      vi.advanceTimersByTime(1);
      expect(await connection.answer()).toMatchObject({ status: 503 });
    } finally {
      vi.useRealTimers();
      gate.release();
      await server.close();
    }
  });
});

describe.each(TRANSPORTS)('a delivery received $transport', ({ open }) => {
  let receiver: Receiver;
  let gate: Gate;
  beforeEach(() => {
    gate = new Gate();
  });
  afterEach(async () => {
    gate.release();
    await receiver.app.close();
  });

  it.each(['begin', 'complete'] as const)('is answered 503 while the store hangs in %s()', async (method) => {
    const store = new RecordingStore();
    const call = store[method].bind(store) as (...args: unknown[]) => never;
    store[method] = async (...args: unknown[]): Promise<never> => {
      await gate.pass();
      return call(...args);
    };
    receiver = await open({ webhook: { answerWithinMs: 100, idempotency: { store } } });
    const body = JSON.stringify(anEvent());
    const answer = await receiver.receive(body, { ...signWebhook({ body, secret: SECRET }) });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  });

  it('is answered 503 while the secret function hangs', async () => {
    let calls = 0;
    const secret = async () => {
      calls++;
      if (calls > 1) {
        await gate.pass();
      }
      throw new Error('The secret manager is away.');
    };
    receiver = await open({ webhook: { secret, answerWithinMs: 100 } });
    const body = JSON.stringify(anEvent());
    while (calls < 2) {
      // Without a secret the function is called again after a while.
      const answer = await receiver.receive(body, { ...signWebhook({ body, secret: SECRET }) });
      expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '10' } });
    }
    // The function's own time limit did not answer for it.
    expect(receiver.logs.matching(/did not answer within 5 s/)).toEqual([]);
  });
});
