import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Injectable } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import type { InspectorState } from '../../lib/inspector/inspector.api.js';
import { Gate } from '../support/gate.js';
import { getJson, InspectorReader, startInspected } from '../support/inspector-app.js';
import { makeTlsFiles } from '../support/tls-files.js';
import { anEvent, PLATFORMS, type WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Handlers {
  gate: Gate | undefined;

  @OnScalekitEvent('*')
  async handle(): Promise<void> {
    await this.gate?.pass();
  }
}

describe.each(PLATFORMS)('the stream of entries on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let readers: InspectorReader[] = [];
  const start = async (setup: Parameters<typeof startInspected>[0] = {}) => {
    server = await startInspected({ adapter: adapter(), providers: [Handlers], ...setup });
  };
  const open = async (query = '', headers: Record<string, string> = {}) => {
    const reader = await InspectorReader.open(
      `${server.url}/webhooks/inspector/api/entries${query}`,
      headers,
    );
    readers.push(reader);
    return reader;
  };
  const deliver = async (count: number) => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const event = anEvent();
      await server.deliver(event);
      ids.push(event.id);
    }
    return ids;
  };
  const idsOf = (reader: InspectorReader | undefined) => reader?.deliveries.map(({ eventId }) => eventId);

  afterEach(async () => {
    readers.forEach((reader) => {
      reader.close();
    });
    readers = [];
    await server.close();
  });

  it('sends what is kept, then what changes, to all pages that are open', async () => {
    await start();
    const before = await deliver(2);
    const [one, other] = [await open(), await open()];
    await expect.poll(() => idsOf(one)).toEqual(before);
    await expect.poll(() => idsOf(other)).toEqual(before);
    const after = await deliver(2);
    await expect.poll(() => idsOf(one)).toEqual([...before, ...after]);
    const late = await open();
    await expect.poll(() => idsOf(late)).toEqual([...before, ...after]);
    await expect.poll(() => [...other.entries.values()]).toEqual([...late.entries.values()]);
    expect(one.events.map(({ event }) => event)).not.toContain('reset');
    expect(one.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
    });
  });

  it('sends a delivery while its handlers run, and again when they have ended', async () => {
    await start();
    const handlers = server.app.get(Handlers);
    handlers.gate = new Gate();
    const reader = await open();
    const answer = server.deliver(anEvent());
    await expect.poll(() => reader.calls.map(({ stage }) => stage)).toEqual(['running']);
    expect(reader.deliveries).toMatchObject([{ type: 'user.created', attempt: 1 }]);
    expect(reader.deliveries[0]).not.toHaveProperty('outcome');
    handlers.gate.release();
    await answer;
    await expect.poll(() => reader.calls.map(({ stage }) => stage)).toEqual(['completed']);
    await expect.poll(() => reader.deliveries[0]?.outcome).toBe('handled');
    expect(reader.entries.size).toBe(2);
  });

  it.each(['Last-Event-ID', 'after'])('goes on after the position that %s names', async (name) => {
    await start();
    await deliver(2);
    const first = await open();
    await expect.poll(() => idsOf(first)).toHaveLength(2);
    const position = first.lastId ?? '';
    first.close();
    const missed = await deliver(1);
    const second =
      name === 'after' ? await open(`?after=${position}`) : await open('', { 'Last-Event-ID': position });
    await expect.poll(() => idsOf(second)).toEqual(missed);
    expect(second.events.map(({ event }) => event)).not.toContain('reset');
  });

  it.each(['x', '0-1', "1' OR 1=1", '%0A', '9'.repeat(500)])(
    'begins anew after %j, which is no position',
    async (position) => {
      await start();
      const ids = await deliver(2);
      const reader = await open(`?after=${position}`);
      await expect.poll(() => idsOf(reader)).toEqual(ids);
      expect(reader.events[0]).toEqual({ event: 'reset', id: undefined, data: {} });
    },
  );

  it('begins anew where what comes next has gone, and keeps no more than its capacity', async () => {
    await start({ inspector: { capacity: 10 } });
    const live = await open();
    await deliver(2);
    await expect.poll(() => live.lastId).toBeDefined();
    const position = live.lastId ?? '';
    // Each time, the log has taken what came before.
    for (let round = 1; round <= 4; round++) {
      const [last] = (await deliver(3)).slice(-1);
      await expect.poll(() => live.calls.some((call) => call.eventId === last)).toBe(true);
    }
    const late = await open(`?after=${position}`);
    await expect.poll(() => late.events[0]?.event).toBe('reset');
    await expect.poll(() => late.entries.size).toBe(10);
    const fresh = await open();
    await expect.poll(() => fresh.entries.size).toBe(10);
    expect([...fresh.entries.keys()]).toEqual([...late.entries.keys()]);
  });

  it('does not wait for a page that reads nothing', async () => {
    await start({ inspector: { showPayloads: true } });
    const { port } = server;
    const stuck = connect(port, '127.0.0.1');
    stuck.write('GET /webhooks/inspector/api/entries HTTP/1.1\r\nhost: x\r\n\r\n');
    stuck.pause();
    const reader = await open();
    const ids = await deliver(30);
    await expect.poll(() => idsOf(reader)).toEqual(ids);
    stuck.destroy();
  });

  it('ends with the application, which does not wait for pages', async () => {
    await start();
    const all = await Promise.all(Array.from({ length: 5 }, () => open()));
    const stuck = connect(server.port, '127.0.0.1');
    stuck.write('GET /webhooks/inspector/api/entries HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => stuck.bytesRead).toBeGreaterThan(0);
    await deliver(1);
    await server.close();
    await expect.poll(() => all.map(({ hasEnded }) => hasEnded)).toEqual(all.map(() => true));
    stuck.destroy();
    await start();
  });

  it('has only what came to its own application', async () => {
    await start();
    const neighbour = await startInspected({ adapter: adapter(), providers: [Handlers] });
    try {
      const [ours] = await deliver(1);
      await neighbour.deliver(anEvent());
      const reader = await open();
      const others = await InspectorReader.open(`${neighbour.url}/webhooks/inspector/api/entries`);
      readers.push(others);
      await expect.poll(() => idsOf(reader)).toEqual([ours]);
      await expect.poll(() => idsOf(others)).toHaveLength(1);
      expect(idsOf(others)).not.toEqual([ours]);
      await expect.poll(() => others.calls).toHaveLength(1);
      expect(reader.calls).toHaveLength(1);
      const state = await getJson<InspectorState>(`${neighbour.url}/webhooks/inspector/api/state`);
      expect(state.processes).toHaveLength(1);
    } finally {
      await neighbour.close();
    }
  });
});

it('ends with the application over HTTP/2, although the page comes again over the same connection', async () => {
  const tls = makeTlsFiles(1);
  const adapter = new FastifyAdapter({ http2: true, https: { key: tls.key, cert: tls.cert } } as object);
  const server = await startInspected({ adapter });
  const session = connectHttp2(server.url.replace('http:', 'https:'), { ca: tls.cert });
  const open = () => {
    const stream = session.request({ ':path': '/webhooks/inspector/api/entries' });
    stream.on('error', () => undefined).on('close', () => session.closed || open());
    return stream.resume();
  };
  await once(open(), 'response');
  await server.close();
  expect(session.closed).toBe(true);
  tls.remove();
});
