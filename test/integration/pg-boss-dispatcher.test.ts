import { describe, expect, it } from 'vitest';
import { pgBossDispatcher } from '../../lib/adapters/pg-boss/index.js';
import { describeQueueDispatcher } from '../contract/dispatcher.contract.js';
import { PgBossBench } from '../support/pg-boss-app.js';

describeQueueDispatcher(PgBossBench.forThisFile());

describe('pgBossDispatcher', () => {
  it.each([
    ['neither a connection nor a boss', {}],
    ['no attempts', { connectionString: 'postgres://', attempts: 0 }],
    ['a timeout that is no number', { connectionString: 'postgres://', timeoutMs: Number.NaN }],
    [
      'a backoff of no known type',
      { connectionString: 'postgres://', backoff: { type: 'linear', delayMs: 1 } },
    ],
    ['a backoff without a delay', { connectionString: 'postgres://', backoff: { type: 'fixed' } }],
    ['a negative delay', { connectionString: 'postgres://', backoff: { type: 'fixed', delayMs: -1 } }],
    [
      'a delay of more than a year',
      { connectionString: 'postgres://', backoff: { type: 'fixed', delayMs: Date.now() } },
    ],
    ['a queue name that breaks out of its quotes', { connectionString: 'postgres://', queueName: "a'b" }],
    ['a schema that is more than a name', { connectionString: 'postgres://', schema: 'a.b; DROP' }],
    ['dead letters that are kept for no time', { connectionString: 'postgres://', keepFailedSeconds: 0 }],
    ['a heartbeat of no time', { connectionString: 'postgres://', worker: { heartbeatSeconds: 0 } }],
  ])('refuses %s', (_, options) => {
    expect(() => pgBossDispatcher(options as unknown as Parameters<typeof pgBossDispatcher>[0])).toThrow(
      expect.objectContaining({ code: 'invalid_options' }) as Error,
    );
  });
});
