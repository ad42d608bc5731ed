import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScalekitWebhookModule, ScalekitWebhookService, signWebhook } from '../../lib/index.js';
import { type Answer, LogLines, SECRET, type WebhookAppSetup } from './webhook-app.js';

/** An application without a server: what handlers do is the same on every platform. */
export class ServiceApp {
  private constructor(
    readonly app: INestApplicationContext,
    readonly logs: LogLines,
  ) {}

  static async start({
    webhook,
    imports = [],
    providers = [],
  }: Pick<WebhookAppSetup, 'webhook' | 'imports' | 'providers'>): Promise<ServiceApp> {
    @Module({
      imports: [ScalekitWebhookModule.forRoot({ secret: SECRET, ...webhook }), ...imports],
      providers,
    })
    class AppModule {}
    const logs = new LogLines();
    const app = await NestFactory.createApplicationContext(AppModule, { logger: logs, abortOnError: false });
    return new ServiceApp(app, logs);
  }

  /** Signs an event and gives it to `ScalekitWebhookService`. */
  async deliver(event: object): Promise<Answer> {
    const rawBody = JSON.stringify(event);
    const headers = { ...signWebhook({ body: rawBody, secret: SECRET }) };
    const answer = await this.app.get(ScalekitWebhookService).receive({ rawBody, headers });
    return { status: answer.statusCode, body: answer.body, headers: new Headers({ ...answer.headers }) };
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
