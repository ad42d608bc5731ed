import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope, ScalekitWebhookService } from '../../lib/index.js';
import { PgBossBench } from '../support/pg-boss-app.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { anEvent } from '../support/webhook-app.js';

const bench = PgBossBench.forThisFile();
afterEach(() => bench.closeAll());

type Parser = (text: string) => unknown;
const types = pg.types as unknown as {
  getTypeParser(oid: number): Parser;
  setTypeParser(oid: number, parser: Parser): void;
};

const JSON_TYPE = 114;
const JSONB = 3802;
const INT4 = 23;
const INT8 = 20;
const FLOAT8 = 701;
const TIMESTAMPTZ = 1184;
const BOOL = 16;
const UUID = 2950;

/** `pg`'s type parsers are global: an application sets them for itself, and pg-boss gets the values, too. */
const PARSERS: Record<string, Record<number, Parser>> = {
  'JSON as text': { [JSON_TYPE]: String, [JSONB]: String },
  'numbers as text': { [INT4]: String, [INT8]: String, [FLOAT8]: String },
  'numbers as BigInt': { [INT4]: BigInt, [INT8]: BigInt },
  'dates as text': { [TIMESTAMPTZ]: String },
  'booleans as text': { [BOOL]: String },
  'ids as bytes': { [UUID]: (text) => Buffer.from(text.replaceAll('-', ''), 'hex') },
  'ids in capitals': { [UUID]: (text) => text.toUpperCase() },
};

describe.each(Object.entries(PARSERS))('with %s', (_, parsers) => {
  const originals = Object.keys(parsers).map(
    (oid) => [Number(oid), types.getTypeParser(Number(oid))] as const,
  );
  afterAll(() => {
    for (const [oid, parser] of originals) types.setTypeParser(oid, parser);
  });

  it('events are handled, retried, kept when they fail, replayed and discarded', async () => {
    for (const [oid, parser] of Object.entries(parsers)) {
      types.setTypeParser(Number(oid), parser);
    }
    const seen: string[] = [];
    let isBroken = true;
    @Injectable()
    class Handlers {
      @OnScalekitEvent('*')
      sound({ id }: ScalekitEnvelope): void {
        seen.push(`sound ${id}`);
      }

      @OnScalekitEvent('*')
      broken({ id }: ScalekitEnvelope): void {
        seen.push(`broken ${id}`);
        if (isBroken) throw new Error('out of order');
      }
    }
    const scope = bench.scope();
    const server = await bench.start({ providers: [Handlers], webhook: sharedMemory() }, { scope });
    const service = server.app.get(ScalekitWebhookService);
    const fail = async () => {
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      await eventually(async () => (await service.failed()).events).toMatchObject([
        { eventId: event.id, handler: 'Handlers.broken', reason: 'out of order', attempts: 3 },
      ]);
      await eventually(() => seen.length).toBe(4);
      seen.length = 0;
      return event.id;
    };
    const first = await fail();
    const [letter] = (await service.failed()).events;
    expect(Math.abs(Number(letter?.failedAt) - Date.now())).toBeLessThan(60_000);
    isBroken = false;
    expect(await service.replay(first, { all: true })).toBe(2);
    await eventually(() => [...seen].sort()).toEqual([`broken ${first}`, `sound ${first}`]);
    await eventually(async () => (await service.failed()).events).toEqual([]);
    isBroken = true;
    seen.length = 0;
    const second = await fail();
    expect(await service.discard(second)).toBe(1);
    expect((await service.failed()).events).toEqual([]);
    expect(server.logs.matching(/foreign_job|queue_error/)).toEqual([]);
  });
});
