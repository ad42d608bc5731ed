import { request } from 'node:http';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OnScalekitEvent, UnrecoverableEventError } from '../../lib/index.js';
import { ScalekitWebhookInspectorModule } from '../../lib/inspector/index.js';
import type { FailedAnswer } from '../../lib/inspector/inspector.api.js';
import { PAGE } from '../../lib/inspector/page.html.js';
import { getJson, InspectorReader, startInspected } from '../support/inspector-app.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

const GETS = [
  ...['', '/', '/api/state', '/api/entries', '/api/entries?after=x', '/api/deliveries?key=a'],
  ...['/api/stats', '/api/failed', '/api/failed?endpoint=default'],
];
const POSTS = ['/api/failed/replay', '/api/failed/discard'];

@Injectable()
class GivesUp {
  static runs = 0;

  @OnScalekitEvent('*')
  handle(): void {
    GivesUp.runs++;
    throw new UnrecoverableEventError('out of order');
  }
}

@Injectable()
class Passwords {
  readonly password = 'open sesame';
}

@Module({ providers: [Passwords], exports: [Passwords] })
class PasswordsModule {}

@Injectable()
class PasswordGuard implements CanActivate {
  constructor(private readonly passwords: Passwords) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return headers.authorization === this.passwords.password;
  }
}

const denies: CanActivate = {
  canActivate: () => {
    throw new ForbiddenException('Not you');
  },
};

describe('the boot', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['production', 'staging', ''])('stops without guards where NODE_ENV is %j', async (mode) => {
    vi.stubEnv('NODE_ENV', mode);
    const { error } = await WebhookApp.failToStart({ imports: [ScalekitWebhookInspectorModule.forRoot()] });
    expect(error).toMatchObject({ code: 'unguarded_inspector' });
    expect(error.message).toContain('forRoot({ guards: [AdminGuard] })');
  });

  it('stops without guards where NODE_ENV is not set', async () => {
    vi.stubEnv('NODE_ENV', undefined);
    const { error } = await WebhookApp.failToStart({ imports: [ScalekitWebhookInspectorModule.forRoot()] });
    expect(error.message).toContain('not set');
  });

  it.each(['development', 'test'])('goes on without guards where NODE_ENV is %s', async (mode) => {
    vi.stubEnv('NODE_ENV', mode);
    await (await startInspected({})).close();
  });

  it('goes on with guards wherever it is', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await (await startInspected({ inspector: { guards: [denies] } })).close();
  });

  it.each(['webhooks/scalekit', '/Webhooks/Scalekit/', 'webhooks', '', '/'])(
    'stops where the path is %j and an endpoint is there',
    async (path) => {
      const { error } = await WebhookApp.failToStart({
        imports: [ScalekitWebhookInspectorModule.forRoot({ path })],
      });
      expect(error).toMatchObject({ code: 'invalid_options' });
      expect(error.message).toContain('the endpoint "default" has the path');
    },
  );

  it('stops where a second inspector is imported', async () => {
    const { error } = await WebhookApp.failToStart({
      imports: [
        ScalekitWebhookInspectorModule.forRoot(),
        ScalekitWebhookInspectorModule.forRoot({ path: 'two' }),
      ],
    });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toContain('it is imported twice');
  });

  it.each([0, 9, 1.5, 100_001, '1000' as never])('stops with a capacity of %j', async (capacity) => {
    const { error } = await WebhookApp.failToStart({
      imports: [ScalekitWebhookInspectorModule.forRoot({ capacity })],
    });
    expect(error).toMatchObject({ code: 'invalid_options' });
  });
});

