import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope, UnrecoverableEventError } from '../../lib/index.js';
import type { InspectorState, InspectorStats } from '../../lib/inspector/inspector.api.js';
import { PAGE } from '../../lib/inspector/page.html.js';
import { detailOf, getJson, InspectorReader, startInspected } from '../support/inspector-app.js';
import { anEvent, PLATFORMS, type WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Handlers {
  @OnScalekitEvent('user.*')
  syncs(event: ScalekitEnvelope): unknown {
    return event.data;
  }

  @OnScalekitEvent('user.deleted')
  gives_up({ data }: ScalekitEnvelope): void {
    throw new UnrecoverableEventError(`no such person: ${JSON.stringify(data)}`, {
      cause: new Error('gone'),
    });
  }
}

describe.each(PLATFORMS)('the inspector on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let reader: InspectorReader | undefined;
  const base = () => `${server.url}/webhooks/inspector`;
  const start = async (setup: Parameters<typeof startInspected>[0] = {}) => {
    server = await startInspected({ adapter: adapter(), providers: [Handlers], ...setup });
  };

  afterEach(async () => {
    reader?.close();
    await server.close();
  });

  it('shows a delivery with its calls, times, headers and error', async () => {
    await start();
    reader = await InspectorReader.open(`${base()}/api/entries`);
    const event = anEvent('user.deleted', { organization_id: 'org_1' });
    expect((await server.deliver(event)).status).toBe(200);
    await server.post('{"id":"evt_x"}', {
      'webhook-signature': 'v1,AAAA',
      'user-agent': 'Svix-Webhooks/1.0',
    });
    await expect.poll(() => reader?.deliveries.filter(({ outcome }) => outcome)).toHaveLength(2);
    await expect
      .poll(() => reader?.calls.map(({ stage }) => stage).sort())
      .toEqual(['completed', 'given_up']);

    const [handled, refused] = reader.deliveries;
    expect(handled).toMatchObject({
      ...{ endpoint: 'default', source: 'webhook', eventId: event.id, type: 'user.deleted', status: 200 },
      ...{ organizationId: 'org_1', scheme: 'standard', attempt: 1, outcome: 'handled', reason: 'handled' },
    });
    const { readMs = NaN, verifiedMs = NaN, claimedMs = NaN, durationMs = NaN } = handled ?? {};
    const times = [readMs, verifiedMs, claimedMs, durationMs];
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'malformed_header', status: 401 });
    expect(refused).not.toHaveProperty('eventId');

    const { detail, calls } = await detailOf(base(), handled?.key ?? '');
    expect(detail).toMatchObject({ size: JSON.stringify(event).length, secret: 0 });
    expect(Math.abs(detail.clockMs ?? NaN)).toBeLessThan(60_000);
    expect(detail.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(detail.headers?.['webhook-signature']).toMatch(/^v1,.{13}…$/);
    expect(detail).not.toHaveProperty('payload');
    const failed = calls.find(({ call }) => call.stage === 'given_up');
    expect(failed?.call).toMatchObject({ handler: 'Handlers.gives_up', eventId: event.id, attempt: 1 });
    expect(failed?.call.error).toEqual({ name: 'UnrecoverableEventError', code: 'unrecoverable_event' });
    expect(failed?.detail.error).toContain('Caused by: Error: gone');
    expect(failed?.detail.error).toContain('inspector.test');
    expect(failed?.detail.error).not.toContain('example.com');
    const ofRefused = (await detailOf(base(), refused?.key ?? '')).detail;
    expect(ofRefused).toMatchObject({ headers: { 'user-agent': 'Svix-Webhooks/1.0' } });
    expect(JSON.stringify(ofRefused)).not.toContain('evt_x');
  });

  it.each(['', '/', '/?a=b#c'])('serves its page at its path with %j', async (tail) => {
    await start();
    const page = await fetch(`${base()}${tail}`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toBe(PAGE);
    expect((await fetch(`${base()}/else`)).status).toBe(404);
    expect((await fetch(`${base()}/else/`)).status).toBe(404);
    expect((await fetch(`${base()}/api/`)).status).toBe(404);
  });

  it('tells what its endpoints are, and what came to them', async () => {
    await start();
    await server.deliver(anEvent('user.created'));
    await server.deliver(anEvent('user.created'), { scheme: 'timestamped' });
    await server.deliver(anEvent('organization.created'));
    await server.post('{}', {});
    const state = () => getJson<InspectorState>(`${base()}/api/state`);
    await expect
      .poll(async () => (await state()).endpoints[0]?.receivedTypes)
      .toEqual({ 'user.created': 2, 'organization.created': 1 });
    const answer = await state();
    expect(answer).toMatchObject({ showPayloads: false, capacity: 1_000, isShared: false });
    expect(answer.processes).toHaveLength(1);
    expect(answer.processes[0]).toMatch(new RegExp(`:${process.pid}$`));
    expect(answer.endpoints).toMatchObject([
      {
        ...{ name: 'default', path: '/webhooks/scalekit', role: 'both', dispatcher: 'inline' },
        store: 'MemoryIdempotencyStore',
        schemes: ['standard', 'timestamped', 'digest'],
        handlers: [
          { name: 'Handlers.syncs', patterns: ['user.*'] },
          { name: 'Handlers.gives_up', patterns: ['user.deleted'] },
        ],
        seenSchemes: { standard: 2, timestamped: 1 },
        lastSecret: { position: 0, of: 1 },
        hasFailed: true,
      },
    ]);
    expect(answer.endpoints[0]?.subscribedTypes).toContain('user.created');
    expect(answer.endpoints[0]?.subscribedTypes).not.toContain('organization.created');

    for (const window of ['15m', '24h'] as const) {
      const stats = await getJson<InspectorStats>(`${base()}/api/stats?window=${window}`);
      const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
      expect(stats.at).toHaveLength(window === '15m' ? 90 : 288);
      expect(total(stats.outcomes.handled)).toBe(3);
      expect(total(stats.outcomes.refused)).toBe(1);
      const times = [stats.p50, stats.p95, stats.p99].map((all) => Math.max(...all.map(Number)));
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(times[0]).toBeGreaterThan(0);
    }
  });
});

it('counts on when the clock is set back', async () => {
  const server = await startInspected({});
  const refused = async () => {
    const { outcomes } = await getJson<InspectorStats>(`${server.url}/webhooks/inspector/api/stats`);
    return outcomes.refused.reduce((sum, many) => sum + many, 0);
  };
  await server.post('{}', {});
  await expect.poll(refused, { timeout: 20_000 }).toBe(1);
  const { now } = Date;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  try {
    await server.post('{}', {});
    await expect.poll(refused, { timeout: 20_000 }).toBe(1);
  } finally {
    clock.mockRestore();
    await server.close();
  }
});
