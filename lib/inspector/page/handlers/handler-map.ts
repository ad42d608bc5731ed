import { compileEventPattern } from '../../../events/scalekit-event-pattern.js';
import type { EndpointView } from '../../inspector.api.js';

export interface HandlerMap {
  readonly handlers: readonly string[];
  readonly types: readonly MappedType[];
}

export interface MappedType {
  readonly type: string;
  readonly received: number;
  /** One a handler: whether it listens. */
  readonly listens: readonly boolean[];
  /** `unheard`: it came, and nobody listens. `unseen`: a handler listens, and it never came. */
  readonly state: 'heard' | 'unheard' | 'unseen';
}

export function handlerMapOf({ handlers, subscribedTypes, receivedTypes }: EndpointView): HandlerMap {
  const tests = handlers.map(({ patterns }) => patterns.map(compileEventPattern));
  const types = [...new Set([...Object.keys(receivedTypes), ...subscribedTypes])].sort();
  return {
    handlers: handlers.map(({ name }) => name),
    types: types.map((type) => {
      const received = receivedTypes[type] ?? 0;
      const listens = tests.map((patterns) => patterns.some((matches) => matches(type)));
      return { type, received, listens, state: stateOf(received, listens) };
    }),
  };
}

function stateOf(received: number, listens: readonly boolean[]): MappedType['state'] {
  if (received === 0) {
    return 'unseen';
  }
  return listens.includes(true) ? 'heard' : 'unheard';
}
