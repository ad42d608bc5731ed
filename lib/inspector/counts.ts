import type { CountBucket } from './inspector.api.js';

/** A type is what a sender names it: what is more than these is counted together. */
const MAX_NAMES = 500;

/** What is shown, and in how many buckets of which length. */
export const WINDOWS = {
  '15m': { bucketMs: 10_000, buckets: 90 },
  '24h': { bucketMs: 300_000, buckets: 288 },
} as const;

type Named = Map<string, number>;

/** What this process counts, in the current buckets of each length. */
export class Counts {
  private readonly current;
  /** Since the buckets were last looked at: a delivery is counted here only. */
  private latest = new Map<string, Named>();
  private at = 0;

  constructor(process: string) {
    this.current = Object.values(WINDOWS).map(({ bucketMs }) => new Bucket(process, bucketMs));
  }

  add(endpoint: string, kind: string, value: string | number): void {
    this.turn();
    addTo(this.latest, endpoint, `${kind}:${value}`, 1);
  }

  /** Buckets that have changed since the last call. A bucket that begins is one: it tells that the process is alive. */
  due(): readonly CountBucket[] {
    this.turn();
    this.settle();
    return this.current.flatMap((bucket) => bucket.due());
  }

  /** Long buckets begin with a short one. */
  private turn(): void {
    const now = Date.now();
    const at = now - (now % WINDOWS['15m'].bucketMs);
    if (at !== this.at) {
      this.settle();
      this.at = at;
      for (const bucket of this.current) {
        bucket.turn(at);
      }
    }
  }

  private settle(): void {
    for (const bucket of this.current) {
      bucket.add(this.latest);
    }
    this.latest = new Map();
  }
}

class Bucket {
  private at = 0;
  private counts = new Map<string, Named>();
  private isChanged = false;
  private ended: CountBucket[] = [];

  constructor(
    private readonly process: string,
    private readonly bucketMs: number,
  ) {}

  add(counts: ReadonlyMap<string, Named>): void {
    for (const [endpoint, named] of counts) {
      for (const [name, count] of named) {
        addTo(this.counts, endpoint, name, count);
      }
      this.isChanged = true;
    }
  }

  due(): readonly CountBucket[] {
    const due = [...this.ended, ...(this.isChanged ? [this.snapshot()] : [])];
    this.ended = [];
    this.isChanged = false;
    return due;
  }

  turn(now: number): void {
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

function addTo(counts: Map<string, Named>, endpoint: string, name: string, count: number): void {
  let named = counts.get(endpoint);
  if (!named) {
    named = new Map();
    counts.set(endpoint, named);
  }
  const known = named.get(name);
  const place =
    known === undefined && named.size >= MAX_NAMES ? `${name.slice(0, name.indexOf(':'))}:other` : name;
  named.set(place, (named.get(place) ?? 0) + count);
}
