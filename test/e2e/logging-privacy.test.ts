import {
  type ExecutionContext,
  Inject,
  Injectable,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { IsInt } from 'class-validator';
import { throwError } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EventData,
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEnvelope,
  signWebhook,
  UnrecoverableEventError,
  WEBHOOK_SCHEMES,
} from '../../lib/index.js';
import { leaksOf } from '../support/leaks.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

const OTHER_SECRET = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';

const DATA = {
  email: 'm4rker.mail@example.com',
  name: 'M4rker "Quoted" Näme',
  given_name: 'Wu',
  address: 'M4rker Street 1\nM4rkertown',
  phone: 5557654321,
  domain: { txt_record_key: '_scalekit', txt_record_secret: 'txt-m4rker-record' },
  custom_attributes: { 'm4rker.key@example.com': true },
};
const TENANT = 'M4rker Holding';
/** A piece of any of these values. */
const PERSONAL = /m4rker|quoted|näme|\bwu\b|5557654321/i;

const quotes: [string, (data: object) => string][] = [
  ['a value', () => DATA.email],
  ['all values', (data) => Object.values(data).join(' ')],
  ['the whole payload as JSON', (data) => JSON.stringify(data)],
  ['the payload as indented JSON', (data) => JSON.stringify(data, null, 2)],
  ['parts of a value', () => `M4RKER, mail of m4rkers, ${DATA.email.slice(0, -8)}, quotedIn`],
  ['a key', (data) => Object.keys((data as typeof DATA).custom_attributes).join()],
  ['a field of the envelope', () => `no tenant ${TENANT}`],
  ['a line like one of a stack', () => 'x\n    at M4rker (/home/m4rker/x.js:1:1)'],
  ['a URL with a value', () => `https://api.example.com/users?email=${encodeURIComponent(DATA.email)}`],
  ['the secret of a DNS record', () => DATA.domain.txt_record_secret],
];

type Event = Pick<ScalekitEnvelope, 'id' | 'data'>;
type Failure = (event: Event, quote: string) => unknown;

const failures: Record<string, Failure> = {
  'throws an error': (_, quote) => {
    throw new Error(quote);
  },
  'throws an error with a cause and fields': ({ data }, quote) => {
    throw Object.assign(new Error('no luck', { cause: new Error(quote) }), { data, quote });
  },
  'throws several errors': (_, quote) => {
    throw new AggregateError([new Error(quote)], quote);
  },
  'throws a text': (_, quote) => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what handlers may do
    throw quote;
  },
  rejects: (_, quote) => Promise.reject(new TypeError(quote)),
  'returns an observable that fails': (_, quote) => throwError(() => new Error(quote)),
  'gives up on the event': (_, quote) => {
    throw new UnrecoverableEventError(quote, { cause: new Error(quote) });
  },
  'asks for a retry': (_, quote) => {
    throw new RetryLaterError(5, quote);
  },
};

