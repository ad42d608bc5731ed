import type { Row } from '../data/entries.store.js';

/** What the list tells apart. */
export const GROUPS = {
  accepted: 'Accepted',
  duplicate: 'Duplicate',
  in_progress: 'In progress',
  late: 'Late',
  refused: 'Refused',
  failed: 'Failed',
  running: 'Running',
} as const;

export type Group = keyof typeof GROUPS;

/** All of the route's query: a reload keeps it. */
export interface DeliveryFilter {
  readonly outcome?: string;
  readonly endpoint?: string;
  readonly type?: string;
  readonly organization?: string;
  /** In one of the ids. */
  readonly text?: string;
}

/** An event that was accepted, and that a handler gave up on later, has failed. */
export function groupOf({ entry, calls }: Row): Group {
  for (const call of calls?.values() ?? []) {
    if (call.stage === 'given_up') {
      return 'failed';
    }
  }
  switch (entry.outcome) {
    case undefined:
      return 'running';
    case 'handled':
    case 'queued':
      return 'accepted';
    default:
      return entry.outcome;
  }
}

export interface Filtered {
  /** Oldest first. */
  readonly rows: readonly Row[];
  /** Of each group, how many pass all but the outcome. */
  readonly counts: Readonly<Record<Group, number>>;
}

export function filtered(rows: readonly Row[], filter: DeliveryFilter): Filtered {
  const counts = Object.fromEntries(Object.keys(GROUPS).map((group) => [group, 0])) as Record<Group, number>;
  const passes = testOf(filter);
  const passing = rows.filter((row) => {
    if (passes && !passes(row)) {
      return false;
    }
    const group = groupOf(row);
    counts[group] += 1;
    return !filter.outcome || filter.outcome === group;
  });
  return { rows: passing, counts };
}

function testOf({ endpoint, type, organization, text }: DeliveryFilter): ((row: Row) => boolean) | undefined {
  if (!endpoint && !type && !organization && !text) {
    return undefined;
  }
  const wanted = text?.trim().toLowerCase();
  return ({ entry }) =>
    (!endpoint || entry.endpoint === endpoint) &&
    (!type || !!entry.type?.includes(type)) &&
    (!organization || !!entry.organizationId?.includes(organization)) &&
    (!wanted ||
      [entry.eventId, entry.deliveryId, entry.organizationId].some((id) =>
        id?.toLowerCase().includes(wanted),
      ));
}
