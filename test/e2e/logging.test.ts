import { hasSubscribers } from 'node:diagnostics_channel';
import { gzipSync } from 'node:zlib';
import {
  ConsoleLogger,
  type INestApplication,
  Injectable,
  Logger,
  type LogLevel,
  RequestMethod,
  VersioningType,
} from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DELIVERY_CHANNEL,
  type DispatcherFactory,
  HANDLER_CHANNEL,
  OnScalekitEvent,
  signWebhook,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

describe.each(PLATFORMS)('the log on $platform', ({ adapter }) => {
  let server: WebhookApp;
  afterEach(() => server.close());

  const start = async (setup: WebhookAppSetup = {}) => {
    server = await WebhookApp.start({ adapter: adapter(), ...setup });
  };

  describe('at boot, one line for an endpoint', () => {
    it.each<[string, string, (app: INestApplication) => void]>([
      ['as it is', '/webhooks/scalekit', () => {}],
      ['below a global prefix', '/api/v1/webhooks/scalekit', (app) => app.setGlobalPrefix('api/v1')],
      [
        'excluded from the global prefix',
        '/webhooks/scalekit',
        (app) => app.setGlobalPrefix('api', { exclude: ['webhooks/scalekit'] }),
      ],
      [
        'excluded from the global prefix by method',
        '/webhooks/scalekit',
        (app) =>
          app.setGlobalPrefix('api', {
            exclude: [{ path: 'webhooks/*path', method: RequestMethod.POST }],
          }),
      ],
      [
        'neutral to URI versioning',
        '/webhooks/scalekit',
        (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      ],
      [
        'neutral to URI versioning, below a global prefix',
        '/api/webhooks/scalekit',
        (app) =>
          app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
      ],
      [
        'neutral to header versioning',
        '/webhooks/scalekit',
        (app) =>
          app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
      ],
    ])('tells its real URL: %s', async (_, url, configure) => {
      await start({
        configure: (app) => {
          configure(app);
        },
      });
      expect(server.logs.matching(/^log: \[default\] POST /)).toEqual([
        `log: [default] POST ${url}; role: both; dispatcher: inline; store: MemoryIdempotencyStore; ` +
          'schemes: standard, timestamped, digest',
      ]);
      expect(await server.deliver(anEvent(), { path: url })).toMatchObject({ status: 200, body: 'OK' });
    });

    it('tells its name, role, dispatcher, store and schemes', async () => {
      const dispatcher: DispatcherFactory = () => ({
        name: 'parcel post',
        dispatch: () => Promise.resolve({ status: 'handled' }),
      });
      const idempotency = { store: new RecordingStore() };
      const signature = { schemes: ['standard', 'timestamped'] as const };
      await start({ webhook: { name: 'billing', path: '/hooks/in/', dispatcher, idempotency, signature } });
      expect(server.logs.matching(/\[billing\] POST/)).toEqual([
        'log: [billing] POST /hooks/in; role: both; dispatcher: parcel post; store: RecordingStore; ' +
          'schemes: standard, timestamped',
      ]);
    });
  });

  it('has one line for the handlers of a class at boot, with all that they listen to', async () => {
    @Injectable()
    class Sync {
      @OnScalekitEvent('user.created')
      @OnScalekitEvent(['user.login', 'organization.*'], { endpoint: 'default' })
      first(): void {}

      @OnScalekitEvent('*')
      second(): void {}
    }
    await start({ providers: [Sync] });
    expect(server.logs.matching(/^log: Handlers /)).toEqual([
      'log: Handlers of Sync: first ← user.created, user.login, organization.* (endpoint default); second ← *',
    ]);
  });

  describe('has at level debug one line for a delivery', () => {
    let work: (name: string) => unknown = () => undefined;
    @Injectable()
    class Users {
      @OnScalekitEvent('user.created')
      upsert(): unknown {
        return work('upsert');
      }

      @OnScalekitEvent(['user.created', 'user.login'])
      welcome(): unknown {
        return work('welcome');
      }
    }
    const linesAfter = async (deliver: () => Promise<unknown>, setup: WebhookAppSetup = {}) => {
      await start({ providers: [Users], ...setup });
      const before = server.logs.lines.filter((line) => line.startsWith('log: ')).length;
      await deliver();
      expect(server.logs.lines.filter((line) => line.startsWith('log: '))).toHaveLength(before);
      return server.logs.debugLines.filter((line) => line.startsWith('debug: [default]'));
    };
    afterEach(() => {
      work = () => undefined;
      Logger.overrideLogger(new ConsoleLogger());
      Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
    });

    it('with its handlers and how long each took', async () => {
      const [event, other] = [anEvent('user.created'), anEvent('user.login')];
      const lines = await linesAfter(async () => {
        await server.deliver(event);
        await server.deliver(other);
      });
      expect(lines).toEqual([
        expect.stringMatching(
          new RegExp(
            `^debug: \\[default\\] ${event.id} user.created → Users.upsert \\d+ ms, Users.welcome \\d+ ms$`,
          ),
        ),
        expect.stringMatching(
          new RegExp(`^debug: \\[default\\] ${other.id} user.login → Users.welcome \\d+ ms$`),
        ),
      ]);
    });

    it('that tells duplicates, and events that nobody listens to', async () => {
      const [event, other] = [anEvent('user.login'), anEvent('user.deleted')];
      const lines = await linesAfter(async () => {
        await server.deliver(event);
        await server.deliver(event);
        await server.deliver(other);
      });
      expect(lines.slice(1)).toEqual([
        `debug: [default] ${event.id} user.login duplicate`,
        `debug: [default] ${other.id} user.deleted no handler listens`,
      ]);
    });

    it('that tells failures, and no word of the event', async () => {
      work = (name) => {
        if (name === 'upsert') throw new Error('jane@example.com');
      };
      const event = anEvent('user.created');
      const lines = await linesAfter(async () => {
        await server.deliver(event);
        await server.deliver(event, { secret: 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM' });
      });
      expect(lines).toEqual([
        expect.stringMatching(
          / user.created → Users.upsert failed after \d+ ms, Users.welcome \d+ ms: failed, answered 500 \(failed\)$/,
        ),
        'debug: [default] a delivery refused, answered 401 (signature_mismatch)',
      ]);
    });

    it('that tells of handlers which run on, and another one when they end', async () => {
      const gate = new Gate();
      work = () => gate.pass();
      const event = anEvent('user.login');
      const lines = await linesAfter(
        async () => {
          await server.deliver(event);
          gate.release();
          await vi.waitFor(() => {
            expect(server.logs.debugLines.at(-1)).toMatch(/Users/);
          }, 20_000);
        },
        { webhook: { answerWithinMs: 100 } },
      );
      expect(lines).toEqual([
        `debug: [default] ${event.id} user.login handlers still run, answered 503`,
        expect.stringMatching(/ user.login → Users.welcome \d+ ms$/),
      ]);
    });

    it.each([
      ['levels', ['log', 'warn', 'error'] as LogLevel[]],
      ['false', false as const],
      ['a logger with levels', new ConsoleLogger({ logLevels: ['error'] })],
    ])('and nothing at all is made of it while the level is off, by %s', async (_, logger) => {
      const lines = await linesAfter(() => server.deliver(anEvent()), {
        configure: (app) => {
          app.useLogger(logger);
        },
      });
      expect(lines).toEqual([]);
      expect(hasSubscribers(DELIVERY_CHANNEL)).toBe(false);
      expect(hasSubscribers(HANDLER_CHANNEL)).toBe(false);
    });
  });

  describe('has the reason of a refusal, which the answer has not, and what to check', () => {
    const body = JSON.stringify(anEvent());
    const signed = (options: object = {}) => signWebhook({ body, secret: SECRET, ...options });
    const secondsAgo = (seconds: number) => ({ timestamp: Math.floor(Date.now() / 1000) - seconds });

    it.each<[string, number, () => [string | Buffer, Record<string, string>], RegExp]>([
      ['missing_headers', 401, () => [body, {}], /./],
      ['malformed_header', 401, () => [body, { ...signed(), 'webhook-timestamp': 'soon' }], /./],
      ['timestamp_too_old', 401, () => [body, signed(secondsAgo(600))], /clock of this machine/],
      ['timestamp_too_new', 401, () => [body, signed(secondsAgo(-600))], /clock of this machine/],
      [
        'signature_mismatch',
        401,
        () => [`${body} `, signed()],
        /Check that the secret is that of this endpoint/,
      ],
      ['not_json', 400, () => ['nothing', signed({ body: 'nothing' })], /not valid JSON/],
      ['not_an_envelope', 400, () => ['{}', signed({ body: '{}' })], /"id" must be a string/],
      [
        'content_encoding',
        415,
        () => [gzipSync(body), { ...signed(), 'content-encoding': 'gzip' }],
        /Only an identity content-encoding/,
      ],
      [
        'body_too_large',
        413,
        () => ['x'.repeat(10_001), signed()],
        /larger than 10000 bytes \(maxBodyBytes\)/,
      ],
    ])('%s', async (reason, status, make, says) => {
      await start({ webhook: { maxBodyBytes: 10_000 } });
      const answer = await server.post(...make());
      expect(answer.status).toBe(status);
      const lines = server.logs.matching(new RegExp(`^warn: \\[default\\] ${reason}: `));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(says);
      if (status === 401) {
        expect(JSON.parse(answer.body)).toMatchObject({ message: 'Invalid signature' });
      }
    });
  });

  it('has at most one line a second for a flood of forgeries', async () => {
    await start();
    const begin = performance.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => server.post('{}', {})));
    const seconds = Math.ceil((performance.now() - begin) / 1_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(server.logs.matching(/missing_headers/).length).toBeLessThanOrEqual(1 + seconds);
  });

  it('keeps on one line, and escaped, what a sender may choose', async () => {
    await start({ webhook: { environmentId: 'env_live' } });
    await server.deliver({ ...anEvent(), id: 'evt_\u2028log: all is well' });
    expect(
      server.logs.matching(/wrong_environment: Event evt_\\u2028log: all is well is not from/),
    ).toHaveLength(1);
  });

  it('has the control characters of an error escaped', async () => {
    @Injectable()
    class Noisy {
      @OnScalekitEvent('user.created')
      on(): void {
        throw new Error('bell \u0007 and colour \u001b[31m');
      }
    }
    await start({ providers: [Noisy] });
    await server.deliver(anEvent());
    expect(server.logs.matching(/bell \\u0007 and colour \\u001b\[31m/)).toHaveLength(1);
    expect(server.logs.lines.join('')).not.toContain('\u001b');
  });
});
