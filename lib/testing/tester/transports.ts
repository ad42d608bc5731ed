import { Buffer } from 'node:buffer';
import type { INestApplication, INestApplicationContext, InjectionToken } from '@nestjs/common';
import { RawBodyInstaller } from '../../raw-body/raw-body.installer.js';
import type { Registration } from '../../receive/scalekit-webhook.controller.js';
import { ScalekitWebhookService } from '../../receive/scalekit-webhook.service.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { REGISTRATION } from '../../scalekit-webhook.tokens.js';
import type { SignedDelivery } from '../deliveries/signed-delivery.js';
import type { DeliveryResult } from './delivery-result.js';

/**
 * How a delivery gets into the application.
 *
 * - `http`: over a socket, as in production. The application has to listen.
 * - `inject`: through Fastify without a socket.
 * - `service`: to `ScalekitWebhookService.receive`, without HTTP: no routes, no global guards, no body parsers.
 *
 * @publicApi
 */
export type TesterTransport = 'http' | 'inject' | 'service';

/** @param signal hangs up, where there is a connection */
export type Send = (
  delivery: SignedDelivery,
  signal?: AbortSignal,
) => Promise<Omit<DeliveryResult, 'handlers'>>;

export interface TransportTarget {
  readonly app: INestApplicationContext;
  readonly endpoint: string;
  readonly path: string | undefined;
}

/** What Fastify's instance has, and Express's has not. */
interface Injectable {
  inject(request: object): Promise<{
    readonly statusCode: number;
    readonly payload: string;
    readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  }>;
}

/** The way that is nearest to production. */
export function nearestTransport(app: INestApplicationContext): TesterTransport {
  if (!hasHttp(app)) return 'service';
  if (isListening(app)) return 'http';
  return injectableOf(app) ? 'inject' : 'service';
}

export function createSend(transport: TesterTransport, target: TransportTarget): Send {
  switch (transport) {
    case 'http':
      return overHttp(target);
    case 'inject':
      return byInject(target);
    case 'service':
      return byService(target);
  }
}

function overHttp(target: TransportTarget): Send {
  const { app } = target;
  if (!hasHttp(app) || !isListening(app)) {
    throw misuse('"http" needs an application that listens: await app.listen(0) first');
  }
  return async ({ method, headers, rawBody }, signal) => {
    const url = (await app.getUrl()) + pathOf(target);
    const body = Buffer.from(rawBody);
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: 'manual',
      ...(signal && { signal }),
    });
    return {
      status: response.status,
      body: await response.text(),
      headers: Object.fromEntries(response.headers),
    };
  };
}

function byInject(target: TransportTarget): Send {
  const instance = hasHttp(target.app) ? injectableOf(target.app) : undefined;
  if (!instance) {
    throw misuse('"inject" needs a NestFastifyApplication: use "http" or "service" with this one');
  }
  return async ({ method, headers, rawBody }) => {
    const url = pathOf(target);
    const answer = await instance.inject({ method, url, headers, payload: Buffer.from(rawBody) });
    return {
      status: answer.statusCode,
      body: answer.payload,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      ),
    };
  };
}

function byService({ app, endpoint }: TransportTarget): Send {
  const service = ofEndpoint(app, endpoint, ScalekitWebhookService);
  return async ({ headers, rawBody }) => {
    const { statusCode, ...answer } = await service.receive({ headers, rawBody });
    return { status: statusCode, ...answer };
  };
}

/** The provider that an endpoint has of its own. */
export function ofEndpoint<T>(app: INestApplicationContext, endpoint: string, token: InjectionToken<T>): T {
  const everywhere = { strict: false, each: true } as const;
  // Both are of the module that forRoot made, so they come in the same order.
  const registrations = app.get<Registration>(REGISTRATION, everywhere);
  const providers = app.get<T>(token, everywhere);
  const provider = providers[registrations.findIndex(({ name }) => name === endpoint)];
  if (!provider) {
    const names = registrations.map(({ name }) => `"${name}"`).join(', ');
    throw misuse(`the application has no endpoint "${endpoint}", but ${names}`);
  }
  return provider;
}

function pathOf({ app, endpoint, path }: TransportTarget): string {
  const known = path ?? app.get(RawBodyInstaller, { strict: false }).pathsOf(endpoint)[0];
  if (known === undefined) {
    throw misuse(`no route of an endpoint "${endpoint}" was found: set endpoint or path`);
  }
  return known.startsWith('/') ? known : `/${known}`;
}

function hasHttp(app: INestApplicationContext): app is INestApplication {
  return 'getHttpAdapter' in app;
}

function isListening(app: INestApplication): boolean {
  const server = app.getHttpServer() as { readonly listening?: boolean } | undefined;
  return server?.listening === true;
}

function injectableOf(app: INestApplication): Injectable | undefined {
  const instance: unknown = app.getHttpAdapter().getInstance();
  return typeof instance === 'object' && instance !== null && 'inject' in instance
    ? (instance as Injectable)
    : undefined;
}

function misuse(what: string): ScalekitWebhookError {
  return new ScalekitWebhookError('invalid_tester', `ScalekitWebhookTester can't deliver: ${what}.`);
}
