import { describe, expect, it } from 'vitest';
import { Batcher } from '../../../lib/shared/batcher.js';
import { Gate } from '../../support/gate.js';

describe('Batcher', () => {
  it('sends the calls of a turn together, and those that come meanwhile after them', async () => {
    const sent: (readonly number[])[] = [];
    const gate = new Gate();
    const batcher = new Batcher<number, number>({
      send: async (items) => {
        sent.push(items);
        await gate.pass();
        return items;
      },
      maxCalls: 100,
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    const first = [1, 2, 3].map((item) => batcher.run(item));
    await gate.reached;
    const second = [4, 5].map((item) => batcher.run(item));
    gate.release();
    expect(await Promise.all([...first, ...second])).toEqual([1, 2, 3, 4, 5]);
    expect(sent).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('sends each call alone when they failed together', async () => {
    const batcher = new Batcher<number, number>({
      send: (items) => (items.includes(2) ? Promise.reject(new Error('two')) : Promise.resolve(items)),
      isFaultOfOne: () => true,
      maxCalls: 100,
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    expect(await Promise.allSettled([1, 2, 3].map((item) => batcher.run(item)))).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'two' } },
      { status: 'fulfilled' },
    ]);
  });

  it('withdraws what waits longer than it may, and goes on although a server never answers', async () => {
    const sent: (readonly number[])[] = [];
    const batcher = new Batcher<number, number>({
      send: (items) => {
        sent.push(items);
        return items.includes(1) ? new Promise(() => undefined) : Promise.resolve(items);
      },
      maxCalls: 100,
      timeoutMs: 100,
      onTimeout: () => new Error('late'),
    });
    await expect(batcher.run(1)).rejects.toThrow('late');
    await batcher.run(2);
    expect(sent).toEqual([[1], [2]]);
  });
});
