import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** OpenTelemetry's SDK as an application registers it, with exporters that keep what they are given. */
export class RegisteredTelemetry {
  private readonly spanExporter = new InMemorySpanExporter();
  private readonly metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private readonly prometheus = new PrometheusExporter({ preventServerStart: true });
  private readonly meterProvider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: this.metricExporter, exportIntervalMillis: 3_600_000 }),
      this.prometheus,
    ],
  });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.spanExporter)] }),
    );
    metrics.setGlobalMeterProvider(this.meterProvider);
  }

  get spans(): ReadableSpan[] {
    return this.spanExporter.getFinishedSpans();
  }

  spanOf(name: string): ReadableSpan {
    const span = this.spans.find((each) => each.name === name);
    if (!span) {
      throw new Error(`There is no span "${name}", but ${this.spans.map((each) => each.name).join(', ')}.`);
    }
    return span;
  }

  async metrics(): Promise<MetricData[]> {
    this.metricExporter.reset();
    await this.meterProvider.forceFlush();
    return this.metricExporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics);
  }

  /** Attributes and value of each data point; of a histogram the count. */
  async points(metric: string): Promise<(readonly [attributes: object, value: unknown])[]> {
    const all = (await this.metrics()).filter(({ descriptor }) => descriptor.name === metric);
    return all.flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const isHistogram = typeof value === 'object' && 'count' in value;
        return [attributes, isHistogram ? value.count : value] as const;
      }),
    );
  }

  /** As Prometheus reads it, over HTTP. */
  async scrape(): Promise<string> {
    const server = createServer((request, response) => {
      this.prometheus.getMetricsRequestHandler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    } finally {
      server.close();
    }
  }

  async close(): Promise<void> {
    for (const api of [context, propagation, trace, metrics]) {
      api.disable();
    }
    await this.meterProvider.shutdown();
  }
}
