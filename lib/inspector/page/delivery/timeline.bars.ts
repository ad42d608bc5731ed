import type { CallEntry, DeliveryEntry } from '../../inspector.api.js';

export interface Bar {
  readonly label: string;
  readonly kind: 'read' | 'verify' | 'claim' | 'answer' | CallEntry['stage'];
  /** Milliseconds from the arrival. */
  readonly from: number;
  readonly to: number;
  readonly call?: CallEntry;
}

export interface Track {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly bars: readonly Bar[];
}

/**
 * Each track has its own scale: a queue may run a handler minutes after an answer of two milliseconds, and one
 * scale would show the answer as a line.
 */
export function tracksOf(delivery: DeliveryEntry, calls: readonly CallEntry[], now: number): Track[] {
  const bars = calls.map((call) => barOf(call, delivery, now));
  const own = bars.filter(({ call }) => isOf(delivery, call));
  const answeredAt = delivery.durationMs ?? Infinity;
  const within = own.filter(({ from }) => from <= answeredAt);
  return [
    track('Until the answer', [...stepsOf(delivery), ...within, ...answerOf(delivery)], 0),
    ...later(
      'After the answer',
      own.filter(({ from }) => from > answeredAt),
    ),
    ...later(
      'With another delivery of this event',
      bars.filter(({ call }) => !isOf(delivery, call)),
    ),
  ];
}

/** Without a queue, the handlers run with the delivery that claimed the event. */
function isOf({ attempt }: DeliveryEntry, call: CallEntry): boolean {
  return attempt !== undefined && (call.queuedMs !== undefined || call.attempt === attempt);
}

function later(title: string, bars: readonly Bar[]): Track[] {
  return bars.length === 0 ? [] : [track(title, bars, Math.min(...bars.map(({ from }) => from)))];
}

function stepsOf({ readMs, verifiedMs, claimedMs }: DeliveryEntry): Bar[] {
  return [
    ...(readMs === undefined ? [] : [{ label: 'Read', kind: 'read', from: 0, to: readMs } as const]),
    ...(verifiedMs === undefined
      ? []
      : [{ label: 'Verify', kind: 'verify', from: readMs ?? 0, to: verifiedMs } as const]),
    ...(claimedMs === undefined
      ? []
      : [{ label: 'Claim', kind: 'claim', from: verifiedMs ?? 0, to: claimedMs } as const]),
  ];
}

function answerOf({ durationMs, status }: DeliveryEntry): Bar[] {
  return durationMs === undefined
    ? []
    : [{ label: `Answer ${status ?? ''}`.trim(), kind: 'answer', from: durationMs, to: durationMs }];
}

function barOf(call: CallEntry, delivery: DeliveryEntry, now: number): Bar & { readonly call: CallEntry } {
  const offset = call.startedAt - delivery.receivedAt;
  // Whole milliseconds, by clocks that differ a little; no handler runs before the claim.
  const from = isOf(delivery, call) ? Math.max(delivery.claimedMs ?? 0, offset) : offset;
  const to = from + (call.durationMs ?? Math.max(0, now - call.startedAt));
  return { label: `${call.handler} · attempt ${call.attempt}`, kind: call.stage, from, to, call };
}

function track(title: string, bars: readonly Bar[], from: number): Track {
  return { title, bars, from, to: Math.max(from + 0.001, ...bars.map(({ to }) => to)) };
}