describe.each(PLATFORMS)('nothing that is logged holds personal data on $platform', ({ adapter }) => {
  let server: WebhookApp;
  const sent: string[] = [];
  afterEach(async () => {
    await server.close();
    const { everything } = server.logs;
    expect(everything.filter((text) => PERSONAL.test(text))).toEqual([]);
    expect(leaksOf(SECRET, everything)).toEqual([]);
    expect(sent.filter((text) => everything.join('\n').includes(text))).toEqual([]);
    sent.length = 0;
  });

  const start = async (handlers: Type[] = [], webhook: WebhookAppSetup['webhook'] = {}) => {
    server = await WebhookApp.start({ adapter: adapter(), providers: handlers, webhook });
  };
  /** Signs and posts a body, and remembers what must not be logged of its headers. */
  const post = async (body: string, options: object = {}) => {
    const headers = signWebhook({ body, secret: SECRET, ...options });
    sent.push(...Object.values(headers).filter((value) => value.length > 40));
    return server.post(body, headers);
  };
  const deliver = (fields: object = {}, options?: object) =>
    post(JSON.stringify(anEvent('user.created', { data: DATA, display_name: TENANT, ...fields })), options);
  const expectFailureLine = (what: RegExp) => {
    expect(
      server.logs.matching(/^(?:error|warn): \w+\.on (?:failed|gave up) on event evt_\d+ /),
    ).toHaveLength(1);
    expect(server.logs.lines.join('\n')).toMatch(what);
  };

  describe.each(Object.entries(failures))('when a handler %s', (_, fail) => {
    it.each(quotes)('that quotes %s', async (_quote, quote) => {
      @Injectable()
      class Careless {
        @OnScalekitEvent('user.created')
        on(event: Event): unknown {
          return fail(event, `trouble: ${quote(event.data)}`);
        }
      }
      await start([Careless]);
      expect((await deliver()).status).toBeGreaterThanOrEqual(200);
      expectFailureLine(/\[redacted\]/);
    });
  });

  describe('when what quotes the payload is', () => {
    const quoting = (context: ExecutionContext): never => {
      throw new Error(JSON.stringify(context.getArgByIndex<Event>(0).data));
    };
    @Injectable()
    @UseGuards({ canActivate: quoting })
    class BehindGuard {
      @OnScalekitEvent('user.created')
      on(): void {}
    }
    @Injectable()
    @UseInterceptors({ intercept: quoting })
    class BehindInterceptor {
      @OnScalekitEvent('user.created')
      on(): void {}
    }
    @Injectable()
    @UseFilters({ catch: () => undefined })
    class BehindSilentFilter {
      @OnScalekitEvent('user.created')
      on(event: Event): void {
        throw new Error(JSON.stringify(event.data));
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) { event }: { event: Event }) {
        throw new Error(JSON.stringify(event.data));
      }

      @OnScalekitEvent('user.created')
      on(): void {}
    }
    class Dto {
      @IsInt()
      email!: number;
    }
    const validation = { validationError: { target: true, value: true } };
    @Injectable()
    class Validated {
      @OnScalekitEvent('user.created')
      on(_event: object, @EventData(new ValidationPipe(validation)) user: Dto): unknown {
        return user;
      }
    }

    it.each([
      ['a guard', BehindGuard],
      ['an interceptor', BehindInterceptor],
      ['an error that a filter returned nothing for', BehindSilentFilter],
      ['the constructor of a request-scoped handler', Scoped],
      ['a ValidationPipe', Validated, 200],
    ])('%s', async (_, handlers, status = 500) => {
      await start([handlers]);
      expect(await deliver()).toMatchObject({ status });
      expectFailureLine(/\[redacted\]|The payload is not valid/);
    });
  });

  describe('when a delivery is refused for', () => {
    it('the id of an event that is processed already, with another body', async () => {
      await start();
      await deliver({ id: 'evt_same' });
      expect(await deliver({ id: 'evt_same', extra: DATA.email })).toMatchObject({
        body: 'Already processed',
      });
      expect(server.logs.matching(/id_reused: Event evt_same \(user\.created\)/)).toHaveLength(1);
    });

    it('its environment', async () => {
      await start([], { environmentId: 'env_live' });
      expect(await deliver({ environment_id: DATA.email })).toMatchObject({ status: 400 });
      expect(server.logs.matching(/wrong_environment/)).toHaveLength(1);
    });

    it('its age', async () => {
      await start([], { signature: { maxEventAgeSeconds: 60 } });
      expect(await deliver({ created: '2020-01-01T00:00:00Z' })).toMatchObject({ status: 401 });
      expect(server.logs.matching(/event_too_old/)).toHaveLength(1);
    });

    it.each([
      ['JSON cut short', (body: string) => body.slice(0, -1)],
      ['a list', (body: string) => `[${body}]`],
      ['an id that is none', (body: string) => body.replace('"id":"', `"id":"${DATA.email}\\n`)],
      ['a type that is none', (body: string) => body.replace('"type":"user', `"type":"\\u0000${DATA.email}`)],
    ])('a body that is no envelope: %s', async (_, spoil) => {
      await start();
      const body = spoil(JSON.stringify(anEvent('user.created', { data: DATA })));
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.body).not.toMatch(PERSONAL);
      expect(server.logs.matching(/^warn: \[default\] not_(?:json|an_envelope): /)).toHaveLength(1);
    });

    it.each(WEBHOOK_SCHEMES)('a signature that does not match, under %s', async (scheme) => {
      await start();
      expect(await deliver({}, { scheme, secret: OTHER_SECRET })).toMatchObject({ status: 401 });
      expect(server.logs.matching(/signature_mismatch/)).toHaveLength(1);
      expect(leaksOf(OTHER_SECRET, server.logs.everything)).toEqual([]);
    });

    it('headers that are none', async () => {
      await start();
      const headers = {
        'webhook-id': DATA.email,
        'webhook-timestamp': '5557654321x',
        'webhook-signature': DATA.email,
      };
      expect(await server.post('{}', headers)).toMatchObject({ status: 401 });
      expect(server.logs.matching(/^warn: \[default\]/).length).toBeGreaterThan(1);
    });
  });

  it('when its date is none, and the event is accepted', async () => {
    await start();
    expect(await deliver({ occurred_at: DATA.email })).toMatchObject({ status: 200, body: 'OK' });
    expect(
      server.logs.matching(/invalid_date: "occurred_at" of event evt_\d+ \(user\.created\)/),
    ).toHaveLength(1);
  });

  it('when it is handled', async () => {
    await start();
    expect(await deliver()).toMatchObject({ status: 200, body: 'OK' });
    expect(server.logs.everything.length).toBeGreaterThan(0);
  });
});
