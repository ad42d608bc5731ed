import type {
  AnnouncedApplication,
  ApplicationRegister,
  CatchUpStore,
  FailedEventStore,
  FailurePage,
  KeepFailureOptions,
  KeptFailure,
  KeyState,
  ReopenOptions,
  ReopenResult,
} from '../../idempotency/idempotency-store.extras.js';
import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import { within } from '../../shared/within.js';
import { APPLICATIONS_SCRIPT, FAILURES_SCRIPT, READ_SCRIPT, REPLACE_SCRIPT } from './extras.scripts.js';
import type { IoredisClient, NodeRedisClient } from './redis-client.js';
import { rowKey } from './row-key.js';
import { scriptRunner } from './script-runner.js';

export interface ExtrasOptions {
  readonly client: IoredisClient | NodeRedisClient;
  readonly keyPrefix: string;
  readonly timeoutMs: number;
}

export type Run = (keys: string[], args: string[]) => Promise<string[]>;

/** @throws StoreUnavailableError after `timeoutMs` */
export function runner({ client, timeoutMs }: ExtrasOptions, script: string): Run {
  const run = scriptRunner(client, script);
  return async (keys, args) =>
    (await within(timeoutMs, run(keys, args), () => {
      throw new StoreUnavailableError(`Redis did not answer within ${timeoutMs} ms (timeoutMs).`);
    })) as string[];
}

/** What handlers gave up on: a hash and a sorted set for each endpoint, both in one slot of a Cluster. */
export class RedisFailures implements FailedEventStore {
  private readonly run: Run;
  private readonly keyPrefix: string;

  constructor(
    options: ExtrasOptions,
    readonly reopen: (key: string, options: ReopenOptions) => Promise<ReopenResult>,
  ) {
    this.run = runner(options, FAILURES_SCRIPT);
    this.keyPrefix = options.keyPrefix;
  }

  async keep(
    { delivery = '', ...failure }: KeptFailure,
    { keep, keepMs }: KeepFailureOptions,
  ): Promise<void> {
    const member = memberOf(failure.eventId, failure.handler);
    const args = [member, String(keepMs), String(keep), JSON.stringify(failure), delivery];
    await this.run(this.keysOf(failure.scope), ['keep', ...args]);
  }

  async list(
    scope: string,
    { limit, cursor = '0' }: { limit: number; cursor: string | undefined },
  ): Promise<FailurePage> {
    const rows = pairs(await this.run(this.keysOf(scope), ['list', cursor, String(limit + 1)]));
    const page = rows.slice(0, limit);
    return {
      failures: page.map(([, data]) => JSON.parse(data) as KeptFailure),
      cursor: rows.length > limit ? page.at(-1)?.[0] : undefined,
    };
  }

  async of(scope: string, eventId: string): Promise<readonly KeptFailure[]> {
    const rows = pairs(await this.run(this.keysOf(scope), ['of', memberOf(eventId, '')]));
    return rows.map(([data, delivery]) => ({
      ...(JSON.parse(data) as KeptFailure),
      ...(delivery !== '' && { delivery }),
    }));
  }

  async forget(scope: string, eventId: string, handlers: readonly string[]): Promise<number> {
    const members = handlers.map((handler) => memberOf(eventId, handler));
    const [count] = await this.run(this.keysOf(scope), ['forget', ...members]);
    return Number(count);
  }

  private keysOf(scope: string): string[] {
    const key = `${rowKey(this.keyPrefix, scope)}:failed`;
    return [key, `${key}:order`];
  }
}

/** The applications that use the store, in one key. */
export class RedisApplications implements ApplicationRegister {
  private readonly run: Run;
  private readonly key: string;

  constructor(options: ExtrasOptions) {
    this.run = runner(options, APPLICATIONS_SCRIPT);
    this.key = `${options.keyPrefix}applications`;
  }

  async announce(application: AnnouncedApplication, ttlMs: number): Promise<readonly AnnouncedApplication[]> {
    const others = await this.run([this.key], [application.id, String(ttlMs), JSON.stringify(application)]);
    return others.map((data) => JSON.parse(data) as AnnouncedApplication);
  }

  async withdraw(id: string): Promise<void> {
    await this.run([this.key], [id]);
  }
}

/** How far catching up has come: a key for each name, which never expires. */
export class RedisCatchUp implements CatchUpStore {
  private readonly runRead: Run;
  private readonly runReplace: Run;
  private readonly keyPrefix: string;

  constructor(
    options: ExtrasOptions,
    readonly look: (keys: readonly string[]) => Promise<readonly KeyState[]>,
  ) {
    this.runRead = runner(options, READ_SCRIPT);
    this.runReplace = runner(options, REPLACE_SCRIPT);
    this.keyPrefix = options.keyPrefix;
  }

  async read(name: string): Promise<string | undefined> {
    return String(await this.runRead([this.keyOf(name)], [])) || undefined;
  }

  async replace(name: string, expected: string | undefined, text: string): Promise<boolean> {
    const args = expected === undefined ? [text] : [text, expected];
    return String(await this.runReplace([this.keyOf(name)], args)) === '1';
  }

  private keyOf(name: string): string {
    return `${rowKey(this.keyPrefix, name)}:catch-up`;
  }
}

/** An event id holds no control character (E4), so its failures all begin with it and a newline. */
function memberOf(eventId: string, handler: string): string {
  return `${eventId}\n${handler}`;
}

export function pairs(answers: readonly string[]): [string, string][] {
  return answers.flatMap((first, index) => (index % 2 === 0 ? [[first, answers[index + 1] ?? '']] : []));
}
