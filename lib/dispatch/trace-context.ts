type Carrier = Record<string, string>;

/** A context of OpenTelemetry: values under keys that only its makers know. */
interface Context {
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
    inject(context: Context, carrier: Carrier, setter: typeof SETTER): void;
    extract(context: Context, carrier: Carrier, getter: typeof GETTER): Context;
  };
}

/**
 * Where every copy of `@opentelemetry/api` 1.x keeps what is registered, so that they find each other. Read here, too:
 * an import of a package that may be absent breaks bundles that esbuild and webpack make, and a bundle may have a copy of its
 * own. It has been this key since 1.0; a trace that no longer goes on fails in `bullmq-nest.test.ts`.
 *
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');

const SETTER = {
  set(carrier: Carrier, key: string, value: string): void {
    carrier[key] = value;
  },
};
const GETTER = {
  get: (carrier: Carrier, key: string) => carrier[key],
  keys: (carrier: Carrier) => Object.keys(carrier),
};

/** Carries the trace of a delivery to the worker that handles its event, for applications with OpenTelemetry. */
export class TraceContext {
  /** What the job has to carry; undefined where there is no trace. */
  capture(): Carrier | undefined {
    const { context, propagation } = registeredApi();
    if (!context || !propagation) {
      return undefined;
    }
    const carrier: Carrier = {};
    propagation.inject(context.active(), carrier, SETTER);
    return Object.keys(carrier).length > 0 ? carrier : undefined;
  }

  run<T>(carrier: Readonly<Carrier> | undefined, work: () => T): T {
    const { context, propagation } = registeredApi();
    return carrier && context && propagation
      ? context.with(propagation.extract(new ContextOf(new Map()), { ...carrier }, GETTER), work)
      : work();
  }
}

function registeredApi(): RegisteredApi {
  return (globalThis as { [GLOBAL_API]?: RegisteredApi })[GLOBAL_API] ?? {};
}

/** The empty context that a trace begins with, and those that the propagators make of it. */
class ContextOf implements Context {
  constructor(private readonly values: ReadonlyMap<symbol, unknown>) {}

  getValue(key: symbol): unknown {
    return this.values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new ContextOf(new Map(this.values).set(key, value));
  }

  deleteValue(key: symbol): Context {
    return new ContextOf(new Map([...this.values].filter(([each]) => each !== key)));
  }
}
