import { type Context, registeredApi } from '../shared/open-telemetry-api.js';

type Carrier = Record<string, string>;

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
