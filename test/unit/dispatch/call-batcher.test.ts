import { describe, expect, it } from 'vitest';
import { CallBatcher } from '../../../lib/dispatch/queues/call-batcher.js';
import { Gate } from '../../support/gate.js';

describe('CallBatcher', () => {
  it('sends the calls of a turn together, and those that come meanwhile after them', async () => {
    const sent: (readonly number[])[] = [];
    const gate = new Gate();
    const batcher = new CallBatcher<number>({
      send: async (items) => {
        sent.push(items);
        await gate.pass();
      },
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    const first = [batcher.add([1, 2]), batcher.add([3])];
    await gate.reached;
    const second = [batcher.add([4]), batcher.add([5])];
    gate.release();
    await Promise.all([...first, ...second]);
    expect(sent).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('sends each call alone when they failed together', async () => {
    const batcher = new CallBatcher<number>({
      send: (items) => (items.includes(2) ? Promise.reject(new Error('two')) : Promise.resolve()),
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    expect(await Promise.allSettled([1, 2, 3].map((item) => batcher.add([item])))).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'two' } },
      { status: 'fulfilled' },
    ]);
  });

  it('withdraws what waits longer than it may, and goes on although a server never answers', async () => {
    const sent: (readonly number[])[] = [];
    const batcher = new CallBatcher<number>({
      send: (items) => {
        sent.push(items);
        return items.includes(1) ? new Promise(() => undefined) : Promise.resolve();
      },
      timeoutMs: 100,
      onTimeout: () => new Error('late'),
    });
    await expect(batcher.add([1])).rejects.toThrow('late');
    await batcher.add([2]);
    expect(sent).toEqual([[1], [2]]);
  });
});
