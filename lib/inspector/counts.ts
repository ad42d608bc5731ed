import type { CountBucket, EndpointView } from './inspector.api.js';

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
  /** By endpoint, kind and value, since the buckets were last looked at: a delivery is counted here only. */
  private latest = new Map<string, Map<string, Map<string | number, number>>>();
  private at = 0;

  constructor(process: string) {
    this.current = Object.values(WINDOWS).map(({ bucketMs }) => new Bucket(process, bucketMs));
  }

  /** Counts each value of a delivery, by its kind. */
  add(endpoint: string, counted: Readonly<Record<string, string | number | undefined>>): void {
    this.turn();
    const kinds = mapIn(this.latest, endpoint);
    for (const [kind, value] of Object.entries(counted)) {
      if (value !== undefined) {
        const values = mapIn(kinds, kind);
        const place = values.size < MAX_NAMES || values.has(value) ? value : 'other';
        values.set(place, (values.get(place) ?? 0) + 1);
      }
    }
  }

  /** Buckets that have changed since the last call. A bucket that begins is one: it tells that the process is alive. */
  due(): readonly CountBucket[] {
    this.turn();
    this.settle();
    return this.current.flatMap((bucket) => bucket.due());
  }

  /** Begins the buckets of the present. Long ones begin with a short one. */
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
    for (const [endpoint, kinds] of this.latest) {
      for (const [kind, values] of kinds) {
        for (const [value, count] of values) {
          this.current.forEach((bucket) => {
            bucket.add(endpoint, `${kind}:${value}`, count);
          });
        }
      }
    }
    this.latest = new Map();
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

  add(endpoint: string, name: string, count: number): void {
    const named = mapIn(this.counts, endpoint);
    const isKnown = named.size < MAX_NAMES || named.has(name);
    const place = isKnown ? name : `${name.slice(0, name.indexOf(':'))}:other`;
    named.set(place, (named.get(place) ?? 0) + count);
    this.isChanged = true;
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

function mapIn<Key, InnerKey, Value>(maps: Map<Key, Map<InnerKey, Value>>, key: Key): Map<InnerKey, Value> {
  let map = maps.get(key);
  if (!map) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

type Counted = Pick<EndpointView, 'receivedTypes' | 'seenSchemes' | 'lastSecret' | 'clockMs'>;

/** Of clocks, only the last hour counts: they are set right. */
const CLOCK_MS = 3_600_000;

/** What all processes have counted of an endpoint, in any order. */
export function endpointCounts(endpoint: string, buckets: readonly CountBucket[]): Counted {
  const receivedTypes = new Map<string, number>();
  const seenSchemes = new Map<string, number>();
  const clocks: number[] = [];
  const now = Date.now();
  let lastSecret: Counted['lastSecret'];
  for (const { at, bucketMs, counts } of [...buckets].sort((one, other) => one.at - other.at)) {
    for (const [name, count] of Object.entries(counts[endpoint] ?? {})) {
      const kind = name.slice(0, name.indexOf(':'));
      const value = name.slice(kind.length + 1);
      if (kind === 'type') {
        receivedTypes.set(value, (receivedTypes.get(value) ?? 0) + count);
      } else if (kind === 'scheme') {
        seenSchemes.set(value, (seenSchemes.get(value) ?? 0) + count);
      } else if (kind === 'clock' && now - at < CLOCK_MS && Number.isFinite(Number(value))) {
        clocks.push(Number(value) * 1_000);
      } else if (kind === 'secret') {
        const [position, of] = value.split('/').map(Number);
        lastSecret = { position: position ?? 0, of: of ?? 1, at: Math.min(now, at + bucketMs) };
      }
    }
  }
  return {
    receivedTypes: Object.fromEntries(receivedTypes),
    seenSchemes: Object.fromEntries(seenSchemes),
    ...(lastSecret && { lastSecret }),
    ...(clocks.length > 0 && { clockMs: { min: Math.min(...clocks), max: Math.max(...clocks) } }),
  };
}
