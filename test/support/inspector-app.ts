import { get, type IncomingMessage } from 'node:http';
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
  private readonly decoder = new TextDecoder();
  private rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.on('data', (chunk: Uint8Array) => {
      this.read(this.decoder.decode(chunk, { stream: true }));
    });
    response.on('error', () => undefined);
    response.once('close', () => {
      this.hasEnded = true;
    });
  }

  /** Not by `fetch`: when a stream is aborted, that opens a connection and asks nothing, and servers wait for it. */
  static open(url: string, headers: Record<string, string> = {}): Promise<InspectorReader> {
    return new Promise((resolve, reject) => {
      get(url, { headers, agent: false }, (response) => {
        resolve(new InspectorReader(response));
      }).once('error', reject);
    });
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
    this.response.destroy();
  }

  private read(text: string): void {
    this.text += text;
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    blocks.forEach((block) => {
      this.take(block);
    });
  }

  private take(block: string): void {
    const field = (name: string) => new RegExp(`(?:^|\\n)${name}: ([^\\n]*)`).exec(block)?.[1];
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
