import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import { Batcher } from '../../shared/batcher.js';
import { isErrorReply, type ScriptRunner } from './script-runner.js';

/** Bounds how long one script call keeps the server from others: about a millisecond. */
const MAX_CALLS_AT_ONCE = 200;

interface StoreCall {
  readonly key: string;
  readonly args: readonly string[];
  /** Takes back what the server may have done although the caller was told that it failed. */
  readonly undo: (() => void) | undefined;
}

/** The calls of one turn of the event loop go to the server as one script call. */
export class StoreCalls {
  private readonly batcher: Batcher<StoreCall, string>;
  /** Learned from the server's answers: a client or proxy may not know that it talks to a Cluster. */
  private isCluster = false;

  constructor(
    private readonly runScript: ScriptRunner,
    timeoutMs: number,
  ) {
    this.batcher = new Batcher({
      send: (calls) => this.send(calls),
      timeoutMs,
      onTimeout: () => new StoreUnavailableError(`Redis did not answer within ${timeoutMs} ms (timeoutMs).`),
      maxCalls: MAX_CALLS_AT_ONCE,
      maxUnderWay: Infinity,
      onLateAnswer: ({ undo }) => undo?.(),
    });
  }

  ask(key: string, args: readonly string[], undo?: () => void): Promise<string> {
    const answer = this.batcher.run({ key, args, undo });
    if (undo) {
      answer.catch(undo);
    }
    return answer;
  }

  private async send(calls: readonly StoreCall[]): Promise<readonly (string | Promise<string>)[]> {
    try {
      return this.isCluster ? this.sendByEvent(calls) : await this.run(calls);
    } catch (error) {
      if (calls.length > 1 && isErrorReply(error, 'CROSSSLOT')) {
        this.isCluster = true;
        return this.sendByEvent(calls);
      }
      throw error;
    }
  }

  /** In a Cluster a script call stays within a slot: that of the hash tag. */
  private sendByEvent(calls: readonly StoreCall[]): readonly (string | Promise<string>)[] {
    const events = new Map<string, StoreCall[]>();
    for (const call of calls) {
      const event = call.key.slice(0, call.key.indexOf('}'));
      const batch = events.get(event) ?? [];
      events.set(event, batch);
      batch.push(call);
    }
    const answers = new Map<StoreCall, Promise<string>>();
    for (const batch of events.values()) {
      const sent = this.run(batch);
      batch.forEach((call, index) => {
        answers.set(
          call,
          sent.then((all) => all[index] ?? ''),
        );
      });
    }
    return calls.map((call) => answers.get(call) ?? '');
  }

  private async run(calls: readonly StoreCall[]): Promise<readonly (string | Promise<string>)[]> {
    const answers = await this.runScript(
      calls.map(({ key }) => key),
      calls.flatMap(({ args }) => args),
    );
    return (answers as unknown[]).map((each) => {
      const answer = String(each);
      return answer.startsWith('e ') ? Promise.reject(new Error(answer.slice(2))) : answer;
    });
  }
}
