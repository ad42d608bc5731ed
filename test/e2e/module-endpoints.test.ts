import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, ScalekitWebhookModule } from '../../lib/index.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const BILLING_SECRET = 'whsec_YmlsbGluZy1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXQ';
const BILLING_PATH = '/hooks/billing';

const main = () => ScalekitWebhookModule.forRoot({ secret: SECRET });
const billing = () =>
  ScalekitWebhookModule.forRootAsync({
    name: 'billing',
    path: BILLING_PATH,
    useFactory: () => ({ secret: BILLING_SECRET }),
  });

@Injectable()
class Listeners {
  readonly runs: string[] = [];

  @OnScalekitEvent('user.*')
  ofAll(event: { id: string }, { endpoint }: { endpoint: string }): void {
    this.runs.push(`all: ${event.id} at ${endpoint}`);
  }

  @OnScalekitEvent('user.*', { endpoint: 'billing' })
  ofBilling(event: { id: string }): void {
    this.runs.push(`billing: ${event.id}`);
  }

  @OnScalekitEvent('user.created', { endpoint: 'billing' })
  @OnScalekitEvent('user.deleted', { endpoint: 'default' })
  ofEach(event: { id: string; type: string }): void {
    this.runs.push(`each: ${event.id} ${event.type}`);
  }
}

describe.each(PLATFORMS)('two endpoints on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let listeners: Listeners;
  afterEach(() => server.close());

  const start = async () => {
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: null,
      imports: [main(), billing()],
      providers: [Listeners],
    });
    listeners = server.app.get(Listeners);
  };
  const toMain = (event: object, secret = SECRET) => server.deliver(event, { secret });
  const toBilling = (event: object, secret = BILLING_SECRET) =>
    server.deliver(event, { secret, path: BILLING_PATH });

  it('have secrets of their own', async () => {
    await start();
    expect(await toMain(anEvent())).toMatchObject({ status: 200 });
    expect(await toBilling(anEvent())).toMatchObject({ status: 200 });
    expect(await toMain(anEvent(), BILLING_SECRET)).toMatchObject({ status: 401 });
    expect(await toBilling(anEvent(), SECRET)).toMatchObject({ status: 401 });
  });

  it('both take an event of the same id, each once', async () => {
    await start();
    const event = anEvent('user.updated');
    expect(await toMain(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await toBilling(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await toMain(event)).toMatchObject({ status: 200, body: 'Already processed' });
    expect(await toBilling(event)).toMatchObject({ status: 200, body: 'Already processed' });
    expect(listeners.runs).toEqual([
      `all: ${event.id} at default`,
      `all: ${event.id} at billing`,
      `billing: ${event.id}`,
    ]);
  });

  it('share the handlers that name no endpoint, and have for themselves those that name it', async () => {
    await start();
    const [created, deleted] = [anEvent('user.created'), anEvent('user.deleted')];
    await toMain(created);
    await toMain(deleted);
    expect(listeners.runs.filter((run) => !run.startsWith('all'))).toEqual([
      `each: ${deleted.id} user.deleted`,
    ]);
    listeners.runs.length = 0;
    await toBilling(created);
    await toBilling(deleted);
    expect(listeners.runs.filter((run) => !run.startsWith('all'))).toEqual([
      `billing: ${created.id}`,
      `each: ${created.id} user.created`,
      `billing: ${deleted.id}`,
    ]);
  });

  it('are told apart in the log, by name', async () => {
    await start();
    await toMain(anEvent(), BILLING_SECRET);
    await toBilling(anEvent(), SECRET);
    expect(server.logs.matching(/warn: .*signs no timestamp/)).toEqual([
      expect.stringMatching(/^warn: \[default, billing\] The scheme/),
    ]);
    expect(server.logs.matching(/log: \[default\] POST \/webhooks\/scalekit;/)).toHaveLength(1);
    expect(server.logs.matching(/log: \[billing\] POST \/hooks\/billing;/)).toHaveLength(1);
    expect(server.logs.matching(/warn: \[default\] signature_mismatch/)).toHaveLength(1);
    expect(server.logs.matching(/warn: \[billing\] signature_mismatch/)).toHaveLength(1);
    expect(
      server.logs.matching(/Handlers of Listeners: .*ofBilling ← [^;]*\(endpoint billing\)/),
    ).toHaveLength(1);
  });
});

describe.each(PLATFORMS)('endpoints that do not fit on $platform', ({ adapter }) => {
  const failToStart = (setup: Parameters<typeof WebhookApp.failToStart>[0]) =>
    WebhookApp.failToStart({ adapter: adapter(), webhook: null, ...setup });

  it('stop the boot when two have the same name, and the error says what to do', async () => {
    const again = ScalekitWebhookModule.forRoot({ secret: BILLING_SECRET, path: 'hooks/again' });
    const { error } = await failToStart({ imports: [main(), again] });
    expect(error).toMatchObject({ code: 'duplicate_endpoint' });
    expect(error.message).toMatch(
      /registered twice under the name "default".*a name of its own: forRoot\(\{ name/,
    );
  });

  it.each([
    ['hooks/in', 'hooks/in'],
    ['hooks/in', '/hooks/in'],
    ['hooks/in', 'hooks/in/'],
    ['hooks/in', 'Hooks/In'],
  ])('stop the boot when two have the same path, "%s" and "%s"', async (path, samePath) => {
    const { error } = await failToStart({
      imports: [
        ScalekitWebhookModule.forRoot({ secret: SECRET, path }),
        ScalekitWebhookModule.forRoot({ name: 'billing', secret: BILLING_SECRET, path: samePath }),
      ],
    });
    expect(error).toMatchObject({ code: 'duplicate_endpoint' });
    expect(error.message).toMatch(/"default" and "billing" share the path.*Give each its own path/);
  });

  it('stop the boot when a handler names one that is not there, and the error names those that are', async () => {
    @Injectable()
    class Typist {
      @OnScalekitEvent('user.created', { endpoint: 'typo' })
      sync(): void {}
    }
    const { error } = await failToStart({ imports: [main(), billing()], providers: [Typist] });
    expect(error).toMatchObject({ code: 'unknown_endpoint' });
    expect(error.message).toMatch(/^Typist\.sync listens to the endpoint "typo"/);
    expect(error.message).toContain('"default", "billing"');
    expect(error.message).toContain('forRoot({ name: "typo", … })');
  });
});
