import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import fc from 'fast-check';
import { afterAll, expect, it, vi } from 'vitest';
import { type EndpointRole, ScalekitWebhookModule, signWebhook } from '../../../lib/index.js';
import { Recorder } from '../recorder.js';
import { type Answer, anEvent, LogLines, PLATFORMS, SECRET, WebhookApp } from '../webhook-app.js';
import { SettingsBench } from './settings-bench.js';
import { anySettings, refusedOptions, routing, SECRETS, type Settings, TEXT_SECRET } from './settings.js';

const WRONG_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
let lastEndpoint = 0;

/**
 * The property of this module's settings: either the boot stops with a message that names an option which can't work,
 * or a genuine delivery ends handled once, a duplicate is recognised, and forgeries are answered 401.
 */
export function itHoldsForSettings({ count, seed }: { count: number; seed: number }): void {
  const bench = SettingsBench.forThisFile();
  const title = `${count} combinations of settings (seed ${seed}) stop the boot by name, or handle an event once`;

  it(title, { timeout: 60_000 + count * 1_000 }, async () => {
    const tally = { refused: 0, handled: 0 };
    const property = fc.asyncProperty(anySettings, async (settings) => {
      tally[await checkSettings(settings, bench)]++;
    });
    await fc.assert(property, { seed, numRuns: count });
    console.log(`settings, seed ${seed}:`, tally);
    expect(tally.handled).toBeGreaterThan(count / 3);
  });
}

async function checkSettings(settings: Settings, bench: SettingsBench): Promise<'refused' | 'handled'> {
  const run = new SettingsRun(settings, bench);
  const refused = refusedOptions(settings);
  try {
    const refusal = await run.start().then(() => undefined, String);
    if (refused.length > 0 || refusal !== undefined) {
      expect(refusal).toMatch(new RegExp(`\\b(?:${refused.join('|') || 'nothing is wrong'})\\b`));
      return 'refused';
    }
    await run.deliver();
  } finally {
    await run.close();
  }
  expect(run.handled).toHaveLength(1);
  return 'handled';
}

/** The processes that these settings make: one, or one that receives and one that works. */
class SettingsRun {
  private readonly endpoint = `endpoint-${++lastEndpoint}`;
  private readonly recorders: Recorder[] = [];
  private readonly apps: { close(): Promise<void> }[] = [];
  private receiver: WebhookApp | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly bench: SettingsBench,
  ) {}

  get handled(): string[] {
    return this.recorders.flatMap(({ ids }) => ids);
  }

  async start(): Promise<void> {
    const { role } = this.settings;
    // The role in question first: it has to be refused by itself.
    await this.startProcess(role);
    if (role !== 'both') await this.startProcess(role === 'work' ? 'receive' : 'work');
  }

  async deliver(): Promise<void> {
    if (this.settings.secret.endsWith('refresh')) letSecretsGrowOld();
    const event = anEvent('user.created', { padding: 'x'.repeat(this.settings.padding) });
    const body = JSON.stringify(event);
    const forgeries = [{}, this.sign(body, WRONG_SECRET)].map((headers) => this.post(body, headers));
    expect(await this.post(body, this.sign(body))).toMatchObject({ status: 200, body: 'OK' });
    for (const forgery of forgeries) expect(await forgery).toMatchObject({ status: 401 });
    await vi.waitUntil(() => this.handled.length > 0, { timeout: 15_000, interval: 5 });
    expect(await this.post(body, this.sign(body))).toMatchObject({
      status: 200,
      body: expect.stringMatching(/^Already (?:processed|accepted)$/) as string,
    });
    expect(await this.post(`${body} `, this.sign(body))).toMatchObject({ status: 401 });
  }

  async close(): Promise<void> {
    for (const app of this.apps.splice(0).reverse()) await app.close();
  }

  private sign(body: string, secret = this.settings.secret === 'text' ? TEXT_SECRET : SECRET) {
    return { ...signWebhook({ body, secret, scheme: this.scheme }) };
  }

  /** The secret that is no base64 serves all others. */
  private get scheme() {
    const { scheme, secret } = this.settings;
    return secret === 'text' && scheme === 'standard' ? 'timestamped' : scheme;
  }

  private post(body: string, headers: Record<string, string>): Promise<Answer> {
    if (!this.receiver) throw new Error('Nothing receives.');
    return this.receiver.post(body, headers, routing(this.settings).url);
  }

  private async startProcess(role: EndpointRole): Promise<void> {
    const recorder = new Recorder();
    const providers = role === 'receive' ? [] : [{ provide: Recorder, useValue: recorder }];
    this.recorders.push(recorder);
    const { role: drawn, platform, rawBody, bodyParser } = this.settings;
    if (role === 'work' && drawn === 'receive') {
      this.apps.push(await startWithoutHttp({ imports: [this.register(role)], providers }));
      return;
    }
    const { globalPrefix, excluded, versioning } = routing(this.settings);
    const app = await WebhookApp.start({
      webhook: null,
      imports: [this.register(role)],
      providers,
      adapter: PLATFORMS.find((each) => each.platform === platform)?.adapter() as never,
      application: { rawBody, bodyParser },
      configure: (nest) => {
        if (globalPrefix) nest.setGlobalPrefix(globalPrefix, { exclude: excluded as string[] });
        if (versioning) nest.enableVersioning(versioning);
      },
    });
    this.apps.push(app);
    if (role !== 'work') this.receiver = app;
  }

  private register(role: EndpointRole): DynamicModule {
    const { secret, namespace, path, registration, onlyThatScheme, dispatcher, store } = this.settings;
    const extras = { name: this.endpoint, role };
    const options = {
      secret: SECRETS[secret]?.() as string,
      dispatcher: this.bench.dispatcher(dispatcher),
      idempotency: { store: this.bench.store(store) },
      ...(namespace !== '' && { namespace }),
      ...(onlyThatScheme && { signature: { schemes: [this.scheme] } }),
    };
    const route = path === '' ? {} : { path };
    switch (registration) {
      case 'forRoot':
        return ScalekitWebhookModule.forRoot({ ...extras, ...options, ...route });
      case 'forRootAsync':
        return ScalekitWebhookModule.forRootAsync({
          ...extras,
          useFactory: () => ({ ...options, ...route }),
        });
      case 'forRootAsync with a path':
        return ScalekitWebhookModule.forRootAsync({ ...extras, ...route, useFactory: () => options });
    }
  }
}

function startWithoutHttp(metadata: object): Promise<INestApplicationContext> {
  @Module(metadata)
  class WorkerModule {}
  return NestFactory.createApplicationContext(WorkerModule, { logger: new LogLines(), abortOnError: false });
}

let movedBy = 0;
const now = performance.now.bind(performance);
const moved = vi.spyOn(performance, 'now').mockImplementation(() => now() + movedBy);
afterAll(() => {
  moved.mockRestore();
});

/** Moves the monotonic clock past every secret's time in the cache. Nothing runs in the meantime. */
function letSecretsGrowOld(): void {
  movedBy += 61_000;
}
