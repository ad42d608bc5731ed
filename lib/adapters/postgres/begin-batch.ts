import type { BeginOptions, BeginResult, CompletedAs } from '../../idempotency/idempotency-store.js';

export interface BeginCall extends BeginOptions {
  readonly key: string;
}

/** What the statement says of one key. */
export interface BeginAnswer {
  readonly key: string;
  /** Set if the key was claimed. */
  readonly token: number | null;
  readonly attempt: number;
  readonly handlersDone: readonly string[] | null;
  /** Set if the key was found taken. With neither, somebody else claimed it in the meantime. */
  readonly state: number | null;
  readonly fingerprint: number;
  readonly leftMs: number;
  readonly lastPosition: string | null;
}

const COMPLETED: Partial<Record<number, CompletedAs>> = { 2: 'done', 3: 'accepted' };

/** With and without a position: one call of either kind can't answer for those of the other. */
export const kindOfBegin = ({ position }: BeginCall) => position !== undefined;

/** The calls whose answer is that of all for the same key: those with the latest position. */
export function leadersOf(calls: readonly BeginCall[]): Map<string, BeginCall> {
  const leaders = new Map<string, BeginCall>();
  for (const call of calls) {
    const leader = leaders.get(call.key);
    if (!leader || isBefore(leader.position, call.position)) {
      leaders.set(call.key, call);
    }
  }
  return leaders;
}

export function toParameter({ key, leaseMs, ttlMs, fingerprint, position }: BeginCall): object {
  // A CRC-32 is unsigned, PostgreSQL's integer is not.
  return { key, leaseMs, ttlMs, fingerprint: fingerprint | 0, position: position?.toString() };
}

export function toResult(call: BeginCall, leader: BeginCall, answer: BeginAnswer): BeginResult {
  const { token, attempt, handlersDone, state, leftMs, lastPosition } = answer;
  const isClaimed = token !== null;
  const fingerprint = isClaimed ? leader.fingerprint : answer.fingerprint >>> 0;
  if (isClaimed && call === leader) {
    return { status: 'acquired', token, attempt, handlersDone: handlersDone ?? [] };
  }
  if (lastPosition !== null && isBefore(call.position, BigInt(lastPosition))) {
    return { status: 'done', fingerprint };
  }
  const as = COMPLETED[state ?? 0];
  if (as && !isClaimed) {
    return { status: as, fingerprint };
  }
  return { status: 'in_progress', retryAfterMs: state === null ? leader.leaseMs : Math.max(leftMs, 1) };
}

function isBefore(position: bigint | undefined, other: bigint | undefined): boolean {
  return position !== undefined && other !== undefined && position < other;
}
