export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns the median, with the least and the greatest value beside it */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times as good each round of `values` is than the same round of `others`: rounds are neighbours in time, so
 * what the machine did meanwhile cancels out.
 */
export function ratios(values, others) {
  return values.map((value, round) => value / others[round]);
}
