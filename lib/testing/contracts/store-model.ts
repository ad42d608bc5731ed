import { deepEqual } from 'node:assert/strict';
import type { BeginResult } from '../../idempotency/idempotency-store.js';
import type { StoreUnderTest } from './store-case.js';
import { OPTIONS, type StoreStep } from './store-steps.js';

interface Row {
  state: 'running' | 'released' | 'done' | 'accepted';
  holder: string;
  attempt: number;
  leaseEndsAt: number;
  expiresAt: number;
  position: bigint | undefined;
  lastPosition: bigint | undefined;
  handlersDone: Set<string>;
}

type Answer =
  | { readonly status: 'in_progress' }
  | { readonly status: 'done' | 'accepted'; readonly fingerprint: number }
  | { readonly status: 'acquired'; readonly attempt: number; readonly handlersDone: readonly string[] };

/** The contract in its simplest form: one clock, one table, no limits. */
export class StoreModel {
  private now = 0;
  private claims = 0;
  private readonly rows = new Map<string, Row>();
  /** The last claim of each client on each key, as the model and as the store name it. */
  private readonly held = new Map<string, { holder: string; token: number }>();

  /** @throws AssertionError where the store does not do what the model does */
  async compare(step: StoreStep, { store, advance }: StoreUnderTest): Promise<void> {
    if (step.call === 'advance') {
      this.now += step.ms;
      await advance(step.ms);
      return;
    }
    const { key } = step;
    const client = `${step.client}:${key}`;
    const { holder, token } = this.held.get(client) ?? { holder: 'nobody', token: 0 };
    switch (step.call) {
      case 'begin': {
        const expected = this.begin(key, step.position);
        const answer = await store.begin(key, { ...OPTIONS, position: step.position });
        deepEqual(comparable(answer), expected);
        if (answer.status === 'acquired') {
          this.held.set(client, { holder: `claim ${this.claims}`, token: answer.token });
        }
        return;
      }
      case 'renew': {
        const leaseEndsAt = this.now + OPTIONS.leaseMs;
        const expected = this.change(key, holder, (row) => Object.assign(row, { leaseEndsAt }));
        deepEqual(await store.renew(key, token, OPTIONS.leaseMs), expected);
        return;
      }
      case 'handlerDone': {
        const expected = this.change(key, holder, ({ handlersDone }) => handlersDone.add(step.handler));
        deepEqual(await store.handlerDone(key, token, step.handler), expected);
        return;
      }
      case 'release':
        deepEqual(await store.release(key, token), this.end(key, holder, 'released'));
        return;
      case 'accept': {
        const expected = this.end(key, holder, 'accepted');
        deepEqual(await store.complete(key, token, OPTIONS.ttlMs, 'accepted'), expected);
        return;
      }
      case 'complete':
        deepEqual(await store.complete(key, token, OPTIONS.ttlMs), this.end(key, holder, 'done'));
    }
  }

  private begin(key: string, position: bigint | undefined): Answer {
    let row = this.rows.get(key);
    if (row && row.state !== 'running' && row.expiresAt <= this.now) {
      row = undefined;
    }
    if (row?.lastPosition !== undefined && position !== undefined && position < row.lastPosition) {
      return { status: 'done', fingerprint: OPTIONS.fingerprint };
    }
    const { lastPosition } = row ?? {};
    if (row?.state === 'done' || row?.state === 'accepted') {
      if (position === undefined) {
        return { status: row.state, fingerprint: OPTIONS.fingerprint };
      }
      row = undefined;
    }
    if (row?.state === 'running' && row.leaseEndsAt > this.now) {
      return { status: 'in_progress' };
    }
    const attempt = (row?.attempt ?? 0) + 1;
    const handlersDone = row?.handlersDone ?? new Set();
    this.claims++;
    this.rows.set(key, {
      state: 'running',
      holder: `claim ${this.claims}`,
      attempt,
      leaseEndsAt: this.now + OPTIONS.leaseMs,
      expiresAt: Infinity,
      position,
      lastPosition,
      handlersDone,
    });
    return { status: 'acquired', attempt, handlersDone: [...handlersDone].sort() };
  }

  private end(key: string, holder: string, state: Row['state']): boolean {
    return this.change(key, holder, (row) => {
      row.state = state;
      row.expiresAt = this.now + OPTIONS.ttlMs;
      if (state !== 'released') {
        row.lastPosition = row.position ?? row.lastPosition;
      }
    });
  }

  private change(key: string, holder: string, change: (row: Row) => void): boolean {
    const row = this.rows.get(key);
    if (row?.state !== 'running' || row.holder !== holder) {
      return false;
    }
    change(row);
    return true;
  }
}

/** Leaves out tokens and waits, which stores choose freely. The order of handlers does not count. */
function comparable(answer: BeginResult): Answer {
  switch (answer.status) {
    case 'acquired': {
      const { status, attempt, handlersDone } = answer;
      return { status, attempt, handlersDone: [...new Set(handlersDone)].sort() };
    }
    case 'in_progress':
      return { status: answer.status };
    default:
      return { status: answer.status, fingerprint: answer.fingerprint };
  }
}
