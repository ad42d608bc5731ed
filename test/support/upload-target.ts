import type { Server } from 'node:http';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { type HeaderLines, RawConnection, rawPost } from './raw-connection.js';
import { Recorder } from './recorder.js';
import { RecordingStore } from './recording-store.js';
import { anEvent, SECRET, WebhookApp, type WebhookAppSetup } from './webhook-app.js';

export const LIMIT = 4_096;

export const signed = (body: string | Uint8Array): HeaderLines =>
  Object.entries(signWebhook({ body, secret: SECRET }));

export const contentLength = (bytes: number): HeaderLines => [['Content-Length', String(bytes)]];

export function eventOfSize(bytes: number): string {
  const event = { ...anEvent(), padding: '' };
  return JSON.stringify({ ...event, padding: '.'.repeat(bytes - JSON.stringify(event).length) });
}

/** An application that takes bodies of at most `LIMIT` bytes, and what bad uploads may leave behind in it. */
export class UploadTarget {
  private readonly unhandled: unknown[] = [];
  private readonly onUnhandled = (reason: unknown) => this.unhandled.push(reason);
  private before = { calls: 0, handled: 0 };

  private constructor(
    readonly server: WebhookApp,
    private readonly store: RecordingStore,
  ) {
    process.on('unhandledRejection', this.onUnhandled);
  }

  static async start(adapter: WebhookAppSetup['adapter']): Promise<UploadTarget> {
    const store = new RecordingStore();
    const server = await WebhookApp.start({
      ...(adapter && { adapter }),
      webhook: { maxBodyBytes: LIMIT, idempotency: { store } },
      providers: [Recorder],
    });
    return new UploadTarget(server, store);
  }

  get events(): Recorder['events'] {
    return this.server.app.get(Recorder).events;
  }

  /** A new connection; what happens from now on counts. */
  connect(): Promise<RawConnection> {
    this.before = this.count();
    return RawConnection.open(this.server);
  }

  /** That what was sent on the last connection left no trace, not even the connection, and the next delivery is served. */
  async expectNoTrace(): Promise<void> {
    expect(this.count()).toEqual(this.before);
    expect(this.server.logs.matching(/^error/)).toEqual([]);
    expect(await this.countConnections()).toBe(0);
    const { calls, handled } = this.before;

    const body = JSON.stringify(anEvent());
    const connection = await this.connect();
    await connection.send(rawPost(signed(body), body));
    expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
    await connection.abort();
    expect(this.count()).toEqual({ calls: calls + 2, handled: handled + 1 });
    expect(this.unhandled).toEqual([]);
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.onUnhandled);
    await this.server.close();
  }

  private count(): { calls: number; handled: number } {
    return { calls: this.store.callCount, handled: this.events.length };
  }

  private countConnections(): Promise<number> {
    const http: Server = this.server.app.getHttpServer();
    return promisify(http.getConnections.bind(http))();
  }
}
