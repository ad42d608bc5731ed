/** Each place of the histogram is a tenth longer than the one before. */
const GROWTH = Math.log(1.1);
const SHORTEST_MS = 0.1;

/** The place of a time in the histogram. */
export function placeOf(ms: number): number {
  return ms <= SHORTEST_MS ? 0 : Math.ceil(Math.log(ms / SHORTEST_MS) / GROWTH);
}

/** The time below which that share of all lies, in milliseconds, or a tenth more; null where there is none. */
export function percentileOf(places: ReadonlyMap<number, number>, share: number): number | null {
  const sorted = [...places].sort(([one], [other]) => one - other);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [place, count] of sorted) {
    seen += count;
    if (seen >= share * total) {
      return Math.round(SHORTEST_MS * Math.exp(place * GROWTH) * 100) / 100;
    }
  }
  return null;
}
