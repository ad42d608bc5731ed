import { Controller, Injectable, Module, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import { ServiceApp } from '../support/service-app.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

const runs: string[] = [];

@Injectable()
class Listeners {
  @OnScalekitEvent('user.created')
  exact(): void {
    runs.push('exact');
  }

  @OnScalekitEvent('user.created')
  exactToo(): void {
    runs.push('exactToo');
  }

  @OnScalekitEvent(['user.created', 'user.login'])
  listed(): void {
    runs.push('listed');
  }

  @OnScalekitEvent('user.login')
  @OnScalekitEvent(['user.*', '*'])
  @OnScalekitEvent('organization.created')
  several(): void {
    runs.push('several');
  }

  @OnScalekitEvent('organization.*')
  family(): void {
    runs.push('family');
  }

  @OnScalekitEvent('*.user_*')
  middle(): void {
    runs.push('middle');
  }
}

describe('a handler', () => {
  let server: ServiceApp;
  beforeEach(() => {
    runs.length = 0;
  });
  afterEach(() => server.close());

  describe('an event runs the handlers whose pattern matches its type, each once', () => {
    it.each([
      ['user.created', ['exact', 'exactToo', 'listed', 'several']],
      ['user.login', ['listed', 'several']],
      ['organization.created', ['family', 'several']],
      ['organization.directory.user_created', ['family', 'middle', 'several']],
      ['user.created.v2', ['several']],
      ['User.Created', ['several']],
      ['something.nobody.knows', ['several']],
    ])('%s', async (type, handlers) => {
      server = await ServiceApp.start({ providers: [Listeners] });
      expect(await server.deliver(anEvent(type))).toMatchObject({ status: 200, body: 'OK' });
      expect([...runs].sort()).toEqual(handlers);
    });
  });

  it('an event that no handler listens to is accepted', async () => {
    @Injectable()
    class LoginSync {
      @OnScalekitEvent('user.login')
      on(): void {
        runs.push('login');
      }
    }
    server = await ServiceApp.start({ providers: [LoginSync] });
    expect(await server.deliver(anEvent('user.logout'))).toMatchObject({ status: 200, body: 'OK' });
    expect(runs).toEqual([]);
  });

  describe('a literal type that is not known', () => {
    it.each([
      ['user.craeted', 'Did you mean "user.created"?'],
      ['directory.user_created', 'Did you mean "organization.directory.user_created"?'],
      ['USER.CREATED', 'Did you mean "user.created"?'],
      ['invoice.paid', 'a type that Scalekit does not document.'],
    ])('%s is one warning at boot', async (type, advice) => {
      @Injectable()
      class Typist {
        @OnScalekitEvent(type)
        on(): void {
          runs.push('typist');
        }
      }
      server = await ServiceApp.start({ providers: [Typist] });
      const warnings = server.logs.matching(/^warn: Typist\.on listens to /);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`listens to "${type}"`);
      expect(warnings[0]?.endsWith(advice)).toBe(true);
      expect(await server.deliver(anEvent(type))).toMatchObject({ status: 200 });
      expect(runs).toEqual(['typist']);
    });

    it('is no warning where it is a pattern', async () => {
      @Injectable()
      class Hopeful {
        @OnScalekitEvent('invoice.*')
        on(): void {}
      }
      server = await ServiceApp.start({ providers: [Hopeful] });
      expect(server.logs.matching(/Hopeful/)).toEqual(['log: Handlers of Hopeful: on ← invoice.*']);
    });
  });
});

describe('two handlers of one name', () => {
  const aClass = (): Type => {
    @Injectable()
    class UserSync {
      @OnScalekitEvent('user.created')
      onUser(): void {}
    }
    return UserSync;
  };
  const moduleOf = (provider: Type): Type => {
    @Module({ providers: [provider] })
    class FeatureModule {}
    return FeatureModule;
  };
  const shared = aClass();
  const both = aClass();
  Controller()(both);

  it.each([
    ['of a class that two modules provide', { imports: [moduleOf(shared), moduleOf(shared)] }],
    [
      'of a class that is provided under two tokens',
      { providers: [shared, { provide: 'TWICE', useClass: shared }] },
    ],
    ['of two classes of one name', { providers: [aClass(), aClass()] }],
    ['of a provider and a controller', { providers: [both], controllers: [both] }],
  ])('stop the boot, and the error says what to do: %s', async (_, module) => {
    const { error } = await WebhookApp.failToStart(module);
    expect(error).toMatchObject({ code: 'duplicate_handler' });
    expect(error.message).toMatch(
      /^Two handlers are named UserSync\.onUser, .*import it from one; else rename/,
    );
  });
});
