import { expect } from 'vitest';
import type { StoreUnderTest } from './idempotency-store.contract.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

export type Step =
  | { call: 'begin'; client: number; key: string; position: bigint | undefined }
  | { call: 'renew' | 'complete' | 'accept' | 'release'; client: number; key: string }
  | { call: 'handlerDone'; client: number; key: string; handler: string }
  | { call: 'advance'; ms: number };

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

/** The contract in its simplest form: one clock, one table, no bounds. A claim is known by who made it and when. */
export class StoreModel {
  private now = 0;
  private claims = 0;
  private readonly rows = new Map<string, Row>();
  /** The last claim of each client on each key, as the model and as the store name it. */
  private readonly held = new Map<string, { holder: string; token: number }>();

  async compare(step: Step, { store, advance }: StoreUnderTest): Promise<void> {
    if (step.call === 'advance') {
      this.now += step.ms;
      await advance(step.ms);
      return;
    }
    const claim = this.held.get(`${step.client}:${step.key}`) ?? { holder: 'nobody', token: 0 };
    switch (step.call) {
      case 'begin': {
        const expected = this.begin(step.key, step.position);
        const answer = await store.begin(step.key, { ...OPTIONS, position: step.position });
        expect(answer).toMatchObject(expected);
        if (answer.status === 'acquired') {
          expect(new Set(answer.handlersDone)).toEqual(this.rows.get(step.key)?.handlersDone);
          this.held.set(`${step.client}:${step.key}`, {
            holder: `claim ${this.claims}`,
            token: answer.token,
          });
        }
        return;
      }
      case 'renew':
        expect(await store.renew(step.key, claim.token, OPTIONS.leaseMs)).toBe(
          this.change(step.key, claim.holder, (row) => {
            row.leaseEndsAt = this.now + OPTIONS.leaseMs;
          }),
        );
        return;
      case 'handlerDone':
        expect(await store.handlerDone(step.key, claim.token, step.handler)).toBe(
          this.change(step.key, claim.holder, (row) => {
            row.handlersDone.add(step.handler);
          }),
        );
        return;
      case 'release':
        expect(await store.release(step.key, claim.token)).toBe(this.end(step.key, claim.holder, 'released'));
        return;
      case 'accept':
        expect(await store.complete(step.key, claim.token, OPTIONS.ttlMs, 'accepted')).toBe(
          this.end(step.key, claim.holder, 'accepted'),
        );
        return;
      case 'complete':
        expect(await store.complete(step.key, claim.token, OPTIONS.ttlMs)).toBe(
          this.end(step.key, claim.holder, 'done'),
        );
    }
  }

  private begin(key: string, position: bigint | undefined): object {
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
    this.claims++;
    this.rows.set(key, {
      state: 'running',
      holder: `claim ${this.claims}`,
      attempt,
      leaseEndsAt: this.now + OPTIONS.leaseMs,
      expiresAt: Infinity,
      position,
      lastPosition,
      handlersDone: row?.handlersDone ?? new Set(),
    });
    return { status: 'acquired', attempt };
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
