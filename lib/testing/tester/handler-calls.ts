import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { HANDLER_CHANNEL, type HandlerCall, type HandlerRegistry } from '../../handlers/handler.registry.js';
import type { SignedDelivery } from '../deliveries/signed-delivery.js';

export type HandlerCalls = Readonly<Record<string, number>>;

/** Counts the calls for one event while `work` goes on. */
export async function countCalls<T>(
  registry: HandlerRegistry,
  delivery: SignedDelivery,
  work: () => Promise<T>,
): Promise<T & { readonly handlers: HandlerCalls }> {
  const calls = new Map<string, number>();
  const eventId = eventIdOf(delivery);
  const count = (message: unknown) => {
    const { handler, event, registry: caller } = message as HandlerCall;
    if (event.id === eventId && caller === registry) {
      calls.set(handler, (calls.get(handler) ?? 0) + 1);
    }
  };
  subscribe(HANDLER_CHANNEL, count);
  try {
    const result = await work();
    return { ...result, handlers: Object.fromEntries(calls) };
  } finally {
    unsubscribe(HANDLER_CHANNEL, count);
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