describe.each(PLATFORMS)('who may see the inspector on $platform', ({ adapter }) => {
  let server: WebhookApp;
  const base = () => `${server.url}/webhooks/inspector`;

  afterEach(async () => {
    await server.close();
  });

  /** Nothing but Nest's own words may be in an answer. */
  async function expectNothing(headers: Record<string, string> = {}): Promise<void> {
    const event = anEvent();
    await server.deliver(event);
    const asked = [
      ...GETS.map((path) => ({ path, method: 'GET' })),
      ...POSTS.map((path) => ({ path: `${path}?endpoint=default&id=${event.id}`, method: 'POST' })),
    ];
    const own = { 'x-scalekit-inspector': '1', ...headers };
    for (const { path, method } of asked) {
      const answer = await fetch(`${base()}${path}`, { method, headers: own });
      expect(`${path} ${answer.status}`).toBe(`${path} 403`);
      expect(Object.keys((await answer.json()) as object).sort()).toEqual(['error', 'message', 'statusCode']);
    }
  }

  it('is nobody whom a guard denies', async () => {
    server = await startInspected({
      adapter: adapter(),
      inspector: { guards: [denies] },
      providers: [GivesUp],
    });
    await expectNothing();
  });

  it('is nobody whom a global guard denies', async () => {
    const isOurs = (context: ExecutionContext) =>
      context.switchToHttp().getRequest<{ url: string }>().url.startsWith('/webhooks/scalekit');
    server = await startInspected({
      adapter: adapter(),
      providers: [GivesUp, { provide: APP_GUARD, useValue: { canActivate: isOurs } }],
    });
    await expectNothing();
  });

  it('is whom a guard lets in that is made with what other modules export', async () => {
    server = await startInspected({
      adapter: adapter(),
      inspector: { guards: [PasswordGuard], imports: [PasswordsModule] },
      providers: [GivesUp],
    });
    await expectNothing({ authorization: 'please' });
    const authorization = 'open sesame';
    expect(await (await fetch(base(), { headers: { authorization } })).text()).toBe(PAGE);
    await expect(getJson(`${base()}/api/state`, { authorization })).resolves.toMatchObject({
      capacity: 1_000,
    });
    const reader = await InspectorReader.open(`${base()}/api/entries`, { authorization });
    await expect.poll(() => reader.deliveries.length).toBe(1);
    reader.close();
  });
});

