import { existsSync, readFileSync } from 'node:fs';

export interface DocumentedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly occurred_at?: string;
  readonly created?: string;
}

interface Overview {
  readonly events: Record<string, object>;
  readonly namedWithoutPayload: readonly string[];
}

const REFERENCE = new URL('../../../shared/reference/', import.meta.url);

/** What Scalekit documents is kept beside the repository, not in it: a lone clone does without. */
export const documentsAreHere = existsSync(REFERENCE);

/** The example of every event in the API reference. */
export function referenceEvents(): DocumentedEvent[] {
  const events = read('scalekit-events.json') as Record<string, { example: DocumentedEvent }>;
  return Object.values(events).map(({ example }) => example);
}

/** The events of the webhooks overview, in its own envelope. */
export function overviewEvents(): DocumentedEvent[] {
  const { events, namedWithoutPayload } = read('overview-events.json') as Overview;
  const payloads = { ...events, ...Object.fromEntries(namedWithoutPayload.map((type) => [type, {}])) };
  return Object.entries(payloads).map(([type, data]) => ({
    id: 'evt_1234567890',
    type,
    created: '2024-01-15T10:30:00Z',
    data,
  }));
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, REFERENCE), 'utf8'));
}
