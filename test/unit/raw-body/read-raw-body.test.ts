import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RawBodyError } from '../../../lib/raw-body/raw-body.error.js';
import { BodyReader, type RawBodyResult } from '../../../lib/raw-body/read-raw-body.js';
import { UnverifiedBytes } from '../../../lib/raw-body/unverified-bytes.js';

/** As much of a request as is read. */
class FakeRequest extends Readable {
  readonly socket = {};

  constructor(readonly headers: Record<string, string>) {
    super();
  }

  override _read(): void {
    // The test pushes.
  }
}

class Upload {
  readonly results: RawBodyResult[] = [];
  readonly request: FakeRequest;
  readonly reader: BodyReader;

  constructor(
    maxBytes: number,
    headers: Record<string, string> = {},
    readonly unverified = new UnverifiedBytes(1_000_000),
  ) {
    this.request = new FakeRequest(headers);
    const request = this.request as unknown as IncomingMessage;
    this.reader = new BodyReader({ stream: request, request, maxBytes, unverified }, (result) => {
      this.results.push(result);
    });
    this.reader.start();
  }

  async send(...pieces: (string | Buffer)[]): Promise<void> {
    for (const piece of pieces) {
      if (piece.length > 0) {
        this.request.push(piece);
      }
      await nextTurn();
    }
  }

  async end(): Promise<void> {
    this.request.push(null);
    await nextTurn();
  }
}

function memoryAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('BodyReader', () => {
  it.each([
    ['no piece', []],
    ['an empty piece', ['']],
    ['one piece', ['abc']],
    ['empty pieces among others', ['', 'a', '', 'bc', '']],
    ['pieces that grow', ['a', 'bc', 'defg', 'hijklmno']],
    ['pieces that shrink', ['abcdefgh', 'ijk', 'l']],
  ])('joins a body of %s', async (_, pieces) => {
    const upload = new Upload(15);
    await upload.send(...pieces);
    await upload.end();
    expect(upload.results).toEqual([Buffer.from(pieces.join(''))]);
  });

  it('takes as many bytes as are allowed, and refuses the body at the next one', async () => {
    const upload = new Upload(4);
    await upload.send('abcd');
    expect(upload.results).toEqual([]);
    await upload.send('e');
    expect(upload.results).toEqual([expect.objectContaining({ code: 'body_too_large' })]);
    await upload.send('f');
    await upload.end();
    expect(upload.results).toHaveLength(1);
  });

  describe.each([
    ['is announced as too large', { 'content-length': '5' }],
    ['is encoded', { 'content-encoding': 'gzip' }],
    ['turns out too large', {}],
  ])('of a refused body that %s', (_, headers) => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const refuse = async () => {
      const upload = new Upload(4, headers);
      await upload.send('abcde');
      expect(upload.results).toEqual([expect.any(RawBodyError)]);
      return upload;
    };

    it('throws the rest away', async () => {
      const upload = await refuse();
      await upload.send(Buffer.alloc(16_000_000));
      await upload.end();
      vi.runAllTimers();
      expect(upload.request.readableEnded).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('cuts it off after 16 MiB', async () => {
      const upload = await refuse();
      await upload.send(Buffer.alloc(16_777_216), Buffer.alloc(1));
      expect(upload.request.destroyed).toBe(true);
    });

    it('cuts it off after five seconds', async () => {
      const upload = await refuse();
      vi.advanceTimersByTime(4_999);
      expect(upload.request.destroyed).toBe(false);
      vi.advanceTimersByTime(1);
      expect(upload.request.destroyed).toBe(true);
      await nextTurn();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it.each([
    ['is closed', undefined],
    ['fails', new Error('aborted')],
  ])('gives no result when the request %s before its end, and frees the memory', async (_, error) => {
    const upload = new Upload(4);
    await upload.send('ab');
    upload.request.on('error', () => undefined);
    upload.request.destroy(error);
    await nextTurn();
    expect(upload.results).toEqual([]);
    expect(upload.unverified.total).toBe(0);
  });

  it('needs no more memory for a body of one-byte pieces', async () => {
    const upload = new Upload(200_000);
    const before = memoryAfterCollection();
    for (let i = 0; i < 200_000; i++) {
      upload.request.push(Buffer.alloc(1, i % 256));
      if (i % 10 === 0) {
        await nextTurn();
      }
    }
    expect(memoryAfterCollection() - before).toBeLessThan(5_000_000);
    await upload.end();
    const expected = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 256));
    expect(Buffer.compare(upload.results[0] as Buffer, expected)).toBe(0);
  });

  it('allocates no more than the announced length, and little for a sender that sends little', async () => {
    const upload = new Upload(1_000_000, { 'content-length': '1000' });
    await upload.send(Buffer.alloc(1), Buffer.alloc(1));
    expect(upload.unverified.total).toBeLessThan(10);
    await upload.send(Buffer.alloc(700), Buffer.alloc(298));
    expect(upload.unverified.total).toBe(1_000);
    await upload.end();
    expect((upload.results[0] as Buffer).buffer.byteLength).toBe(1_000);
  });
});

describe('the bytes that are not verified yet', () => {
  const uploads = async (unverified: UnverifiedBytes, ...sizes: number[]) => {
    const started = sizes.map(() => new Upload(100, {}, unverified));
    for (const [index, upload] of started.entries()) {
      await upload.send(Buffer.alloc(sizes[index] ?? 0));
    }
    return started as [Upload, Upload, Upload];
  };
  const busy = expect.objectContaining({ code: 'too_many_unverified' }) as RawBodyResult;

  it('give way to a new body: the oldest upload that still arrives is given up', async () => {
    const [first, second, third] = await uploads(new UnverifiedBytes(100), 40, 40, 40);
    expect([first.results, second.results, third.results]).toEqual([[busy], [], []]);
    await third.end();
    await second.end();
    expect([second.results, third.results]).toEqual([[Buffer.alloc(40)], [Buffer.alloc(40)]]);
  });

  it('of complete bodies are kept: then the new one is given up', async () => {
    const unverified = new UnverifiedBytes(100);
    const [first] = await uploads(unverified, 90);
    await first.end();
    const [second] = await uploads(unverified, 20);
    expect([first.results, second.results]).toEqual([[Buffer.alloc(90)], [busy]]);
    first.reader.release();
    first.reader.release();
    expect(unverified.total).toBe(0);
    const [third] = await uploads(unverified, 100);
    await third.end();
    expect(third.results).toEqual([Buffer.alloc(100)]);
  });
});
