import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryIdempotencyStore, OnScalekitEvent } from '../../lib/index.js';
import { anEvent, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

const runs: string[] = [];

@Injectable()
class Billing {
  @OnScalekitEvent('*')
  invoice({ id }: { id: string }): void {
    runs.push(`billing ${id}`);
  }
}

@Injectable()
class Crm {
  @OnScalekitEvent('*')
  sync({ id }: { id: string }): void {
    runs.push(`crm ${id}`);
  }
}

const apps: WebhookApp[] = [];

async function start(setup: WebhookAppSetup): Promise<WebhookApp> {
  const app = await WebhookApp.start(setup);
  apps.push(app);
  return app;
}

describe('two applications that share a store', () => {
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    runs.length = 0;
  });

  it('each handle every event when their namespaces differ', async () => {
    const idempotency = { store: new MemoryIdempotencyStore() };
    const billing = await start({ webhook: { namespace: 'billing', idempotency }, providers: [Billing] });
    const crm = await start({ webhook: { namespace: 'crm', idempotency }, providers: [Crm] });
    const event = anEvent();
    expect((await billing.deliver(event)).body).toBe('OK');
    expect((await crm.deliver(event)).body).toBe('OK');
    expect((await billing.deliver(event)).body).toBe('Already processed');
    expect(runs).toEqual([`billing ${event.id}`, `crm ${event.id}`]);
  });

  it('do not start with different handlers and no namespace: the error names it', async () => {
    const idempotency = { store: new MemoryIdempotencyStore() };
    await start({ webhook: { idempotency }, providers: [Billing] });
    const { error } = await WebhookApp.failToStart({ webhook: { idempotency }, providers: [Crm] });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toMatch(/can't start: namespace must be set, .*Billing\.invoice.*namespace: '…'/);
    await start({ webhook: { namespace: 'crm', idempotency }, providers: [Crm] });
    await start({ webhook: { idempotency }, providers: [Billing, Crm] });
  });

  it('start one after the other, or with an endpoint of another name each', async () => {
    const idempotency = { store: new MemoryIdempotencyStore() };
    const billing = await start({ webhook: { idempotency }, providers: [Billing] });
    await start({ webhook: { name: 'crm', path: 'crm', idempotency }, providers: [Crm] });
    await billing.close();
    await start({ webhook: { idempotency }, providers: [Crm] });
  });

  it('start where one of them has no handlers', async () => {
    const idempotency = { store: new MemoryIdempotencyStore() };
    await start({ webhook: { idempotency }, providers: [Billing] });
    await start({ webhook: { idempotency } });
  });

  it('share what is handled when they have the same namespace', async () => {
    const webhook = { namespace: 'billing', idempotency: { store: new MemoryIdempotencyStore() } };
    const one = await start({ webhook, providers: [Billing] });
    const other = await start({ webhook, providers: [Billing] });
    const event = anEvent();
    expect((await one.deliver(event)).body).toBe('OK');
    expect((await other.deliver(event)).body).toBe('Already processed');
    expect(runs).toEqual([`billing ${event.id}`]);
  });
});
