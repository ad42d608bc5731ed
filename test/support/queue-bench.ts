import { expect } from 'vitest';
import { type DispatcherFactory, type HandlerBackoff, MemoryIdempotencyStore } from '../../lib/index.js';
import type { WebhookApp, WebhookAppSetup } from './webhook-app.js';

export interface QueueSettings {
  readonly attempts?: number;
  readonly backoff?: HandlerBackoff;
  readonly timeoutMs?: number;
}

export interface QueueServer {
  /** Stops it in mid-air: it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** A queueing dispatcher on a real server, for the tests that every such dispatcher passes. */
export interface QueueBench {
  /** The name of a queue that no other test knows. */
  scope(): string;
  /** An application on that queue, or on one of its own, which closes with `closeAll`. */
  start(setup: WebhookAppSetup, settings?: QueueSettings & { scope?: string }): Promise<WebhookApp>;
  readonly server: QueueServer;
  /** How many connections dispatchers have to that server. */
  connections(): Promise<number>;
  /** A server for one test, which writes each change to its disk. It stops with `closeAll`. */
  ownServer(): Promise<{
    readonly server: QueueServer;
    dispatcher(settings: QueueSettings): DispatcherFactory;
    connections(): Promise<number>;
  }>;
  closeLater(resource: { close(): Promise<unknown> }): void;
  closeAll(): Promise<void>;
  /** How many jobs wait or run. */
  live(scope: string): Promise<number>;
  /** Has the job that runs in there so many times more. */
  copyJob(scope: string, copies: number): Promise<void>;
  /** For how long waiting jobs wait still, and how many attempts they have behind them. */
  delayed(scope: string): Promise<{ delayMs: number; attempts: number }[]>;
  /** Has them wait no longer. */
  promote(scope: string): Promise<void>;
  /** Resolves once no job waits or runs. */
  settled(scope: string): Promise<void>;
}

/** A ledger for the applications of one test: they run in one process, but play several. */
export function sharedMemory(): { idempotency: { store: MemoryIdempotencyStore } } {
  return { idempotency: { store: new SharedMemoryStore() } };
}

class SharedMemoryStore extends MemoryIdempotencyStore {
  override readonly isProcessLocal = false;
}

/** Waits until it is so. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 20_000, interval: 20 });
}
