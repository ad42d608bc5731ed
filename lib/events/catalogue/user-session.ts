import type { OpenEnum } from './open-types.js';
import type { User } from './user.js';

/**
 * A user whose session began or ended.
 *
 * @publicApi
 */
export interface UserSessionChange {
  /** Whose session it is. */
  readonly user: User;
  /** The session that began or ended. */
  readonly user_session: UserSession;
}

/**
 * The time from a sign-in to the sign-out, on one device.
 *
 * @publicApi
 */
export interface UserSession {
  /** Scalekit's id of the session: `ses_…`. */
  readonly session_id?: string;
  /** Whose session it is: `usr_…`. */
  readonly user_id?: string;
  /** The organization that the user is working in: `org_…`. */
  readonly organization_id?: string;
  /** Whether the session can still be used, such as `ACTIVE`. */
  readonly status?: OpenEnum<'ACTIVE'>;
  /** When the user signed in: RFC 3339, up to nanoseconds. */
  readonly created_at?: string;
  /** When the session last changed: RFC 3339, up to nanoseconds. */
  readonly updated_at?: string;
  /** When the user last did something in it: RFC 3339, up to nanoseconds. */
  readonly last_active_at?: string;
  /** When it ends in any case: RFC 3339, up to nanoseconds. */
  readonly absolute_expires_at?: string;
  /** When it ends if the user does nothing more: RFC 3339, up to nanoseconds. */
  readonly idle_expires_at?: string;
  /** When it ran out: RFC 3339, up to nanoseconds. Null while it has not. */
  readonly expired_at?: string | null;
  /** When the user signed out: RFC 3339, up to nanoseconds. Null while the user has not. */
  readonly logout_at?: string | null;
  /** All organizations that the user has signed in to within this session: `org_…`. */
  readonly authenticated_organizations?: readonly string[];
  /** Where the user signed in from. */
  readonly device?: SessionDevice;
}

/**
 * The device of a session. The schema leaves this object open: these are the fields that its examples show.
 *
 * @publicApi
 */
export interface SessionDevice {
  /** The browser's name, such as `Chrome`. */
  readonly browser?: string;
  /** The browser's version, such as `142.0.0.0`. */
  readonly browser_version?: string;
  /** The kind of device, such as `Desktop`. */
  readonly device_type?: OpenEnum<'Desktop'>;
  /** The IP address that the user came from. */
  readonly ip?: string;
  /** Where that address is, roughly. */
  readonly location?: SessionLocation;
  /** The operating system, such as `macOS`. */
  readonly os?: string;
  /** The operating system's version, such as `10.15.7`. */
  readonly os_version?: string;
  /** The browser's `User-Agent` header. */
  readonly user_agent?: string;
}

/**
 * Where a session's IP address is registered: a guess, never a proof.
 *
 * @publicApi
 */
export interface SessionLocation {
  /** The city. */
  readonly city?: string;
  /** Degrees north, as a decimal string. */
  readonly latitude?: string;
  /** Degrees east, as a decimal string. */
  readonly longitude?: string;
  /** The country, as an ISO 3166-1 code such as `IN`. */
  readonly region?: string;
  /** State or province: an ISO 3166-2 code without its hyphen, such as `INBR`. */
  readonly region_subdivision?: string;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface UserSessionEvents {
  /** A user signed in and a session began. */
  readonly 'user.login': UserSessionChange;
  /** A user signed out and the session ended. */
  readonly 'user.logout': UserSessionChange;
}