describe.each(PLATFORMS)('a page of another origin, on $platform', ({ adapter }) => {
  let server: WebhookApp;
  const base = () => `${server.url}/webhooks/inspector`;
  const kept = async () => (await getJson<FailedAnswer>(`${base()}/api/failed`)).events.length;
  const start = async (setup: Parameters<typeof startInspected>[0] = {}) => {
    server = await startInspected({ adapter: adapter(), providers: [GivesUp], ...setup });
    const event = anEvent();
    await server.deliver(event);
    GivesUp.runs = 0;
    return event.id;
  };

  afterEach(async () => {
    await server.close();
  });

  it.each<[string, Record<string, string>]>([
    ['says cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['says same-site', { 'sec-fetch-site': 'same-site' }],
    ['says nothing', {}],
    ['is none', { 'sec-fetch-site': 'none' }],
    ['has another origin', { origin: 'https://evil.example' }],
    ['has no origin', { origin: 'null' }],
    ['has an origin that begins as ours', { origin: 'http://127.0.0.1.evil.example' }],
    ['has our own header', { origin: 'https://evil.example', 'x-scalekit-inspector': '1' }],
    ['has our own header, too', { 'sec-fetch-site': 'cross-site', 'x-scalekit-inspector': '1' }],
    ['has our origin, and another site', { 'sec-fetch-site': 'cross-site', origin: 'SELF' }],
    ['sends a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['sends text', { 'content-type': 'text/plain', origin: 'https://evil.example' }],
  ])('changes nothing where it %s', async (_, headers) => {
    const id = await start({
      configure: (app) => {
        app.enableCors({ origin: true, credentials: true });
      },
    });
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'SELF' ? server.url : value]),
    );
    for (const path of POSTS) {
      const url = `${base()}${path}?endpoint=default&id=${id}&x-scalekit-inspector=1`;
      const body = 'content-type' in headers ? 'x-scalekit-inspector=1' : null;
      expect((await fetch(url, { method: 'POST', headers: sent, body })).status).toBe(403);
      expect((await fetch(url, { headers: sent })).status).not.toBe(200);
    }
    expect(await kept()).toBe(1);
    expect(GivesUp.runs).toBe(0);
  });

  it('can read nothing, although CORS allows every origin', async () => {
    await start({
      configure: (app) => {
        app.enableCors({ origin: true, credentials: true });
      },
    });
    for (const path of ['/api/state', '/api/failed', '/api/stats', '']) {
      const answer = await fetch(`${base()}${path}`, { headers: { origin: 'https://evil.example' } });
      expect(answer.status).toBe(200);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
    for (const path of ['/api/state', '/api/entries', '/api/failed', '/api/deliveries?key=a', '/api/stats']) {
      const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
      const answer = await fetch(`${base()}${path}`, { headers });
      expect([answer.status, await answer.json()]).toEqual([
        403,
        { statusCode: 403, message: 'Forbidden', error: 'Forbidden' },
      ]);
    }
  });

  it.each([
    'evil.example',
    'localhost.evil.example:3000',
    'abc.ngrok.app',
    '127.0.0.1.evil.example',
    '[evil.example]',
  ])(
    'sees and changes nothing under the name %j, which leads to this machine, where there are no guards',
    async (host) => {
      const id = await start();
      for (const [method, path] of [
        ...GETS.map((get) => ['GET', get]),
        ['POST', `/api/failed/replay?id=${id}`],
      ]) {
        const answer = await askAs(host, `${base()}${path}`, method);
        expect(`${path} ${answer.status}`).toBe(`${path} 403`);
        expect(answer.body).toContain('Without guards the inspector is there under localhost');
      }
      expect(GivesUp.runs).toBe(0);
    },
  );

  it.each(['localhost:3000', 'app.localhost', 'web:3000', '10.0.0.7', '[::1]:3000'])(
    'is not meant by the name %j',
    async (host) => {
      await start();
      expect((await askAs(host, `${base()}/api/state`, 'GET')).status).toBe(200);
    },
  );

  it('may have any name where there are guards', async () => {
    await start({ inspector: { guards: [{ canActivate: () => true }] } });
    expect((await askAs('hooks.example.com', `${base()}/api/state`, 'GET')).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['is ours', { 'sec-fetch-site': 'same-origin', origin: 'SELF' }],
    ['is ours in a browser that does not say so', { origin: 'SELF' }],
    ['is a program', { 'x-scalekit-inspector': '1' }],
  ])('is not meant where it %s', async (_, headers) => {
    const id = await start({ webhook: { idempotency: { failed: { payloads: true } } } });
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'SELF' ? server.url : value]),
    );
    const act = (action: string) =>
      fetch(`${base()}/api/failed/${action}?endpoint=default&id=${id}`, { method: 'POST', headers: sent });
    const replayed = await act('replay');
    expect([replayed.status, await replayed.json()]).toEqual([200, { count: 1 }]);
    expect(GivesUp.runs).toBe(1);
    expect(await (await act('discard')).json()).toEqual({ count: 1 });
    expect(await kept()).toBe(0);
  });
});

