import type { ExecutionContext } from '@nestjs/common';
import type { HandlerCandidate } from './find-handlers.js';

/**
 * The `ExecutionContext` of one call of a handler. Enhancers that were written for requests, messages or sockets find
 * the event where they look for one.
 *
 * @param args the event, its context and the transaction
 */
export function createHandlerContext(
  { hostClass, method }: HandlerCandidate,
  args: readonly unknown[],
): ExecutionContext {
  const [event, context, transaction] = args as never[];
  return {
    getType: () => 'scalekit-webhook' as never,
    getClass: () => hostClass as never,
    getHandler: () => method,
    getArgs: () => args as never,
    getArgByIndex: (index) => args[index] as never,
    switchToHttp: () => ({
      getRequest: () => event as never,
      getResponse: () => context as never,
      getNext: () => transaction as never,
    }),
    switchToRpc: () => ({ getData: () => event as never, getContext: () => context as never }),
    switchToWs: () => ({
      getClient: () => event as never,
      getData: () => context as never,
      getPattern: () => '',
    }),
  };
}
