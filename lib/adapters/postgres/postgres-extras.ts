import {
  type AnnouncedApplication,
  type ApplicationRegister,
  type CatchUpStore,
  type FailedEventStore,
  type FailurePage,
  type KeepFailureOptions,
  type KeptFailure,
  type KeyState,
  type ReopenOptions,
  type ReopenResult,
  reopenedFrom,
} from '../../idempotency/idempotency-store.extras.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { DONE } from './functions.sql.js';
import type { Statements } from './statements.sql.js';
import { isSchemaMissing } from './sql-state.js';
import { inAscii, toStoredKey } from './names.js';

/** Sends a statement, bounded in time. */
type Send = <Answer>(name: keyof Statements, parameter: unknown) => Promise<Answer>;

/** A text with other characters than ASCII is kept as a JSON string. */
const quoted = (text: string) => (/^(?!")[ -~]*$/.test(text) ? text : inAscii(JSON.stringify(text)));
const unquoted = (text: string) => (text.startsWith('"') ? (JSON.parse(text) as string) : text);

/** What handlers gave up on, in a table beside the store's. */
export class PostgresFailures implements FailedEventStore {
  constructor(private readonly send: Send) {}

  async keep({ delivery, ...failure }: KeptFailure, options: KeepFailureOptions): Promise<void> {
    const { scope, eventId } = failure;
    const key = keyOf(scope, eventId, failure.handler);
    const data = inAscii(JSON.stringify(failure));
    const kept = {
      key,
      scope,
      eventId: toStoredKey(eventId),
      data,
      delivery: delivery && quoted(delivery),
      ...options,
    };
    await this.ask('keepFailure', kept);
  }

  async list(
    scope: string,
    { limit, cursor = '0' }: { limit: number; cursor: string | undefined },
  ): Promise<FailurePage> {
    const rows = await this.ask<[string, string][]>('listFailures', { scope, limit: limit + 1, cursor });
    const page = rows.slice(0, limit);
    return {
      failures: page.map(([, data]) => JSON.parse(data) as KeptFailure),
      cursor: rows.length > limit ? page.at(-1)?.[0] : undefined,
    };
  }

  async of(scope: string, eventId: string): Promise<readonly KeptFailure[]> {
    const rows = await this.ask<[string, string | null][]>('failuresOf', {
      scope,
      eventId: toStoredKey(eventId),
    });
    return rows.map(([data, delivery]) => ({
      ...(JSON.parse(data) as KeptFailure),
      ...(delivery !== null && { delivery: unquoted(delivery) }),
    }));
  }

  async forget(scope: string, eventId: string, handlers: readonly string[]): Promise<number> {
    const keys = handlers.map((handler) => keyOf(scope, eventId, handler));
    const [count] = await this.ask<[number]>('forgetFailures', keys);
    return count;
  }

  async reopen(key: string, options: ReopenOptions): Promise<ReopenResult> {
    const { token, attempt, handlersDone, before, leftMs } = await this.ask<{
      readonly token: number | null;
      readonly attempt: number;
      readonly handlersDone: readonly string[] | null;
      readonly before: readonly string[] | null;
      readonly leftMs: number | null;
    }>('reopen', { ...options, key: toStoredKey(key), fingerprint: options.fingerprint | 0 });
    return token === null
      ? { status: 'in_progress', retryAfterMs: Math.max(leftMs ?? options.leaseMs, 1) }
      : {
          status: 'acquired',
          token,
          attempt,
          handlersDone: handlersDone ?? [],
          reopened: reopenedFrom(before ?? [], options.again).reopened,
        };
  }

  /** @throws ScalekitWebhookError (`keeps_no_events`) where the schema is older than this part of the store */
  private async ask<Answer>(name: keyof Statements, parameter: unknown): Promise<Answer> {
    try {
      return await this.send<Answer>(name, parameter);
    } catch (error) {
      throw isSchemaMissing(error)
        ? new ScalekitWebhookError(
            'keeps_no_events',
            'PostgresIdempotencyStore keeps no failed events: its table for them is missing. Call migrate() of the store ' +
              'when the app starts.',
            { cause: error },
          )
        : error;
    }
  }
}

/** The applications that use the store, in a table beside the store's. */
export class PostgresApplications implements ApplicationRegister {
  constructor(private readonly send: Send) {}

  async announce(application: AnnouncedApplication, ttlMs: number): Promise<readonly AnnouncedApplication[]> {
    const { id } = application;
    try {
      await this.send('announce', { id, ttlMs, data: JSON.stringify(application) });
      // A separate statement: when two processes announce themselves at once, at least one sees the other.
      const others = await this.send<string[]>('announced', { id });
      return others.map((data) => JSON.parse(data) as AnnouncedApplication);
    } catch (error) {
      if (isSchemaMissing(error)) {
        return []; // The schema is older than this part of the store.
      }
      throw error;
    }
  }

  async withdraw(id: string): Promise<void> {
    await this.send('withdraw', { id });
  }
}

/** How far catching up has come, in a table beside the store's. */
export class PostgresCatchUp implements CatchUpStore {
  constructor(private readonly send: Send) {}

  async look(keys: readonly string[]): Promise<readonly KeyState[]> {
    const stored = keys.map(toStoredKey);
    const states = new Map(await this.send<[string, number][]>('look', stored));
    return stored.map((key) => {
      const state = states.get(key);
      if (state === undefined) {
        return 'unknown';
      }
      return state >= DONE ? 'done' : 'unfinished';
    });
  }

  async read(name: string): Promise<string | undefined> {
    const [text] = await this.send<string[]>('readText', { name: toStoredKey(name) });
    return text;
  }

  async replace(name: string, expected: string | undefined, data: string): Promise<boolean> {
    const [count] = await this.send<[number]>('replaceText', { name: toStoredKey(name), expected, data });
    return count === 1;
  }
}

function keyOf(scope: string, eventId: string, handler: string): string {
  return toStoredKey(`${scope}\n${eventId}\n${handler}`);
}