describe.each(PLATFORMS)('answers of the inspector on $platform', ({ adapter }) => {
  let server: WebhookApp;

  afterEach(async () => {
    await server.close();
  });

  it('let nothing run on the page but its own script and style', async () => {
    server = await startInspected({ adapter: adapter() });
    const { headers } = await fetch(`${server.url}/webhooks/inspector`);
    const hash = "'sha256-[A-Za-z0-9+/]{43}='";
    expect(headers.get('content-security-policy')).toMatch(
      new RegExp(
        `^default-src 'none'; script-src ${hash}; style-src ${hash}; connect-src 'self'; img-src data:; ` +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'$",
      ),
    );
  });

  it.each(['', '/api/state', '/api/stats', '/api/failed', '/api/deliveries', '/api/else'])(
    'of %j are kept by nobody, and have one meaning',
    async (path) => {
      server = await startInspected({ adapter: adapter() });
      const { headers } = await fetch(`${server.url}/webhooks/inspector${path}`);
      if (path !== '/api/else') {
        expect(headers.get('cache-control')).toBe('no-store, no-transform');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('x-accel-buffering')).toBe('no');
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(headers.get('etag')).toBeNull();
      }
      expect(headers.get('content-type')).toMatch(/; charset=utf-8$/);
    },
  );

  it('come below a global prefix, and whatever the version of a path is', async () => {
    server = await startInspected({
      adapter: adapter(),
      inspector: { path: '/internal/:team/hooks' },
      configure: (app) => {
        app.setGlobalPrefix('api/eu');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '3' });
      },
    });
    const base = `${server.url}/api/eu/internal/ops/hooks`;
    for (const tail of ['', '/']) {
      expect(await (await fetch(`${base}${tail}`)).text()).toBe(PAGE);
    }
    const state = await getJson<{ endpoints: unknown[] }>(`${base}/api/state`);
    expect(state.endpoints).toMatchObject([{ path: '/api/eu/webhooks/scalekit' }]);
    expect((await fetch(`${server.url}/internal/ops/hooks`)).status).toBe(404);
  });

  it('take no route of another controller below their path', async () => {
    @Controller('admin')
    class Users {
      @Get('users')
      list(): string {
        return 'Ada';
      }
    }
    @Module({ controllers: [Users] })
    class UsersModule {}
    const inspector = ScalekitWebhookInspectorModule.forRoot({ path: 'admin' });
    server = await WebhookApp.start({ adapter: adapter(), imports: [inspector, UsersModule] });
    expect(await (await fetch(`${server.url}/admin/users`)).text()).toBe('Ada');
    expect(await (await fetch(`${server.url}/admin/`)).text()).toBe(PAGE);
  });

  it('end at once to HEAD, which is no page that follows', async () => {
    server = await startInspected({ adapter: adapter() });
    const answer = await askAs('localhost', `${server.url}/webhooks/inspector/api/entries`, 'HEAD');
    expect(answer).toEqual({ status: 200, body: '' });
  });

  it.each(['?window=1h', '?window=15m%00'])('are 400 to stats%s', async (query) => {
    server = await startInspected({ adapter: adapter() });
    const answer = await fetch(`${server.url}/webhooks/inspector/api/stats${query}`);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { statusCode: 400, message: 'window must be 15m or 24h.', error: 'Bad Request' },
    ]);
  });

  it.each(['?endpoint=other', '?limit=0', '?limit=1001', '?limit=x', '?since=yesterday', '?until=-'])(
    'are 400 to failed%s',
    async (query) => {
      server = await startInspected({ adapter: adapter() });
      const answer = await fetch(`${server.url}/webhooks/inspector/api/failed${query}`);
      expect(await answer.json()).toMatchObject({ statusCode: 400, error: 'Bad Request' });
    },
  );

  it('are 404 to a delivery that is not there', async () => {
    server = await startInspected({ adapter: adapter() });
    for (const query of ['', '?key=', '?key=__proto__', '?key=constructor']) {
      const answer = await fetch(`${server.url}/webhooks/inspector/api/deliveries${query}`);
      expect(await answer.json()).toEqual({ statusCode: 404, message: 'Not Found', error: 'Not Found' });
    }
  });
});

/** Under that name, as a browser of today says that it is the page itself which asks. */
function askAs(host: string, url: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const headers = { host, 'sec-fetch-site': 'same-origin' };
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          response.destroy();
        }
      });
      response.once('close', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .once('error', reject)
      .end();
  });
}
