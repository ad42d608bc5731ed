import { randomBytes } from 'node:crypto';
import {
  type IdempotencyStoreExtras,
  type KeyState,
  reopenedFrom,
  type ReopenOptions,
  type ReopenResult,
} from '../../idempotency/idempotency-store.extras.js';
import type {
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
  IdempotencyStore,
} from '../../idempotency/idempotency-store.js';
import type { InspectorLog, InspectorLogOptions } from '../../idempotency/inspector-log.js';
import type { IoredisClient, NodeRedisClient } from './redis-client.js';
import { RedisApplications, RedisCatchUp, RedisFailures } from './redis-extras.js';
import { RedisInspectorLog } from './redis-inspector-log.js';
import { rowKey } from './row-key.js';
import { scriptRunner } from './script-runner.js';
import { StoreCalls } from './store-calls.js';
import { STORE_SCRIPT } from './store.script.js';

/** @publicApi */
export interface RedisIdempotencyStoreOptions {
  /**
   * A client of `ioredis` (`Redis` or `Cluster`) or of `redis` (client, pool or cluster), versions 5 and 6. The store
   * opens no connection and closes none.
   */
  readonly client: IoredisClient | NodeRedisClient;
  /**
   * What the store's keys begin with. Applications that share a server need one each. No braces: the store
   * puts the hash tag after it.
   *
   * @default 'scalekit:webhooks:'
   */
  readonly keyPrefix?: string;
  /**
   * How long Redis may take to answer, in milliseconds. After that the call rejects, and the delivery is answered 503,
   * whatever the client would still wait for.
   *
   * @default 2_000
   */
  readonly timeoutMs?: number;
}

/**
 * Remembers events in Redis 6 or later, standalone or Cluster, for any number of processes. As durable as the
 * server's data. Leases go by the server's clock.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 * @publicApi
 */
export class RedisIdempotencyStore implements IdempotencyStore, IdempotencyStoreExtras {
  readonly failures: RedisFailures;
  readonly applications: RedisApplications;
  readonly catchUp: RedisCatchUp;
  readonly inspection: (options: InspectorLogOptions) => InspectorLog;
  private readonly calls: StoreCalls;
  private readonly keyPrefix: string;
  private readonly claimIds = claimIds();

  /** @throws TypeError or RangeError for an option that can't work */
  constructor({ client, keyPrefix = 'scalekit:webhooks:', timeoutMs = 2_000 }: RedisIdempotencyStoreOptions) {
    if (/[{}]/.test(keyPrefix)) {
      throw new RangeError(`RedisIdempotencyStore: keyPrefix must have no { or }, received '${keyPrefix}'.`);
    }
    if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 0x7fff_ffff) {
      throw new RangeError(
        `RedisIdempotencyStore: timeoutMs must be a whole number from 1 to 2147483647, received ${String(timeoutMs)}.`,
      );
    }
    this.calls = new StoreCalls(scriptRunner(client, STORE_SCRIPT), timeoutMs);
    this.keyPrefix = keyPrefix;
    const terms = { client, keyPrefix, timeoutMs };
    this.failures = new RedisFailures(terms, (key, options) => this.reopen(key, options));
    this.applications = new RedisApplications(terms);
    this.inspection = (options) => new RedisInspectorLog(terms, options);
    this.catchUp = new RedisCatchUp(terms, (keys) => Promise.all(keys.map((key) => this.stateOf(key))));
  }

  begin(key: string, options: BeginOptions): Promise<BeginResult> {
    return this.claim('begin', key, options);
  }

  renew(key: string, token: FencingToken, leaseMs: number): Promise<boolean> {
    return this.change('renew', key, token, String(leaseMs));
  }

  handlerDone(key: string, token: FencingToken, handler: string): Promise<boolean> {
    return this.change('handlerDone', key, token, JSON.stringify(handler));
  }

  complete(key: string, token: FencingToken, ttlMs: number, as: CompletedAs = 'done'): Promise<boolean> {
    return this.change('complete', key, token, String(ttlMs), as === 'done' ? 'd' : 'a');
  }

  release(key: string, token: FencingToken): Promise<boolean> {
    return this.change('release', key, token);
  }

  private async stateOf(key: string): Promise<KeyState> {
    const state = await this.calls.ask(rowKey(this.keyPrefix, key), ['look']);
    if (state === '') {
      return 'unknown';
    }
    return state === 'd' || state === 'a' ? 'done' : 'unfinished';
  }

  private async reopen(key: string, { again, finished, ...options }: ReopenOptions): Promise<ReopenResult> {
    const lines = (handlers: readonly string[]) =>
      handlers.map((name) => `\n${JSON.stringify(name)}`).join('');
    const answer = await this.claim('reopen', key, options, lines(again), lines(finished));
    return answer.status === 'acquired' ? { ...answer, ...reopenedFrom(answer.handlersDone, again) } : answer;
  }

  private async claim(
    operation: string,
    key: string,
    { leaseMs, ttlMs, fingerprint, position }: BeginOptions,
    ...more: string[]
  ): Promise<BeginResult> {
    const row = rowKey(this.keyPrefix, key);
    const claimId = this.claimIds();
    const terms = [String(leaseMs), String(ttlMs), String(fingerprint), positionText(position), claimId];
    const withdraw = () => {
      // Where this fails, too, the lease runs out by itself.
      this.calls.ask(row, ['withdraw', claimId]).catch(() => undefined);
    };
    return beginResult(await this.calls.ask(row, [operation, ...terms, ...more], withdraw));
  }

  private async change(
    operation: string,
    key: string,
    token: FencingToken,
    ...args: string[]
  ): Promise<boolean> {
    const answer = await this.calls.ask(rowKey(this.keyPrefix, key), [operation, String(token), ...args]);
    return answer === '1';
  }
}

function claimIds(): () => string {
  const store = randomBytes(6).toString('base64url');
  let last = 0;
  return () => `${store}${(++last).toString(36)}`;
}

/** As text that sorts as the number does. */
function positionText(position: bigint | undefined): string {
  return position === undefined ? '-' : String(position + 2n ** 63n).padStart(20, '0');
}

function beginResult(answer: string): BeginResult {
  const [line = '', ...handlers] = answer.split('\n');
  const [state, first, second] = line.split(' ');
  switch (state) {
    case 'r':
      return {
        status: 'acquired',
        token: Number(first),
        attempt: Number(second),
        handlersDone: handlers.map((handler) => JSON.parse(handler) as string),
      };
    case 'w':
      return { status: 'in_progress', retryAfterMs: Number(first) };
    default:
      return { status: state === 'a' ? 'accepted' : 'done', fingerprint: Number(first) };
  }
}
