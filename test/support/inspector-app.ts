import {
  ScalekitWebhookInspectorModule,
  type ScalekitWebhookInspectorModuleOptions,
} from '../../lib/inspector/index.js';
import type { DeliveryAnswer, InspectorEntry } from '../../lib/inspector/inspector.api.js';
import { WebhookApp, type WebhookAppSetup } from './webhook-app.js';

export interface InspectorAppSetup extends WebhookAppSetup {
  readonly inspector?: ScalekitWebhookInspectorModuleOptions;
}

export function startInspected({
  inspector,
  imports = [],
  ...setup
}: InspectorAppSetup): Promise<WebhookApp> {
  return WebhookApp.start({
    ...setup,
    imports: [...imports, ScalekitWebhookInspectorModule.forRoot(inspector)],
  });
}

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** What a page does that is open: it reads the stream, and keeps the last state of each entry. */
export class InspectorReader {
  readonly entries = new Map<string, InspectorEntry>();
  readonly events: StreamEvent[] = [];
  /** The whole text. */
  text = '';
  hasEnded = false;
  private readonly stop = new AbortController();

  private constructor(readonly response: Response) {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<InspectorReader> {
    const stop = new AbortController();
    const reader = new InspectorReader(await fetch(url, { headers, signal: stop.signal }));
    stop.signal.addEventListener('abort', () => {
      reader.hasEnded = true;
    });
    reader.stop.signal.addEventListener('abort', () => {
      stop.abort();
    });
    void reader.read();
    return reader;
  }

  get lastId(): string | undefined {
    return this.events.flatMap(({ id }) => id ?? []).at(-1);
  }

  get deliveries() {
    return [...this.entries.values()].flatMap((entry) => (entry.kind === 'delivery' ? [entry] : []));
  }

  get calls() {
    return [...this.entries.values()].flatMap((entry) => (entry.kind === 'call' ? [entry] : []));
  }

  close(): void {
    this.stop.abort();
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of this.response.body ?? []) {
        const text = decoder.decode(chunk as Uint8Array, { stream: true });
        this.text += text;
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        blocks.forEach((block) => {
          this.take(block);
        });
      }
    } catch {
      // The test has closed it, or the server has.
    }
    this.hasEnded = true;
  }

  private take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const event = field('event');
    if (event === undefined) {
      return;
    }
    const data: unknown = JSON.parse(field('data') ?? 'null');
    this.events.push({ event, id: field('id'), data });
    if (event === 'reset') {
      this.entries.clear();
    } else {
      for (const entry of data as InspectorEntry[]) {
        this.entries.set(entry.key, entry);
      }
    }
  }
}

export async function getJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, { headers });
  if (!response.ok) {
    throw new Error(`${url} answers ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as T;
}

export function detailOf(base: string, key: string): Promise<DeliveryAnswer> {
  return getJson(`${base}/api/deliveries?key=${encodeURIComponent(key)}`);
}
