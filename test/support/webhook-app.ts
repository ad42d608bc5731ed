import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { inspect } from 'node:util';
import {
  type INestApplication,
  Logger,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
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
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
];

export class LogLines implements LoggerService {
  /** All but those of `debug` and `verbose`. */
  readonly lines: string[] = [];
  readonly debugLines: string[] = [];
  /** Whatever was passed to the logger, at any level: messages, stacks and contexts. */
  readonly everything: string[] = [];
  log = this.writer('log');
  warn = this.writer('warn');
  error = this.writer('error');
  fatal = this.writer('fatal');
  debug = this.writer('debug', false);
  verbose = this.writer('verbose', false);

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }

  private writer(level: string, isLine = true): (...args: unknown[]) => void {
    return (...args) => {
      const [message] = args;
      this.everything.push(inspect(args, { depth: 10, maxStringLength: null }));
      const text = message instanceof Error ? (message.stack ?? message.message) : String(message);
      if (isLine) {
        this.lines.push(`${level}: ${text}`);
      } else {
        this.debugLines.push(`${level}: ${text}`);
      }
    };
  }
}

type ForRoot = Partial<ScalekitWebhookModuleOptions> & ScalekitWebhookModuleExtras;

export interface WebhookAppSetup extends Pick<ModuleMetadata, 'providers' | 'controllers' | 'imports'> {
  /** Passed to `forRoot`; the secret is there already. `null`: no registration but those in `imports`. */
  webhook?: ForRoot | null;
  adapter?: AbstractHttpAdapter;
  application?: { rawBody?: boolean; bodyParser?: boolean };
  /** Between `create` and `listen`, where users call `setGlobalPrefix` and the like. */
  configure?: (app: INestApplication) => void;
  logs?: LogLines;
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

  static async start({
    webhook = {},
    adapter,
    application,
    configure,
    logs = new LogLines(),
    ...module
  }: WebhookAppSetup = {}): Promise<WebhookApp> {
    @Module({
      ...module,
      imports: [
        ...(webhook === null ? [] : [ScalekitWebhookModule.forRoot({ secret: SECRET, ...webhook })]),
        ...(module.imports ?? []),
      ],
    })
    class AppModule {}
    // An application that chose levels has left them for all that come after it in the process.
    Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
    const options: object = { logger: logs, abortOnError: false, ...application };
    const app = await NestFactory.create<NestExpressApplication>(
      AppModule,
      adapter ?? new ExpressAdapter(),
      options,
    );
    try {
      configure?.(app);
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close();
      throw error;
    }
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    return new WebhookApp(app, logs, `http://127.0.0.1:${port}`);
  }

  /** For what stops the boot: the error, and what was logged. */
  static async failToStart(setup: WebhookAppSetup): Promise<{ error: Error; logs: LogLines }> {
    const logs = new LogLines();
    let server: WebhookApp;
    try {
      server = await WebhookApp.start({ ...setup, logs });
    } catch (error) {
      return { error: error as Error, logs };
    }
    await server.close();
    throw new Error('The application started.');
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async post(
    body: string | Uint8Array,
    headers: Record<string, string>,
    path = '/webhooks/scalekit',
  ): Promise<Answer> {
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

export function anEvent(
  type = 'user.created',
  fields: object = {},
): { id: string; type: string; data: object } {
  lastId++;
  return {
    id: `evt_${lastId}`,
    type,
    data: { userId: `usr_${lastId}`, email: `person-${lastId}@example.com` },
    ...fields,
  };
}
