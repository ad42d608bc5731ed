import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../../lib/shared/deadlines.js';

const never = new Promise<never>(() => undefined);
const late = () => new Error('late');

describe('Deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('settles as the work does where that is in time', async () => {
    const deadlines = new Deadlines(100);
    await expect(deadlines.race(Promise.resolve('done'), late)).resolves.toBe('done');
    await expect(deadlines.race(Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
  });

  it('rejects with what late() returns, or throws, when the time is over', async () => {
    const deadlines = new Deadlines(100);
    const races = Promise.allSettled([
      deadlines.race(never, late),
      deadlines.race(never, () => {
        throw new Error('late() failed');
      }),
    ]);
    vi.advanceTimersByTime(100);
    expect(await races).toMatchObject([
      { reason: { message: 'late' } },
      { reason: { message: 'late() failed' } },
    ]);
  });

  it('gives each its own whole time, with one timer', () => {
    const deadlines = new Deadlines(100);
    const over: string[] = [];
    deadlines.begin(() => over.push('first'));
    vi.advanceTimersByTime(60);
    deadlines.begin(() => over.push('second'));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(40);
    expect(over).toEqual(['first']);
    vi.advanceTimersByTime(59);
    expect(over).toEqual(['first']);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(['first', 'second']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('calls nothing for a deadline that was ended, and goes on for those after it', () => {
    const deadlines = new Deadlines(100);
    const over: string[] = [];
    const first = deadlines.begin(() => over.push('first'));
    deadlines.begin(() => over.push('second'));
    deadlines.end(first);
    deadlines.end(first);
    vi.advanceTimersByTime(100);
    expect(over).toEqual(['second']);
    deadlines.begin(() => over.push('third'));
    vi.advanceTimersByTime(100);
    expect(over).toEqual(['second', 'third']);
  });

  it('keeps the process alive only while a deadline is open', () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const deadlines = new Deadlines(60_000);
    const first = deadlines.begin(() => undefined);
    expect(timers()).toBe(before + 1);
    deadlines.end(first);
    expect(timers()).toBe(before);
    const second = deadlines.begin(() => undefined);
    expect(timers()).toBe(before + 1);
    deadlines.end(second);
  });

  it('runs in the async context that it was made in, not in that of the request that set the timer', async () => {
    vi.useRealTimers();
    const requests = new AsyncLocalStorage<string>();
    const deadlines = new Deadlines(5);
    const seen = await new Promise((resolve) => {
      requests.run('a request', () => {
        deadlines.begin(() => {
          resolve(requests.getStore());
        });
      });
    });
    expect(seen).toBeUndefined();
  });
});
