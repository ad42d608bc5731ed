import { readFileSync } from 'node:fs';
import { hasSubscribers } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DELIVERY_CHANNEL, OnScalekitEvent, UnrecoverableEventError } from '../../lib/index.js';
import { ATTRIBUTES } from '../../lib/telemetry/lifecycle-spans.js';
import { RegisteredTelemetry } from '../support/open-telemetry.js';
import { anEvent, PLATFORMS, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

const FORGED = { secret: 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM' };
const PARENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

describe.each(PLATFORMS)('OpenTelemetry on $platform', ({ adapter }) => {
  let telemetry: RegisteredTelemetry;
  let server: WebhookApp;
  let work: () => unknown = () => undefined;

  @Injectable()
  class UserSync {
    @OnScalekitEvent('user.*')
    upsert(): unknown {
      return work();
    }
  }

  beforeEach(() => {
    work = () => undefined;
    telemetry = new RegisteredTelemetry();
  });
  afterEach(async () => {
    await server.close();
    await telemetry.close();
  });

  const start = async (setup: WebhookAppSetup = {}) => {
    server = await WebhookApp.start({
      adapter: adapter(),
      providers: [UserSync],
      configure: (app) =>
        app.use((request: { headers: Record<string, string> }, _response: unknown, next: () => void) => {
          const remote = propagation.extract(context.active(), request.headers);
          trace.getTracer('http').startActiveSpan('POST', {}, remote, (span) => {
            next();
            span.end();
          });
        }),
      ...setup,
    });
  };

  it('has a span for a delivery, below that of the request, and one for a handler below that', async () => {
    await start();
    let active: string | undefined;
    work = async () => {
      await Promise.resolve();
      active = trace.getActiveSpan()?.spanContext().spanId;
    };
    const event = anEvent('user.created', { organization_id: 'org_1' });
    await server.deliver(event);
    const [http, delivery, handler] = ['POST', 'process default', 'handle UserSync.upsert'].map((name) =>
      telemetry.spanOf(name),
    );
    expect(delivery?.parentSpanContext?.spanId).toBe(http?.spanContext().spanId);
    expect(handler?.parentSpanContext?.spanId).toBe(delivery?.spanContext().spanId);
    expect(active).toBe(handler?.spanContext().spanId);
    expect(delivery?.kind).toBe(SpanKind.CONSUMER);
    expect(delivery?.status.code).toBe(SpanStatusCode.UNSET);
    const id = {
      'messaging.system.name': 'scalekit',
      'messaging.destination.name': 'default',
      'messaging.operation.type': 'process',
      'messaging.message.id': event.id,
      'scalekit.event.type': 'user.created',
      'scalekit.organization.id': 'org_1',
      'scalekit.attempt': 1,
    };
    expect(delivery?.attributes).toEqual({
      ...id,
      'messaging.operation.name': 'process',
      'scalekit.delivery.id': handler?.attributes['scalekit.delivery.id'],
      'scalekit.signature.scheme': 'standard',
      'scalekit.delivery.source': 'webhook',
      'scalekit.delivery.outcome': 'handled',
      'scalekit.delivery.reason': 'handled',
      'http.response.status_code': 200,
    });
    expect(handler?.attributes).toMatchObject({
      ...id,
      'messaging.operation.name': 'handle',
      'scalekit.handler.name': 'UserSync.upsert',
    });
  });

  it('goes on with the trace of the request', async () => {
    await start();
    const body = JSON.stringify(anEvent());
    await server.post(body, { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` });
    expect(telemetry.spanOf('process default').spanContext().traceId).toBe(PARENT.traceId);
  });

  it('names attributes as the semantic conventions do', () => {
    const names = new Set<unknown>(Object.values(conventions));
    const ours = Object.values(ATTRIBUTES).filter((name) => !name.startsWith('scalekit.'));
    expect(ours.filter((name) => !names.has(name))).toEqual([]);
    expect(ATTRIBUTES.system).toBe(conventions.ATTR_MESSAGING_SYSTEM_NAME);
    expect(conventions.METRIC_MESSAGING_PROCESS_DURATION).toBe('messaging.process.duration');
    const { version } = JSON.parse(
      readFileSync(
        new URL('../../node_modules/@opentelemetry/semantic-conventions/package.json', import.meta.url),
        'utf8',
      ),
    ) as { version: string };
    const docs = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
    expect(docs).toContain(`release ${version}`);
  });

  it('marks what failed with the class of the error, and no word of it', async () => {
    await start();
    work = () => Promise.reject(new TypeError('jane@example.com'));
    await server.deliver(anEvent());
    expect(telemetry.spanOf('handle UserSync.upsert')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'TypeError' },
      events: [],
    });
    expect(telemetry.spanOf('process default')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'failed', 'http.response.status_code': 500 },
    });
  });

  it('counts deliveries by endpoint, type, outcome and reason, however many types there are', async () => {
    await start({ providers: [UserSync] });
    const event = anEvent('user.created');
    await server.deliver(event);
    await server.deliver(event);
    await server.deliver(anEvent(), FORGED);
    for (let i = 0; i < 20; i++) {
      await server.deliver(anEvent(`made.up_${i}`));
    }
    const endpoint = { 'messaging.destination.name': 'default' };
    const of = (outcome: string, reason: string, type?: string) => ({
      ...endpoint,
      'scalekit.delivery.source': 'webhook',
      'scalekit.delivery.outcome': outcome,
      'scalekit.delivery.reason': reason,
      ...(type && { 'scalekit.event.type': type }),
    });
    expect(await telemetry.points('scalekit_webhooks.deliveries')).toEqual([
      [of('handled', 'handled', 'user.created'), 1],
      [of('duplicate', 'done', 'user.created'), 1],
      [of('refused', 'signature_mismatch'), 1],
      [of('handled', 'handled', 'other'), 20],
    ]);
    expect(await telemetry.points('scalekit_webhooks.answer.duration')).toEqual([
      [{ ...endpoint, 'scalekit.delivery.outcome': 'handled' }, 21],
      [{ ...endpoint, 'scalekit.delivery.outcome': 'duplicate' }, 1],
      [{ ...endpoint, 'scalekit.delivery.outcome': 'refused' }, 1],
    ]);
    const ofHandler = { ...endpoint, 'scalekit.handler.name': 'UserSync.upsert' };
    expect(await telemetry.points('scalekit_webhooks.handler.calls')).toEqual([
      [{ ...ofHandler, 'scalekit.event.type': 'user.created', 'scalekit.handler.outcome': 'completed' }, 1],
    ]);
    expect(await telemetry.points('messaging.process.duration')).toEqual([
      [{ ...ofHandler, 'messaging.system.name': 'scalekit', 'messaging.operation.name': 'handle' }, 1],
    ]);
  });

  it('has gauges of running claims and failed events, and Prometheus reads all of it', async () => {
    await start();
    work = () => Promise.reject(new UnrecoverableEventError('no'));
    await server.deliver(anEvent());
    let during: unknown;
    work = async () => {
      during = await telemetry.points('scalekit_webhooks.claims.running');
    };
    await server.deliver(anEvent());
    const endpoint = { 'messaging.destination.name': 'default' };
    expect(during).toEqual([[endpoint, 1]]);
    expect(await telemetry.points('scalekit_webhooks.claims.running')).toEqual([[endpoint, 0]]);
    expect(await telemetry.points('scalekit_webhooks.failed_events')).toEqual([[endpoint, 1]]);
    const text = await telemetry.scrape();
    expect(text).toMatch(
      /^scalekit_webhooks_handler_calls_total\{[^}]*scalekit_handler_outcome="given_up"[^}]*\} 1$/m,
    );
    expect(text).toMatch(/^scalekit_webhooks_failed_events\{messaging_destination_name="default"[^}]*\} 1$/m);
    const names = new Set(Array.from(text.matchAll(/^(?:scalekit|messaging)_\w+/gm), ([name]) => name));
    const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    // Other ways to Prometheus than this exporter add the unit.
    const expressions = dashboard.replaceAll('(_seconds)?', '');
    const used = new Set(
      Array.from(expressions.matchAll(/\b(?:scalekit_webhooks|messaging_process)_\w+/g), ([name]) => name),
    );
    // What has no value yet is not there: the tests of queues and of catching up look at theirs.
    const isElsewhere = (name: string) => /catch_up|queue_lag/.test(name);
    expect([...used].filter((name) => !names.has(name) && !isElsewhere(name))).toEqual([]);
    expect(used.size).toBeGreaterThan(5);
    const labels = new Set(Array.from(text.matchAll(/[{,](\w+)="/g), ([, label]) => label));
    const { panels } = JSON.parse(dashboard) as {
      panels: { targets: { expr: string }[] }[];
    };
    const grouped = panels
      .flatMap(({ targets }) => targets)
      .flatMap(({ expr }) =>
        Array.from(expr.matchAll(/by \(([^)]*)\)/g), ([, list = '']) => list.split(/,\s*/)),
      )
      .flat();
    expect(grouped.filter((label) => !labels.has(label) && !isElsewhere(label))).toEqual([]);
  });

  it('is left alone when the application has closed', async () => {
    await start();
    await server.close();
    expect(hasSubscribers(DELIVERY_CHANNEL)).toBe(false);
    await start();
  });
});

describe('without OpenTelemetry', () => {
  it('nothing is listened to, and no claim costs a span', async () => {
    const server = await WebhookApp.start({
      configure: (app) => {
        app.useLogger(['error']);
      },
    });
    expect(hasSubscribers(DELIVERY_CHANNEL)).toBe(false);
    await server.close();
  });
});
