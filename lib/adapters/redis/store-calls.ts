import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import { isErrorReply, type ScriptRunner } from './script-runner.js';

/** Bounds how long one script call keeps the server from others: about a millisecond. */
const MAX_CALLS_AT_ONCE = 200;

interface StoreCall {
  readonly key: string;
  readonly args: readonly string[];
  readonly resolve: (answer: string) => void;
  readonly reject: (error: unknown) => void;
  /** Takes back what the server may have done although the caller was told that it failed. */
  readonly undo: (() => void) | undefined;
}

/** The calls of one turn of the event loop go to the server as one script call. */
export class StoreCalls {
  private waiting: StoreCall[] = [];
  /** Learned from the server, for a Cluster may hide behind a client or proxy that knows nothing of it. */
  private isCluster = false;

  constructor(
    private readonly runScript: ScriptRunner,
    private readonly timeoutMs: number,
  ) {}

  ask(key: string, args: readonly string[], undo?: () => void): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ key, args, resolve, reject, undo }) === 1) {
        setImmediate(() => {
          this.sendWaiting();
        });
      }
    });
  }

  private sendWaiting(): void {
    const calls = this.waiting;
    this.waiting = [];
    const batches = this.isCluster ? byEvent(calls) : bySize(calls);
    for (const batch of batches) {
      void this.send(batch);
    }
  }

  private async send(calls: readonly StoreCall[]): Promise<void> {
    let isLate = false as boolean;
    const timer = setTimeout(() => {
      isLate = true;
      fail(calls, new StoreUnavailableError(`Redis did not answer within ${this.timeoutMs} ms (timeoutMs).`));
    }, this.timeoutMs);
    try {
      const answers = await this.runScript(
        calls.map(({ key }) => key),
        calls.flatMap(({ args }) => args),
      );
      if (isLate) {
        calls.forEach(({ undo }) => undo?.());
      } else {
        calls.forEach((call, index) => {
          settle(call, String((answers as unknown[])[index]));
        });
      }
    } catch (error) {
      if (!isLate && calls.length > 1 && isErrorReply(error, 'CROSSSLOT')) {
        this.isCluster = true;
        for (const batch of byEvent(calls)) {
          void this.send(batch);
        }
      } else {
        fail(calls, error);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

function settle(call: StoreCall, answer: string): void {
  if (answer.startsWith('e ')) {
    call.reject(new Error(answer.slice(2)));
  } else {
    call.resolve(answer);
  }
}

function fail(calls: readonly StoreCall[], error: unknown): void {
  for (const { reject, undo } of calls) {
    reject(error);
    undo?.();
  }
}

function bySize(calls: readonly StoreCall[]): readonly (readonly StoreCall[])[] {
  const batches: (readonly StoreCall[])[] = [];
  for (let start = 0; start < calls.length; start += MAX_CALLS_AT_ONCE) {
    batches.push(calls.slice(start, start + MAX_CALLS_AT_ONCE));
  }
  return batches;
}

/** In a Cluster a script call stays within a slot: that of the hash tag. */
function byEvent(calls: readonly StoreCall[]): Iterable<readonly StoreCall[]> {
  const events = new Map<string, StoreCall[]>();
  for (const call of calls) {
    const event = call.key.slice(0, call.key.indexOf('}'));
    const batch = events.get(event);
    if (batch) {
      batch.push(call);
    } else {
      events.set(event, [call]);
    }
  }
  return events.values();
}
