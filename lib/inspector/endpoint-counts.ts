import type { CountBucket, EndpointView } from './inspector.api.js';

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
