import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RawBodyError } from '../../../lib/raw-body/raw-body.error.js';
import { type RawBodyResult, readRawBody } from '../../../lib/raw-body/read-raw-body.js';

/** As much of a request as is read. */
class FakeRequest extends EventEmitter {
  destroyed = false;
  readonly socket = {};

  constructor(readonly headers: Record<string, string>) {
    super();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function read(
  maxBytes: number,
  headers: Record<string, string> = {},
): { request: FakeRequest; results: RawBodyResult[] } {
  const request = new FakeRequest(headers);
  const results: RawBodyResult[] = [];
  readRawBody(request as unknown as IncomingMessage, maxBytes, (result) => {
    results.push(result);
  });
  return { request, results };
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('readRawBody', () => {
  it.each([
    ['no piece', []],
    ['an empty piece', ['']],
    ['one piece', ['abc']],
    ['empty pieces among others', ['', 'a', '', 'bc', '']],
    ['pieces that grow', ['a', 'bc', 'defg', 'hijklmno']],
    ['pieces that shrink', ['abcdefgh', 'ijk', 'l']],
  ])('joins a body of %s', (_, pieces) => {
    const { request, results } = read(15);
    pieces.forEach((piece) => request.emit('data', Buffer.from(piece)));
    request.emit('end');
    expect(results).toEqual([Buffer.from(pieces.join(''))]);
  });

  it('takes as many bytes as are allowed, and refuses the body at the next one', () => {
    const { request, results } = read(4);
    request.emit('data', Buffer.from('abcd'));
    expect(results).toEqual([]);
    request.emit('data', Buffer.from('e'));
    expect(results).toEqual([expect.objectContaining({ code: 'body_too_large' })]);
    request.emit('data', Buffer.from('f'));
    request.emit('end');
    expect(results).toHaveLength(1);
  });

  describe.each([
    ['is announced as too large', { 'content-length': '5' }],
    ['is encoded', { 'content-encoding': 'gzip' }],
    ['turns out too large', {}],
  ])('of a refused body that %s', (_, headers) => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const refuse = () => {
      const { request, results } = read(4, headers);
      request.emit('data', Buffer.from('abcde'));
      expect(results).toEqual([expect.any(RawBodyError)]);
      return request;
    };

    it('throws the rest away', () => {
      const request = refuse();
      request.emit('data', Buffer.alloc(16_000_000));
      request.emit('end');
      request.emit('close');
      vi.runAllTimers();
      expect(request.destroyed).toBe(false);
    });

    it('cuts it off after 16 MiB', () => {
      const request = refuse();
      request.emit('data', Buffer.alloc(16_777_216));
      request.emit('data', Buffer.alloc(1));
      expect(request.destroyed).toBe(true);
    });

    it('cuts it off after five seconds', () => {
      const request = refuse();
      vi.advanceTimersByTime(4_999);
      expect(request.destroyed).toBe(false);
      vi.advanceTimersByTime(1);
      expect(request.destroyed).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it.each(['close', 'error'])(
    'gives no result when "%s" comes before the end, and listens no longer',
    (event) => {
      const { request, results } = read(4);
      request.emit('data', Buffer.from('ab'));
      request.emit(event, new Error('aborted'));
      request.emit('end');
      expect(results).toEqual([]);
      expect(request.eventNames()).toEqual([]);
    },
  );

  it('needs no more memory for a body of one-byte pieces', () => {
    const { request, results } = read(200_000);
    const before = heapAfterCollection();
    for (let i = 0; i < 200_000; i++) {
      request.emit('data', Buffer.alloc(1, i % 256));
    }
    expect(heapAfterCollection() - before).toBeLessThan(5_000_000);
    request.emit('end');
    const expected = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 256));
    expect(Buffer.compare(results[0] as Buffer, expected)).toBe(0);
  });
});
