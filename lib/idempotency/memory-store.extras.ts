import type {
  AnnouncedApplication,
  ApplicationRegister,
  CatchUpStore,
  FailedEventStore,
  FailurePage,
  KeepFailureOptions,
  KeptFailure,
  KeyState,
  ReopenOptions,
  ReopenResult,
} from './idempotency-store.extras.js';

interface Kept {
  readonly number: number;
  readonly expiresAt: number;
  readonly failure: KeptFailure;
}

/** What handlers gave up on, in this process. */
export class MemoryFailures implements FailedEventStore {
  /** Oldest first. */
  private readonly kept = new Map<string, Kept>();
  private lastNumber = 0;

  constructor(readonly reopen: (key: string, options: ReopenOptions) => ReopenResult) {}

  keep(failure: KeptFailure, { keep, keepMs }: KeepFailureOptions): void {
    const { scope, eventId, handler } = failure;
    const key = keyOf(scope, eventId, handler);
    this.kept.delete(key);
    this.kept.set(key, { number: ++this.lastNumber, expiresAt: performance.now() + keepMs, failure });
    const tooMany = this.unexpired((each) => each.scope === scope).slice(0, -keep);
    for (const { failure: oldest } of tooMany) {
      this.kept.delete(keyOf(scope, oldest.eventId, oldest.handler));
    }
  }

  list(scope: string, { limit, cursor = '0' }: { limit: number; cursor: string | undefined }): FailurePage {
    const left = this.unexpired((each) => each.scope === scope).filter(
      ({ number }) => number > Number(cursor),
    );
    const page = left.slice(0, limit);
    return {
      failures: page.map(({ failure: { delivery: _, ...failure } }) => failure),
      cursor: left.length > limit ? String(page.at(-1)?.number) : undefined,
    };
  }

  of(scope: string, eventId: string): readonly KeptFailure[] {
    const isOfEvent = (each: KeptFailure) => each.scope === scope && each.eventId === eventId;
    return this.unexpired(isOfEvent).map(({ failure }) => failure);
  }

  forget(scope: string, eventId: string, handlers: readonly string[]): number {
    return handlers.filter((handler) => this.kept.delete(keyOf(scope, eventId, handler))).length;
  }

  /** Those that pass, without what has expired in the meantime. */
  private unexpired(passes: (failure: KeptFailure) => boolean): Kept[] {
    const now = performance.now();
    for (const [key, { expiresAt }] of this.kept) {
      if (expiresAt <= now) {
        this.kept.delete(key);
      }
    }
    return [...this.kept.values()].filter(({ failure }) => passes(failure));
  }
}

function keyOf(scope: string, eventId: string, handler: string): string {
  return `${scope}\n${eventId}\n${handler}`;
}

/** Applications of this process that share one store. */
export class MemoryApplications implements ApplicationRegister {
  private readonly announced = new Map<string, { application: AnnouncedApplication; expiresAt: number }>();

  announce(application: AnnouncedApplication, ttlMs: number): readonly AnnouncedApplication[] {
    const now = performance.now();
    this.announced.set(application.id, { application, expiresAt: now + ttlMs });
    return [...this.announced.values()]
      .filter(({ application: { id }, expiresAt }) => id !== application.id && expiresAt > now)
      .map((other) => other.application);
  }

  withdraw(id: string): void {
    this.announced.delete(id);
  }
}

/** How far catching up has come, as long as this process lives. */
export class MemoryCatchUp implements CatchUpStore {
  private readonly texts = new Map<string, string>();

  constructor(private readonly stateOf: (key: string) => KeyState) {}

  look(keys: readonly string[]): readonly KeyState[] {
    return keys.map((key) => this.stateOf(key));
  }

  read(name: string): string | undefined {
    return this.texts.get(name);
  }

  replace(name: string, expected: string | undefined, text: string): boolean {
    const isExpected = this.texts.get(name) === expected;
    if (isExpected) {
      this.texts.set(name, text);
    }
    return isExpected;
  }
}
