import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { ENTRIES_EVENT, type InspectorPage, RESET_EVENT } from './inspector.api.js';
import { InspectorJournal } from './inspector.journal.js';

const READ_EVERY_MS = 250;
const MAX_ENTRIES = 500;
const HEARTBEAT_MS = 15_000;
/** Who takes nothing for this long is sent away. */
const PATIENCE_MS = 30_000;
/** Then the page comes again, and its guards are asked again. */
const LONGEST_MS = 600_000;
const MAX_READERS = 100;

interface Reader {
  readonly response: ServerResponse;
  readonly since: number;
  after: string | undefined;
  wroteAt: number;
}

interface OverHttp2 {
  readonly stream?: { readonly session?: { close(): void } };
}

/**
 * Sends entries to all open pages as server-sent events. Readers at the same position share one read of the log. A reader that is
 * slow is left where it is: later it goes on from there, or starts anew if the log has dropped what comes next.
 */
@Injectable()
export class EntriesFeed {
  private readonly readers = new Set<Reader>();
  private timer: NodeJS.Timeout | undefined;
  private isReading = false;
  isClosed = false;

  constructor(private readonly journal: InspectorJournal) {}

  get isFull(): boolean {
    return this.readers.size >= MAX_READERS;
  }

  /** Sends what comes after that position, until the reader goes. The head of the response is written already. */
  add(response: ServerResponse, after: string | undefined): void {
    const now = performance.now();
    const reader: Reader = { response, after, since: now, wroteAt: now };
    this.readers.add(reader);
    response.once('close', () => {
      this.readers.delete(reader);
      if (this.readers.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    });
    response.write('retry: 1000\n\n');
    this.timer ??= setInterval(() => void this.read(), READ_EVERY_MS).unref();
    void this.read();
  }

  close(): void {
    this.isClosed = true;
    for (const { response } of this.readers) {
      response.end();
      // The page would come again over the same connection of HTTP/2, for as long as the server waits for that.
      (response as OverHttp2).stream?.session?.close();
      // What a slow reader has not taken would keep the server from closing.
      if (response.writableLength > 0) {
        response.destroy();
      }
    }
  }

  private async read(): Promise<void> {
    if (this.isReading) {
      return;
    }
    this.isReading = true;
    try {
      const now = performance.now();
      this.readers.forEach((reader) => {
        dismiss(reader, now);
      });
      for (const [after, readers] of byPosition(this.readers)) {
        send(readers, await this.journal.read(after, MAX_ENTRIES));
      }
    } catch {
      // The page asks for the state, which says why.
    } finally {
      this.isReading = false;
    }
    for (const reader of this.readers) {
      if (performance.now() - reader.wroteAt >= HEARTBEAT_MS && !isBehind(reader.response)) {
        write(reader, ':\n\n');
      }
    }
  }
}

/** HTTP/2 has no `writableNeedDrain`. */
function isBehind({ writableLength, writableHighWaterMark }: ServerResponse): boolean {
  return writableLength >= writableHighWaterMark;
}

function dismiss({ response, since, wroteAt }: Reader, now: number): void {
  if (isBehind(response) && now - wroteAt > PATIENCE_MS) {
    response.destroy();
  } else if (now - since > LONGEST_MS) {
    response.end();
  }
}

function byPosition(readers: Iterable<Reader>): Map<string | undefined, Reader[]> {
  const groups = new Map<string | undefined, Reader[]>();
  for (const reader of readers) {
    if (!isBehind(reader.response) && !reader.response.writableEnded) {
      groups.set(reader.after, [...(groups.get(reader.after) ?? []), reader]);
    }
  }
  return groups;
}

function send(readers: readonly Reader[], { entries, position, isGap }: InspectorPage): void {
  const text = isGap
    ? `event: ${RESET_EVENT}\ndata: {}\n\n`
    : entries.length > 0
      ? `event: ${ENTRIES_EVENT}\nid: ${position ?? ''}\ndata: ${JSON.stringify(entries)}\n\n`
      : '';
  for (const reader of readers) {
    reader.after = isGap ? undefined : (position ?? reader.after);
    if (text !== '') {
      write(reader, text);
    }
  }
}

function write(reader: Reader, text: string): void {
  if (!reader.response.writableEnded && !reader.response.destroyed) {
    reader.response.write(text);
    reader.wroteAt = performance.now();
  }
}
