import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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
  private readonly api = findOpenTelemetry();

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

/**
 * Finds the application's `@opentelemetry/api`; undefined where it is not installed. An `import()` would break bundles of
 * the many applications that don't have it: bundlers resolve it whether it is ever called or not.
 */
function findOpenTelemetry(): OpenTelemetry | undefined {
  const folders = [process.cwd(), dirname(process.argv[1] ?? '')];
  const require = createRequire(join(process.cwd(), 'package.json'));
  try {
    return require(require.resolve('@opentelemetry/api', { paths: folders })) as OpenTelemetry;
  } catch {
    return undefined;
  }
}
