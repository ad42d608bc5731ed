import { Injectable, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryIdempotencyStore, OnScalekitEvent, type OnScalekitEventOptions } from '../../lib/index.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

type Options = OnScalekitEventOptions<'user.created'>;

const runs: string[] = [];
let failing: string | undefined;

/** Two handlers as a build leaves them: it alone decides what their classes are called. */
function build(names: { crm: string; mail: string }, optionsOf: (target: string) => Options): Type[] {
  const handlerOf = (target: keyof typeof names): Type => {
    @Injectable()
    class Sync {
      @OnScalekitEvent('user.created', optionsOf(target))
      onUser(): void {
        if (target === failing) throw new Error('not now');
        runs.push(target);
      }
    }
    return Object.defineProperty(Sync, 'name', { value: names[target] });
  };
  return [handlerOf('crm'), handlerOf('mail')];
}

const servers: WebhookApp[] = [];
const start = async (...[setup]: Parameters<typeof WebhookApp.start>): Promise<WebhookApp> => {
  const server = await WebhookApp.start(setup);
  servers.push(server);
  return server;
};
const warningsOf = ({ logs }: WebhookApp) => logs.matching(/^warn: A minifier or bundler /);

beforeEach(() => {
  runs.length = 0;
  failing = undefined;
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('two builds that swap the names of two classes', () => {
  const deliverToBoth = async (optionsOf: (target: string) => Options) => {
    const webhook = { idempotency: { store: new MemoryIdempotencyStore() } };
    const old = await start({ webhook, providers: build({ crm: 'a', mail: 'b' }, optionsOf) });
    const event = anEvent('user.created');
    failing = 'mail';
    expect(await old.deliver(event)).toMatchObject({ status: 500 });
    failing = undefined;
    const next = await start({ webhook, providers: build({ crm: 'b', mail: 'a' }, optionsOf) });
    expect(await next.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    return next;
  };

  it('run each handler once where the handlers have names of their own', async () => {
    const server = await deliverToBoth((target) => ({ name: `${target}-sync` }));
    expect(runs).toEqual(['crm', 'mail']);
    expect(warningsOf(server)).toEqual([]);
  });

  it('run one handler twice and another never where they have none, of which the boot warns', async () => {
    const server = await deliverToBoth(() => ({}));
    expect(runs).toEqual(['crm', 'crm']);
    expect(warningsOf(server)).toHaveLength(1);
    expect(warningsOf(server)[0]).toMatch(
      / handlers: b\.onUser, a\.onUser\. .* name: .*keep_classnames.*--keep-names/,
    );
  });
});

describe('the name of a handler', () => {
  const named = (name: string, className = 'UserSync'): Type => {
    @Injectable()
    class Sync {
      @OnScalekitEvent('user.login')
      @OnScalekitEvent('user.created', { name })
      onUser(): void {
        throw new Error('not now');
      }
    }
    return Object.defineProperty(Sync, 'name', { value: className });
  };

  it('is in its logs and in the ledger, whichever of its decorators gives it', async () => {
    const store = new MemoryIdempotencyStore();
    const done: string[] = [];
    const handlerDone = store.handlerDone.bind(store);
    store.handlerDone = (key, token, handler) => {
      done.push(handler);
      return handlerDone(key, token, handler);
    };
    const other = build({ crm: 'CrmSync', mail: 'MailSync' }, (target) => ({ name: target }));
    const server = await start({
      webhook: { idempotency: { store } },
      providers: [named('user sync: größer'), ...other],
    });
    expect(await server.deliver(anEvent('user.created'))).toMatchObject({ status: 500 });
    expect(done.sort()).toEqual(['crm', 'mail']);
    expect(server.logs.matching(/user sync/)).toEqual([
      'log: Handlers of UserSync: onUser as user sync: größer ← user.login, user.created',
      expect.stringMatching(/^error: user sync: größer failed on event /),
    ]);
  });

  it.each([
    ['another name like it', named('user-sync'), named('user-sync', 'Other')],
    [
      'another that is made of class and method',
      named('UserSync.onUser', 'Other'),
      build({ crm: 'UserSync', mail: 'MailSync' }, () => ({}))[0],
    ],
    [
      'the same one in a class that inherits it',
      named('user-sync'),
      class Child extends named('user-sync') {},
    ],
  ])('stops the boot beside %s', async (_, first, second) => {
    const { error } = await WebhookApp.failToStart({
      providers: [first, second].filter((each) => each !== undefined),
    });
    expect(error).toMatchObject({ code: 'duplicate_handler' });
    expect(error.message).toMatch(/^Two handlers are named (user-sync|UserSync\.onUser), .*\{ name: /);
  });
});

describe('of class names that a build made up the boot warns once', () => {
  const warningsFor = async (...classNames: string[]) => {
    const providers = classNames.flatMap((name, index) =>
      build({ crm: name, mail: `Mail${'ABC'[index]}Sync` }, () => ({})),
    );
    return warningsOf(await start({ providers }));
  };

  it.each([['a'], ['Ab'], ['a1'], ['_a'], ['$e'], ['é']])('%s', async (name) => {
    expect(await warningsFor(name)).toEqual([expect.stringContaining(` handlers: ${name}.onUser. `)]);
  });

  it('no name at all', async () => {
    expect(await warningsFor('')).toEqual([expect.stringContaining(' handlers: .onUser. ')]);
  });

  it('what bundlers call the second class of a name', async () => {
    expect(await warningsFor('UserSync', 'UserSync2')).toEqual([
      expect.stringContaining(' handlers: UserSync2.onUser. '),
    ]);
    expect(await warningsFor('UserSync', 'UserSync$1')).toEqual([
      expect.stringContaining(' handlers: UserSync$1.onUser. '),
    ]);
  });

  it('but not of names that people give', async () => {
    expect(await warningsFor('Crm', 'SyncV2', 'OAuth2')).toEqual([]);
  });
});

it('the error for two handlers of one name says what to do about a minifier', async () => {
  const { error } = await WebhookApp.failToStart({ providers: build({ crm: 't', mail: 't' }, () => ({})) });
  expect(error).toMatchObject({ code: 'duplicate_handler' });
  expect(error.message).toMatch(
    /^Two handlers are named t\.onUser, .*minifier.*\{ name: .*keep_classnames.*--keep-names/,
  );
});
