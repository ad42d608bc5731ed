/** Of each octave of microseconds: no value is off by more than 1.6 %. */
const BUCKETS_PER_OCTAVE = 64;
const OCTAVES = 32;

/** Any number of latencies in 16 KiB: counts by logarithmic buckets. */
export class LatencyHistogram {
  private readonly counts = new Float64Array(BUCKETS_PER_OCTAVE * OCTAVES);
  count = 0;
  max = 0;

  add(ms: number): void {
    const index = Math.min(bucketOf(ms), this.counts.length - 1);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.count++;
    this.max = Math.max(this.max, ms);
  }

  /** The latency in ms that so many of 100 deliveries did not exceed. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.count));
    let seen = 0;
    for (const [index, count] of this.counts.entries()) {
      seen += count;
      if (seen >= rank) {
        return Math.min(endOf(index), this.max);
      }
    }
    return 0;
  }

  /** How many took longer than `from` ms, and not longer than `to`. */
  between(from: number, to: number): number {
    let sum = 0;
    for (const [index, count] of this.counts.entries()) {
      const end = endOf(index);
      if (count > 0 && end > from && end <= to) {
        sum += count;
      }
    }
    return sum;
  }

  get min(): number {
    const first = this.counts.findIndex((count) => count > 0);
    return first === -1 ? 0 : endOf(first);
  }
}

function bucketOf(ms: number): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(ms, 0) * 1000) * BUCKETS_PER_OCTAVE));
}

/** In ms. */
function endOf(index: number): number {
  return 2 ** (index / BUCKETS_PER_OCTAVE) / 1000;
}
