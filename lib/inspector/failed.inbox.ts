import { Inject, Injectable } from '@nestjs/common';
import type { FailedEventFilter, FailedEvents } from '../dispatch/event-dispatcher.js';
import { findFailed } from '../dispatch/find-failed.js';
import { type OpenEndpoint, OpenEndpoints } from '../receive/open-endpoints.js';
import type { FailedActionAnswer, FailedAnswer } from './inspector.api.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';

const MAX_PAGE = 1_000;
const WITHHELD =
  'Not shown: what a queue keeps may quote the payload. The log of the worker says it without.';

/** Lists what handlers gave up on, and runs it again, at each endpoint through its own dispatcher. */
@Injectable()
export class FailedInbox {
  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: Required<InspectorOptions>,
    private readonly endpoints: OpenEndpoints,
  ) {}

  async list(query: URLSearchParams): Promise<FailedAnswer> {
    const { failures, isQueue } = this.chosen(query);
    const limit = Number(query.get('limit') ?? 100);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new BadQueryError(`limit must be a whole number from 1 to ${MAX_PAGE}.`);
    }
    const page = await findFailed(failures, { limit, cursor: textOf(query, 'cursor') }, filterOf(query));
    const isShown = !isQueue || this.options.showPayloads;
    return {
      events: page.events.map(({ failedAt, reason, ...event }) => ({
        ...event,
        reason: isShown ? reason : WITHHELD,
        failedAt: failedAt.toISOString(),
      })),
      ...(page.cursor !== undefined && { cursor: page.cursor }),
    };
  }

  async replay(query: URLSearchParams): Promise<FailedActionAnswer> {
    const all = ['true', '1'].includes(query.get('all') ?? '');
    return { count: await this.chosen(query).failures.replay(idOf(query), { all }) };
  }

  async discard(query: URLSearchParams): Promise<FailedActionAnswer> {
    return { count: await this.chosen(query).failures.discard(idOf(query)) };
  }

  /** @throws BadQueryError */
  private chosen(query: URLSearchParams): { readonly failures: FailedEvents; readonly isQueue: boolean } {
    const { name, dispatcher } = this.endpointOf(query);
    const { failures } = dispatcher;
    if (!failures) {
      throw new BadQueryError(`The endpoint "${name}" keeps no failed events.`);
    }
    return { failures, isQueue: dispatcher.ping !== undefined };
  }

  private endpointOf(query: URLSearchParams): OpenEndpoint {
    const { all } = this.endpoints;
    const name = textOf(query, 'endpoint');
    const chosen = name === undefined && all.length === 1 ? all[0] : all.find((each) => each.name === name);
    if (!chosen) {
      const names = all.map((each) => each.name).join('", "');
      throw new BadQueryError(`endpoint must be one of those that there are: "${names}".`);
    }
    return chosen;
  }
}

function filterOf(query: URLSearchParams): FailedEventFilter {
  return {
    type: textOf(query, 'type'),
    handler: textOf(query, 'handler'),
    organizationId: textOf(query, 'organization'),
    since: dateOf(query, 'since'),
    until: dateOf(query, 'until'),
  };
}

function textOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name);
  return text === null || text === '' ? undefined : text;
}

function idOf(query: URLSearchParams): string {
  const id = textOf(query, 'id');
  if (id === undefined) {
    throw new BadQueryError('id must be that of an event.');
  }
  return id;
}

function dateOf(query: URLSearchParams, name: string): Date | undefined {
  const text = textOf(query, name);
  const date = text === undefined ? undefined : new Date(text);
  if (date && Number.isNaN(date.getTime())) {
    throw new BadQueryError(`${name} must be a time as in ISO 8601.`);
  }
  return date;
}

/** A parameter of a request that can't be used: answered 400 with the message. */
export class BadQueryError extends Error {}
