import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { HANDLER_CHANNEL, type HandlerMessage } from '../../telemetry/lifecycle.messages.js';
import type { SignedDelivery } from '../deliveries/signed-delivery.js';

export type HandlerCalls = Readonly<Record<string, number>>;

/** Counts how often each handler is called for the events that were delivered, also by the worker of a queue. */
export class CallCounter {
  private readonly callsByEvent = new Map<unknown, Map<string, number>>();

  constructor(private readonly application: string) {
    // Held weakly: nobody closes a tester, and the channel lives as long as the process.
    const counter = new WeakRef(this);
    const listen = (message: unknown) => {
      const known = counter.deref();
      if (known) {
        known.count(message as HandlerMessage);
      } else {
        unsubscribe(HANDLER_CHANNEL, listen);
      }
    };
    subscribe(HANDLER_CHANNEL, listen);
  }

  private count({ stage, call: { application, handler, eventId } }: HandlerMessage): void {
    const isOurs = stage === 'start' && application === this.application;
    const calls = isOurs ? this.callsByEvent.get(eventId) : undefined;
    calls?.set(handler, (calls.get(handler) ?? 0) + 1);
  }

  /** The ids of all events that were delivered. */
  get eventIds(): readonly string[] {
    return [...this.callsByEvent.keys()].filter((id) => typeof id === 'string');
  }

  /** Adds the calls for the event while `work` goes on. */
  async during<T extends object>(
    delivery: SignedDelivery,
    work: () => Promise<T>,
  ): Promise<T & { readonly handlers: HandlerCalls }> {
    const id = eventIdOf(delivery);
    const calls = this.callsByEvent.get(id) ?? new Map<string, number>();
    if (id !== undefined) {
      this.callsByEvent.set(id, calls);
    }
    const before = new Map(calls);
    const result = await work();
    const since = [...calls].map(
      ([handler, count]) => [handler, count - (before.get(handler) ?? 0)] as const,
    );
    return { ...result, handlers: Object.fromEntries(since.filter(([, count]) => count > 0)) };
  }

  /** The calls for all events. */
  total(): HandlerCalls {
    return sumOfCalls(
      [...this.callsByEvent.values()].map((calls) => ({ handlers: Object.fromEntries(calls) })),
    );
  }
}

export function sumOfCalls(results: readonly { readonly handlers: HandlerCalls }[]): HandlerCalls {
  const sum = new Map<string, number>();
  for (const [handler, calls] of results.flatMap(({ handlers }) => Object.entries(handlers))) {
    sum.set(handler, (sum.get(handler) ?? 0) + calls);
  }
  return Object.fromEntries(sum);
}

/** Undefined where the body holds no event: then no handler is called for it. */
function eventIdOf({ body }: SignedDelivery): unknown {
  try {
    return (JSON.parse(body) as { readonly id?: unknown } | null)?.id;
  } catch {
    return undefined;
  }
}
