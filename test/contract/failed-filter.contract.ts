import { Injectable } from '@nestjs/common';
import { expect, it } from 'vitest';
import {
  type FailedEventQuery,
  OnScalekitEvent,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent, type WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

function giveUp(): never {
  throw new UnrecoverableEventError('out of order');
}

@Injectable()
class Two {
  @OnScalekitEvent('*')
  one(): void {
    giveUp();
  }

  @OnScalekitEvent('user.*')
  other(): void {
    giveUp();
  }
}

/** What every dispatcher finds of its failed events. */
export function describeFailedFilter(start: (setup: WebhookAppSetup) => Promise<WebhookApp>): void {
  it('finds failed events by type, handler, organization and time', async () => {
    const server = await start({ providers: [Two] });
    const service = server.app.get(ScalekitWebhookService);
    const all = async () => (await service.failed()).events;
    await server.deliver({ ...anEvent('user.created', { organization_id: 'org_1' }), id: 'a' });
    await server.deliver({ ...anEvent('user.deleted', { organization_id: 'org_2' }), id: 'b' });
    await server.deliver({ ...anEvent('organization.created'), id: 'c' });
    await eventually(async () => (await all()).length).toBe(5);
    const find = async (query: FailedEventQuery) => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await service.failed({ limit: 2, ...query, cursor });
        expect(page.events.length).toBeLessThanOrEqual(query.limit ?? 2);
        found.push(...page.events.map(({ eventId, handler }) => `${eventId} ${handler}`));
        ({ cursor } = page);
      } while (cursor !== undefined);
      return found.sort();
    };
    const everything = ['a Two.one', 'a Two.other', 'b Two.one', 'b Two.other', 'c Two.one'];
    expect(await find({})).toEqual(everything);
    expect(await find({ type: 'user.created' })).toEqual(['a Two.one', 'a Two.other']);
    expect(await find({ type: '*.created' })).toEqual(['a Two.one', 'a Two.other', 'c Two.one']);
    expect(await find({ handler: 'Two.other' })).toEqual(['a Two.other', 'b Two.other']);
    expect(await find({ organizationId: 'org_2', limit: 1 })).toEqual(['b Two.one', 'b Two.other']);
    expect(await find({ organizationId: 'org_2', handler: 'Two.one', limit: 100 })).toEqual(['b Two.one']);
    expect(await find({ type: 'user.login' })).toEqual([]);
    const since = new Date(Math.min(...(await all()).map(({ failedAt }) => failedAt.getTime())));
    expect(await find({ since })).toEqual(everything);
    expect(await find({ until: since })).toEqual([]);
    expect(await find({ since: new Date(Date.now() + 3_600_000) })).toEqual([]);
    expect((await all()).find(({ eventId }) => eventId === 'a')).toMatchObject({ organizationId: 'org_1' });

    expect(await service.discard('a')).toBe(2);
    expect(await find({ type: 'user.*' })).toEqual(['b Two.one', 'b Two.other']);
    await server.close();
  });
}
