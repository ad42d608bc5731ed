import { beforeEach, describe, expect, it } from 'vitest';
import type {
  CallEntry,
  CountBucket,
  DeliveryEntry,
  EntryDetail,
  InspectorEntry,
  InspectorLog,
  RecordedEntry,
} from '../../lib/inspector/inspector.api.js';

const MINUTE_MS = 60_000;

function delivery(key: string, more: Partial<DeliveryEntry> = {}): DeliveryEntry {
  return {
    kind: 'delivery',
    key,
    process: 'a:1',
    endpoint: 'default',
    source: 'webhook',
    receivedAt: 1,
    ...more,
  };
}

function call(key: string, more: Partial<CallEntry> = {}): CallEntry {
  return {
    kind: 'call',
    key,
    process: 'a:1',
    endpoint: 'default',
    eventId: 'evt_1',
    type: 'user.created',
    handler: 'Users.create',
    attempt: 1,
    startedAt: 1,
    stage: 'running',
    ...more,
  };
}

/** What every log of the inspector does. Each log that `create` makes has a scope of its own. */
export function describeInspectorLog(
  name: string,
  create: (capacity: number) => InspectorLog | Promise<InspectorLog>,
): void {
  describe(`the inspector's log: ${name}`, () => {
    let log: InspectorLog;
    let records: Map<string, RecordedEntry>;
    /** The same object for a key, as the recorder has it. */
    const recorded = (entry: InspectorEntry, detail?: EntryDetail): RecordedEntry => {
      const record = Object.assign(records.get(entry.key) ?? {}, { key: entry.key, entry, detail });
      records.set(entry.key, record);
      return record;
    };
    const append = (...entries: (DeliveryEntry | CallEntry)[]) =>
      log.append(entries.map((entry) => recorded(entry)));
    const keysAfter = async (position: string | undefined, limit = 100) =>
      (await log.read(position, limit)).entries.map(({ key }) => key);

    beforeEach(async () => {
      log = await create(5);
      records = new Map();
    });

    it('is empty at first', async () => {
      expect(await log.read(undefined, 10)).toEqual({ entries: [], position: undefined, isGap: false });
      expect(await log.detail('a')).toBeUndefined();
      expect(await log.callsOf('default', 'evt_1')).toEqual([]);
      expect(await log.counts(10_000, 0)).toEqual([]);
      await append();
      expect(await log.read(undefined, 10)).toEqual({ entries: [], position: undefined, isGap: false });
    });

    it('reads what was appended, oldest first, and then what came after', async () => {
      await append(delivery('a'), delivery('b', { eventId: 'evt_\ud800 \u202e"\\\n', type: 'x' }));
      const first = await log.read(undefined, 10);
      expect(first.entries).toEqual([
        delivery('a'),
        delivery('b', { eventId: 'evt_\ud800 \u202e"\\\n', type: 'x' }),
      ]);
      expect(await log.read(first.position, 10)).toEqual({
        entries: [],
        position: first.position,
        isGap: false,
      });
      await append(call('c'));
      const second = await log.read(first.position, 10);
      expect(second).toMatchObject({ entries: [call('c')], isGap: false });
      expect(second.position).not.toBe(first.position);
    });

    it('reads page by page', async () => {
      await append(...['a', 'b', 'c', 'd', 'e'].map((key) => delivery(key)));
      const first = await log.read(undefined, 2);
      const second = await log.read(first.position, 2);
      expect(first.entries.map(({ key }) => key)).toEqual(['a', 'b']);
      expect(second.entries.map(({ key }) => key)).toEqual(['c', 'd']);
      expect(await keysAfter(second.position, 2)).toEqual(['e']);
    });

    it('replaces an entry of the same key, as the newest one', async () => {
      await append(delivery('a'), delivery('b'));
      const { position } = await log.read(undefined, 10);
      await append(delivery('a', { outcome: 'handled' }));
      expect(await keysAfter(undefined)).toEqual(['b', 'a']);
      expect((await log.read(position, 10)).entries).toEqual([delivery('a', { outcome: 'handled' })]);
    });

    it('keeps the last detail of an entry', async () => {
      const detail = { headers: { 'user-agent': 'Svix \0' }, size: 3, payload: '{"a":"\u2028"}' };
      await log.append([recorded(delivery('a'), { size: 4 })]);
      await log.append([recorded(delivery('a', { outcome: 'handled' }), detail)]);
      expect(await log.detail('a')).toEqual({ entry: delivery('a', { outcome: 'handled' }), detail });
      await append(delivery('b'));
      expect(await log.detail('b')).toEqual({ entry: delivery('b') });
    });

    it('keeps the newest entries only, and tells who reads on that some are gone', async () => {
      await append(delivery('a'), delivery('b'));
      const { position } = await log.read(undefined, 1);
      await append(...['c', 'd', 'e', 'f', 'g'].map((key) => delivery(key)));
      expect(await keysAfter(undefined)).toEqual(['c', 'd', 'e', 'f', 'g']);
      expect(await log.detail('a')).toBeUndefined();
      expect((await log.read(position, 10)).isGap).toBe(true);
      expect((await log.read(undefined, 10)).isGap).toBe(false);
    });

    it('has no gap where only what was read is gone', async () => {
      await append(delivery('a'), delivery('b'));
      const { position } = await log.read(undefined, 10);
      await append(...['c', 'd', 'e', 'f', 'g'].map((key) => delivery(key)));
      expect(await keysAfter(position)).toEqual(['c', 'd', 'e', 'f', 'g']);
      expect((await log.read(position, 10)).isGap).toBe(false);
    });

    it('keeps no more than its capacity of what is appended at once', async () => {
      await append(...Array.from({ length: 1_000 }, (_, index) => delivery(`k${index}`)));
      expect(await keysAfter(undefined, 2_000)).toEqual(['k995', 'k996', 'k997', 'k998', 'k999']);
    });

    it.each(['', 'x', '-1', "1'", '9'.repeat(40), '\n', 'a-1'])(
      'has a gap after %j, which is no position',
      async (position) => {
        await append(delivery('a'));
        expect((await log.read(position, 10)).isGap).toBe(true);
      },
    );

    it('finds the calls of an event at an endpoint, by their start', async () => {
      const detail = { error: 'Error: out of order' };
      await log.append([
        recorded(call('b', { startedAt: 20, stage: 'failed' }), detail),
        recorded(call('a', { startedAt: 10 })),
        recorded(call('c', { eventId: 'evt_10' })),
        recorded(call('d', { endpoint: 'other' })),
        recorded(delivery('e', { eventId: 'evt_1' })),
      ]);
      expect(await log.callsOf('default', 'evt_1')).toEqual([
        { entry: call('a', { startedAt: 10 }) },
        { entry: call('b', { startedAt: 20, stage: 'failed' }), detail },
      ]);
      expect(await log.callsOf('default', 'evt_')).toEqual([]);
    });

    it('keeps what each process has counted, by the beginning and the length of the bucket', async () => {
      const at = MINUTE_MS * 1_000;
      const bucket = (process: string, more: Partial<CountBucket> = {}): CountBucket => {
        return { process, at, bucketMs: 10_000, counts: { default: { 'outcome:handled': 1 } }, ...more };
      };
      const later = bucket('a:1', { at: at + 10_000, counts: {} });
      const changed = bucket('a:1', { counts: { default: { 'outcome:handled': 2 } } });
      const long = bucket('a:1', { bucketMs: 300_000 });
      for (const each of [bucket('a:1'), changed, bucket('b:2'), later, long]) {
        await log.count(each);
      }
      const all = await log.counts(10_000, at);
      expect(all).toHaveLength(3);
      expect(all).toEqual(expect.arrayContaining([changed, bucket('b:2'), later]));
      expect(await log.counts(10_000, at + 1)).toEqual([later]);
      expect(await log.counts(300_000, 0)).toEqual([long]);
    });

    it('keeps the counts of a day in buckets of five minutes, and not for ever', async () => {
      const day = 24 * 60 * MINUTE_MS;
      const at = 30 * day;
      const bucket = (begin: number): CountBucket => {
        return { process: 'a:1', at: begin, bucketMs: 5 * MINUTE_MS, counts: {} };
      };
      for (const begin of [at, at + day]) {
        await log.count(bucket(begin));
      }
      expect(await log.counts(5 * MINUTE_MS, 0)).toHaveLength(2);
      await log.count(bucket(at + 2 * day));
      expect(await log.counts(5 * MINUTE_MS, 0)).not.toContainEqual(bucket(at));
    });
  });
}
