import type { Awaitable, BeginOptions, BeginResult, IdempotencyStore } from './idempotency-store.js';
import type { InspectorLog, InspectorLogOptions } from './inspector-log.js';

/**
 * A handler that gave up on an event, as a store keeps it.
 *
 * @publicApi
 */
export interface KeptFailure {
  /** The endpoint, with its namespace: failures of different scopes never mix. */
  readonly scope: string;
  readonly eventId: string;
  readonly type: string;
  readonly handler: string;
  /** `organization_id` of the event. */
  readonly organizationId?: string | undefined;
  /** The error's message, without values of the payload. */
  readonly reason: string;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
  /** CRC-32 of the event's body. */
  readonly fingerprint: number;
  /** The event itself, as a text that only the ledger reads; undefined where payloads are not kept. */
  readonly delivery?: string | undefined;
}

/** @publicApi */
export interface KeepFailureOptions {
  /** How many failures of the scope are kept: the oldest ones go first. */
  readonly keep: number;
  /** For how long, in milliseconds. */
  readonly keepMs: number;
}

/** @publicApi */
export interface FailurePage {
  /** Without `delivery`. */
  readonly failures: readonly KeptFailure[];
  /** Where the next page begins, as digits; undefined on the last page. */
  readonly cursor: string | undefined;
}

/** @publicApi */
export interface ReopenOptions extends Omit<BeginOptions, 'position'> {
  /** Handlers that are to run again: no longer recorded as finished. */
  readonly again: readonly string[];
  /** Handlers that are recorded as finished if the key is done or unknown. */
  readonly finished: readonly string[];
}

/** @publicApi */
export type ReopenResult = BeginResult & {
  /** Those of `again` that were recorded as finished until now. */
  readonly reopened?: readonly string[];
};

/**
 * The part of an idempotency store that keeps what handlers gave up on. Optional: without it, the inline dispatcher
 * only logs such an event. Each method is atomic, and throws where the store can't answer.
 *
 * @publicApi
 */
export interface FailedEventStore {
  /** Keeps a failure, as the youngest of its scope. It replaces an earlier one of the same event and handler. */
  keep(failure: KeptFailure, options: KeepFailureOptions): Awaitable<void>;
  /** Failures of a scope that have not expired, oldest first, from the cursor of the page before. */
  list(
    scope: string,
    query: { readonly limit: number; readonly cursor: string | undefined },
  ): Awaitable<FailurePage>;
  /** All failures of an event that have not expired, oldest first, with `delivery`. */
  of(scope: string, eventId: string): Awaitable<readonly KeptFailure[]>;
  /** Forgets these handlers' failures of an event. Resolves to how many there were. */
  forget(scope: string, eventId: string, handlers: readonly string[]): Awaitable<number>;
  /**
   * Claims a key of the store as `begin` does, also one that is done: then it starts with attempt 1 and with `finished`
   * as its finished handlers. Any other key that is free keeps its finished handlers, without those in `again`.
   *
   * @returns `acquired` or `in_progress`
   */
  reopen(key: string, options: ReopenOptions): Awaitable<ReopenResult>;
}

/**
 * A running endpoint of an application, as it is announced in a store that others may use.
 *
 * @publicApi
 */
export interface AnnouncedApplication {
  /** Unique among all that are announced. */
  readonly id: string;
  /** The package and the script that run: the same for each process of an application. */
  readonly identity: string;
  /** Unique for each process. */
  readonly process: string;
  readonly endpoint: string;
  /** Names of the handlers that it runs. */
  readonly handlers: readonly string[];
}

/**
 * The part of an idempotency store that knows who uses it, so that two applications that share one by mistake notice.
 * Optional.
 *
 * @publicApi
 */
export interface ApplicationRegister {
  /** Announces an application for `ttlMs`, or again. Resolves to all others that are announced now. */
  announce(application: AnnouncedApplication, ttlMs: number): Awaitable<readonly AnnouncedApplication[]>;
  /** Takes an announcement back. */
  withdraw(id: string): Awaitable<void>;
}

/**
 * How far the work on a key has come: `done` (or safely queued), `unfinished` (running or released), or unknown to the
 * store.
 *
 * @publicApi
 */
export type KeyState = 'done' | 'unfinished' | 'unknown';

/**
 * The part of an idempotency store that catching up needs. Optional: without it, the option `catchUp` can't be used.
 *
 * @publicApi
 */
export interface CatchUpStore {
  /** The state of each key, in the order of the keys. Changes nothing. */
  look(keys: readonly string[]): Awaitable<readonly KeyState[]>;
  /** The text that is kept under a name, or undefined. */
  read(name: string): Awaitable<string | undefined>;
  /**
   * Keeps a text under a name for good, in place of `expected` (undefined: nothing was kept). Resolves to false, and
   * changes nothing, where another text is kept now.
   */
  replace(name: string, expected: string | undefined, text: string): Awaitable<boolean>;
}

/**
 * What an idempotency store may offer beyond `IdempotencyStore`.
 *
 * @publicApi
 */
export interface IdempotencyStoreExtras {
  readonly failures?: FailedEventStore;
  readonly applications?: ApplicationRegister;
  readonly catchUp?: CatchUpStore;
  /** Makes the log that the inspectors of all processes share. */
  readonly inspection?: (options: InspectorLogOptions) => InspectorLog;
}

/** What a store offers beyond the contract, if anything. */
export const extrasOf = (store: IdempotencyStore) => store as IdempotencyStoreExtras;

/** What `reopen` answers of a claim, from the handlers that were finished before. */
export function reopenedFrom(before: readonly string[], again: readonly string[]) {
  return {
    handlersDone: before.filter((handler) => !again.includes(handler)),
    reopened: before.filter((handler) => again.includes(handler)),
  };
}
