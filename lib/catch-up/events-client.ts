import { createHash } from 'node:crypto';

/**
 * A moment, as the SDK has it: whole seconds since 1970, and nanoseconds on top.
 *
 * @publicApi
 */
export interface EventMoment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/**
 * An event, as Scalekit's API lists it.
 *
 * @publicApi
 */
export interface ListedEvent {
  readonly id: string;
  readonly type: string;
  readonly occurredAt?: EventMoment | undefined;
  readonly environmentId?: string;
  readonly organizationId?: string | undefined;
  /** A number of the API's enum `ObjectType`. */
  readonly object?: number;
  readonly data?: object | undefined;
  readonly displayName?: string;
  readonly specVersion?: string;
}

/** @publicApi */
export interface ListedEventPage {
  /** Newest first. */
  readonly events: readonly ListedEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** @publicApi */
export interface ListedEventFilter {
  eventTypes?: string[];
  startTime?: EventMoment | undefined;
  endTime?: EventMoment | undefined;
}

/**
 * The one call of `@scalekit-sdk/node` (2.11.0 or later) that catching up makes: a `ScalekitClient`, or whatever offers the same.
 *
 * @publicApi
 */
export interface ScalekitEventsClient {
  readonly events: {
    /** Lists the events of the client's environment. */
    listEventsPaginated(
      pageSize: number,
      pageToken: string,
      filter: ListedEventFilter,
    ): Promise<ListedEventPage>;
  };
}

/** The API's enum `ObjectType` from 1 on: names that webhooks carry in `object`. Later numbers are left out. */
const OBJECTS = (
  'Workspace Environment Organization Connection User Role CustomAttributes Directory DirectoryUser DirectoryGroup ' +
  'Session Template Job Domain EmailServer Email AuthRequest SAMLRequest SAMLResponse TokenClaims OIDCReqParams ' +
  'OIDCRespClaims SSOError GenericError RefreshTokens EndSessionRequest LogoutTokenClaims OAuthResponse JSON SKErrors ' +
  'OrgMembership UserProfile IDPInitiatedPayload DeviceDetails Actions InterceptorEvent Permission OrgMembershipEvent ' +
  'UserLoginEvent UserLogoutEvent ConnectedAccount'
).split(' ');

/**
 * Checks what a client returned, because users may write their own client. An event without id or type stays in the
 * list, and is refused when its envelope is read.
 *
 * @throws TypeError if it is not a page
 */
export function readPage(answer: unknown): ListedEventPage {
  const { events, nextPageToken } = (answer ?? {}) as Partial<Record<keyof ListedEventPage, unknown>>;
  if (!Array.isArray(events)) {
    throw new TypeError('listEventsPaginated() of the client did not return { events, nextPageToken }.');
  }
  return {
    events: events.map(readEvent),
    nextPageToken: typeof nextPageToken === 'string' ? nextPageToken : '',
  };
}

function readEvent(event: unknown): ListedEvent {
  const { occurredAt, ...fields } = (event ?? {}) as Partial<ListedEvent>;
  const [id, type] = [fields.id, fields.type].map((text) => (typeof text === 'string' ? text : ''));
  return { ...fields, id: id ?? '', type: type ?? '', occurredAt: readMoment(occurredAt) };
}

function readMoment(moment: unknown): EventMoment | undefined {
  const { seconds, nanos } = (moment ?? {}) as Partial<Record<keyof EventMoment, unknown>>;
  const isMoment =
    typeof seconds === 'bigint' || (typeof seconds === 'number' && Number.isSafeInteger(seconds));
  return isMoment && Math.abs(Number(seconds)) <= LAST_SECOND
    ? { seconds: BigInt(seconds), nanos: Number.isSafeInteger(nanos) ? Number(nanos) : 0 }
    : undefined;
}

/** The last second that a `Date` can hold. */
const LAST_SECOND = 8_640_000_000_000;

/** The body that a webhook of this event has: the long envelope. */
export function bodyOf(listed: ListedEvent): Buffer {
  const { specVersion, id, type, environmentId, organizationId, displayName } = listed;
  return Buffer.from(
    JSON.stringify(
      {
        spec_version: filled(specVersion),
        id,
        type,
        occurred_at: occurredAtText(listed),
        environment_id: filled(environmentId),
        organization_id: filled(organizationId),
        object: OBJECTS[(listed.object ?? 0) - 1],
        data: listed.data ?? {},
        display_name: filled(displayName),
      },
      asJson,
    ),
  );
}

/** Protocol Buffers have no missing text, only empty text. */
function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Nanoseconds since 1970; undefined for an event without a time. */
export function nanosOf({ occurredAt }: ListedEvent): bigint | undefined {
  return occurredAt && occurredAt.seconds * 1_000_000_000n + BigInt(occurredAt.nanos);
}

/** RFC 3339 with as many digits as it takes. */
function occurredAtText({ occurredAt }: ListedEvent): string | undefined {
  if (!occurredAt) {
    return undefined;
  }
  const fraction = String(occurredAt.nanos).padStart(9, '0').replace(/0+$/, '');
  const seconds = new Date(Number(occurredAt.seconds) * 1_000).toISOString().slice(0, -'.000Z'.length);
  return `${seconds}${fraction && `.${fraction}`}Z`;
}

/** The same for two events whose type and data are equal, in whatever order the fields of `data` come. */
export function digestOf({
  type,
  data,
}: {
  readonly type: string;
  readonly data?: object | undefined;
}): string {
  return createHash('sha256')
    .update(JSON.stringify([type, sorted(JSON.parse(JSON.stringify(data ?? {}, asJson)))]))
    .digest('base64url');
}

/** A client may read large numbers as `bigint`; JSON has one kind. */
function asJson(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  // Pairs: an object would put keys that look like numbers first, and take `__proto__` for its prototype.
  const fields = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const);
  return { fields: fields.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** Unix seconds, rounded down; undefined for an event without a time. */
export function secondsOf({ occurredAt }: ListedEvent): number | undefined {
  return occurredAt && Number(occurredAt.seconds);
}
