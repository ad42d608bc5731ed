import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { type INestApplication, type LoggerService, Module, type ModuleMetadata } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import {
  ScalekitWebhookModule,
  type ScalekitWebhookModuleExtras,
  type ScalekitWebhookModuleOptions,
  signWebhook,
  type WebhookScheme,
} from '../../lib/index.js';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Each end-to-end case runs on all of these. */
export const PLATFORMS: readonly { platform: string; adapter: () => AbstractHttpAdapter }[] = [
  { platform: 'Express', adapter: () => new ExpressAdapter() },
];

export class LogLines implements LoggerService {
  readonly lines: string[] = [];
  log = (message: unknown) => this.add('log', message);
  warn = (message: unknown) => this.add('warn', message);
  error = (message: unknown) => this.add('error', message);

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }

  private add(level: string, message: unknown): void {
    this.lines.push(`${level}: ${message instanceof Error ? (message.stack ?? message.message) : String(message)}`);
  }
}

type ForRoot = Partial<ScalekitWebhookModuleOptions> & ScalekitWebhookModuleExtras;

export interface WebhookAppSetup extends Pick<ModuleMetadata, 'providers' | 'controllers' | 'imports'> {
  /** Passed to `forRoot`; the secret is there already. `null`: no registration but those in `imports`. */
  webhook?: ForRoot | null;
  adapter?: AbstractHttpAdapter;
  application?: Parameters<typeof NestFactory.create>[2];
  /** Between `create` and `listen`, where users call `setGlobalPrefix` and the like. */
  configure?: (app: INestApplication) => void;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

/** A real application on a real socket. */
export class WebhookApp {
  private constructor(
    readonly app: NestExpressApplication,
    readonly logs: LogLines,
    readonly url: string,
  ) {}

  static async start({ webhook = {}, adapter, application, configure, ...module }: WebhookAppSetup = {}): Promise<WebhookApp> {
    @Module({
      ...module,
      imports: [
        ...(webhook === null ? [] : [ScalekitWebhookModule.forRoot({ secret: SECRET, ...webhook })]),
        ...(module.imports ?? []),
      ],
    })
    class AppModule {}
    const logs = new LogLines();
    const options = { logger: logs, abortOnError: false, ...application };
    const app = await NestFactory.create<NestExpressApplication>(AppModule, adapter ?? new ExpressAdapter(), options);
    configure?.(app);
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    return new WebhookApp(app, logs, `http://127.0.0.1:${port}`);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async post(body: string | Uint8Array, headers: Record<string, string>, path = '/webhooks/scalekit'): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, body: await response.text(), headers: response.headers };
  }

  /** Signs and posts an event. */
  deliver(event: object, { scheme = 'standard', secret = SECRET, path }: Delivery = {}): Promise<Answer> {
    const body = JSON.stringify(event);
    return this.post(body, { ...signWebhook({ body, secret, scheme }) }, path);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

export interface Delivery {
  scheme?: WebhookScheme;
  secret?: string;
  path?: string;
}

let lastId = 0;

export function anEvent(type = 'user.created', fields: object = {}): { id: string; type: string; data: object } {
  lastId++;
  return { id: `evt_${lastId}`, type, data: { userId: `usr_${lastId}`, email: `person-${lastId}@example.com` }, ...fields };
}
