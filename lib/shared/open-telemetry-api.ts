import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

type Carrier = Record<string, string>;

interface Setter {
  set(carrier: Carrier, key: string, value: string): void;
}
interface Getter {
  get(carrier: Carrier, key: string): string | undefined;
  keys(carrier: Carrier): string[];
}

/** A context of OpenTelemetry: values under keys that only its makers know. */
export interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}

/** What the application has registered with `@opentelemetry/api`. */
interface RegisteredApi {
  readonly context?: {
    active(): Context;
    with<T>(context: Context, work: () => T): T;
  };
  readonly propagation?: {
    inject(context: Context, carrier: Carrier, setter: Setter): void;
    extract(context: Context, carrier: Carrier, getter: Getter): Context;
  };
  readonly trace?: TracerProvider;
  readonly metrics?: MeterProvider;
}

/**
 * Where every copy of `@opentelemetry/api` 1.x keeps what is registered, so that they find each other. Read here, too:
 * an import of a package that may be absent breaks bundles that esbuild and webpack make, and a bundle may have a copy of its
 * own. It has been this key since 1.0; a trace that no longer goes on fails in `bullmq-nest.test.ts`.
 *
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');

/** Where a context holds the active span, in every copy of `@opentelemetry/api` 1.x. */
export const ACTIVE_SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

export function registeredApi(): RegisteredApi {
  return (globalThis as { [GLOBAL_API]?: RegisteredApi })[GLOBAL_API] ?? {};
}
