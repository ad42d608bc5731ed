import type { INestApplicationContext } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { type DeliveryAnswer, ScalekitWebhookService } from '../../lib/index.js';
import { ServiceApp } from './service-app.js';
import { type LogLines, PLATFORMS, WebhookApp, type WebhookAppSetup } from './webhook-app.js';

export type Setup = Pick<WebhookAppSetup, 'webhook' | 'providers' | 'imports'>;

/** An application that deliveries can be given to, however. */
export interface Receiver {
  readonly app: INestApplicationContext;
  readonly logs: LogLines;
  receive(rawBody: string, headers: Record<string, string>): Promise<DeliveryAnswer>;
}

async function overHttp(setup: Setup, adapter: AbstractHttpAdapter): Promise<Receiver> {
  const server = await WebhookApp.start({ ...setup, adapter });
  return {
    app: server.app,
    logs: server.logs,
    receive: async (rawBody, sent) => {
      const { status, body, headers } = await server.post(rawBody, sent);
      const retryAfter = headers.get('retry-after');
      return { statusCode: status, body, headers: retryAfter === null ? {} : { 'retry-after': retryAfter } };
    },
  };
}

async function byService(setup: Setup): Promise<Receiver> {
  const server = await WebhookApp.start(setup);
  const service = server.app.get(ScalekitWebhookService);
  return {
    app: server.app,
    logs: server.logs,
    receive: (rawBody, headers) => service.receive({ rawBody, headers }),
  };
}

async function byServiceWithoutHttp(setup: Setup): Promise<Receiver> {
  const { app, logs } = await ServiceApp.start(setup);
  const service = app.get(ScalekitWebhookService);
  return { app, logs, receive: (rawBody, headers) => service.receive({ rawBody, headers }) };
}

/** The same delivery comes to the same answer over all of these. */
export const TRANSPORTS: readonly { transport: string; open: (setup: Setup) => Promise<Receiver> }[] = [
  ...PLATFORMS.map(({ platform, adapter }) => ({
    transport: `over HTTP on ${platform}`,
    open: (setup: Setup) => overHttp(setup, adapter()),
  })),
  { transport: 'by the service of an HTTP application', open: byService },
  { transport: 'by the service of an application context', open: byServiceWithoutHttp },
];
