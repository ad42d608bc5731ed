type Carrier = Record<string, string>;

/** What this file needs of `@opentelemetry/api`, which is there only if the application uses it. */
interface OpenTelemetry {
  readonly ROOT_CONTEXT: object;
  readonly context: { active(): object; with<T>(context: object, work: () => T): T };
  readonly propagation: {
    inject(context: object, carrier: Carrier): void;
    extract(context: object, carrier: Carrier): object;
  };
}

/** Carries the trace of a delivery to the worker that handles its event, for applications with OpenTelemetry. */
export class TraceContext {
  private api: OpenTelemetry | undefined;

  constructor() {
    import('@opentelemetry/api').then(
      (api) => {
        this.api = api;
      },
      () => undefined,
    );
  }

  /** What the job has to carry; undefined where there is no trace. */
  capture(): Carrier | undefined {
    const carrier: Carrier = {};
    this.api?.propagation.inject(this.api.context.active(), carrier);
    return Object.keys(carrier).length > 0 ? carrier : undefined;
  }

  run<T>(carrier: Readonly<Carrier> | undefined, work: () => T): T {
    const { api } = this;
    return api && carrier
      ? api.context.with(api.propagation.extract(api.ROOT_CONTEXT, { ...carrier }), work)
      : work();
  }
}
