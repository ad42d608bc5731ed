import { createRequire } from 'node:module';
import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import type * as Package from '../../lib/index.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

/** What a dependency in CommonJS loads beside the ES module of the application. */
const commonJs = createRequire(import.meta.url)('../../dist/cjs/index.js') as typeof Package;

const seen: string[] = [];

@Injectable()
class DecoratedByTheOther {
  @commonJs.OnScalekitEvent('user.created')
  record(event: Package.ScalekitEvent<'user.created'>, @commonJs.EventData('email') email: string): void {
    seen.push(`${event.id} ${email}`);
  }

  @commonJs.OnScalekitEvent('user.login')
  giveUp(): never {
    throw new commonJs.UnrecoverableEventError('no use');
  }

  @commonJs.OnScalekitEvent('user.logout')
  later(): never {
    throw new commonJs.RetryLaterError(30);
  }
}

describe.each(PLATFORMS)('two copies of the package in an application on $platform', ({ adapter }) => {
  let server: WebhookApp;
  afterEach(() => server.close());

  it("hear each other's handlers and know each other's errors", async () => {
    expect(commonJs.OnScalekitEvent).not.toBe((await import('../../lib/index.js')).OnScalekitEvent);
    server = await WebhookApp.start({ adapter: adapter(), providers: [DecoratedByTheOther] });
    const event = anEvent('user.created', { data: { email: 'jo@example.com' } });
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(seen.pop()).toBe(`${event.id} jo@example.com`);
    expect(await server.deliver(anEvent('user.login'))).toMatchObject({ status: 200, body: 'OK' });
    const later = await server.deliver(anEvent('user.logout'));
    expect([later.status, later.headers.get('retry-after')]).toEqual([503, '30']);
  });
});
