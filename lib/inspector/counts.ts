import type { CountBucket } from './inspector.api.js';

/** A type is what a sender names it: what is more than these is counted together. */
const MAX_NAMES = 500;

/** What is shown, and in how many buckets of which length. */
export const WINDOWS = {
  '15m': { bucketMs: 10_000, buckets: 90 },
  '24h': { bucketMs: 300_000, buckets: 288 },
} as const;

/** What this process counts, in the current buckets of each length. */
export class Counts {
  private readonly current;

  constructor(process: string) {
    this.current = Object.values(WINDOWS).map(({ bucketMs }) => new Bucket(process, bucketMs));
  }

  add(endpoint: string, kind: string, value: string | number): void {
    for (const bucket of this.current) {
      bucket.add(endpoint, kind, value);
    }
  }

  /** Buckets that have changed since the last call. A bucket that begins is one: it tells that the process is alive. */
  due(): readonly CountBucket[] {
    return this.current.flatMap((bucket) => bucket.due());
  }
}

class Bucket {
  private at = 0;
  private counts = new Map<string, Map<string, number>>();
  private isChanged = false;
  private ended: CountBucket[] = [];

  constructor(
    private readonly process: string,
    private readonly bucketMs: number,
  ) {}

  add(endpoint: string, kind: string, value: string | number): void {
    this.turn();
    let counts = this.counts.get(endpoint);
    if (!counts) {
      counts = new Map();
      this.counts.set(endpoint, counts);
    }
    const name = `${kind}:${value}`;
    const known = counts.get(name);
    if (known === undefined && counts.size >= MAX_NAMES) {
      const other = `${kind}:other`;
      counts.set(other, (counts.get(other) ?? 0) + 1);
    } else {
      counts.set(name, (known ?? 0) + 1);
    }
    this.isChanged = true;
  }

  due(): readonly CountBucket[] {
    this.turn();
    const due = [...this.ended, ...(this.isChanged ? [this.snapshot()] : [])];
    this.ended = [];
    this.isChanged = false;
    return due;
  }

  private turn(): void {
    const now = Date.now();
    const at = now - (now % this.bucketMs);
    if (at !== this.at) {
      if (this.isChanged) {
        this.ended = [this.snapshot()];
      }
      this.at = at;
      this.counts = new Map();
      this.isChanged = true;
    }
  }

  private snapshot(): CountBucket {
    const { process, at, bucketMs } = this;
    const counts = Object.fromEntries(
      [...this.counts].map(([endpoint, named]) => [endpoint, Object.fromEntries(named)]),
    );
    return { process, at, bucketMs, counts };
  }
}
