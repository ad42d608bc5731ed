import type { ComponentChildren } from 'preact';
import { describe } from '../data/api.js';

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What a new user runs first. */
export function SendHint() {
  return (
    <p>
      Send one: <code>npx scalekit-webhooks send user.created</code>
    </p>
  );
}

export function Trouble({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p>{describe(error)}</p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

export function Loading() {
  return <p class="loading muted">Loading…</p>;
}
