import type {
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
} from '../../idempotency/idempotency-store.js';
import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import { ACCEPTED, DONE } from './functions.sql.js';

export interface BeginCall extends BeginOptions {
  readonly key: string;
}

/** What the function `begin` answers. */
export interface BeginAnswers {
  /** The keys that were new. */
  readonly tokens: Readonly<Record<string, FencingToken>>;
  readonly others: readonly BeginAnswer[];
}

/** The state of a key that was not new. */
interface BeginAnswer {
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

/** The column `state` of a completed key. */
export const STATE: Record<CompletedAs, number> = { done: DONE, accepted: ACCEPTED };
const COMPLETED: Partial<Record<number, CompletedAs>> = { [DONE]: 'done', [ACCEPTED]: 'accepted' };

/** Calls with a position, and calls without one. A call of one kind can't answer for calls of the other. */
export const kindOfBegin = ({ position }: BeginCall) => position !== undefined;

/** The calls whose answer is that of all for the same key: those with the latest position. */
export function leadersOf<Call extends BeginCall>(calls: readonly Call[]): Map<string, Call> {
  const leaders = new Map<string, Call>();
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

export function toResults(
  calls: readonly BeginCall[],
  leaders: ReadonlyMap<string, BeginCall>,
  { tokens, others }: BeginAnswers,
): BeginResult[] {
  const newKeys = new Map(Object.entries(tokens));
  const answers = new Map(others.map((answer) => [answer.key, answer]));
  return calls.map((call) => {
    const leader = leaders.get(call.key) ?? call;
    const token = newKeys.get(call.key);
    if (token !== undefined) {
      return call === leader
        ? { status: 'acquired', token, attempt: 1, handlersDone: [] }
        : { status: 'in_progress', retryAfterMs: leader.leaseMs };
    }
    const answer = answers.get(call.key);
    if (!answer) {
      throw new StoreUnavailableError('PostgreSQL gave no answer for a key that it was asked for.');
    }
    return toResult(call, leader, answer);
  });
}

function toResult(call: BeginCall, leader: BeginCall, answer: BeginAnswer): BeginResult {
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
