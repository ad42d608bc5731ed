import type { OpenEnum, OpenPayload } from './open-types.js';

/**
 * A user who signed in.
 *
 * @publicApi
 */
export interface UserAuthenticated {
  /** Scalekit's id of the user: `usr_…`. */
  readonly userId: string;
  /** The organization that the user signed in to: `org_…`. */
  readonly organizationId: string;
  /** The user's e-mail address. */
  readonly email: string;
  /** How the user signed in, such as `sso`. One of the two published examples lacks it. */
  readonly method?: OpenEnum<'sso'>;
}

/**
 * A sign-in that failed.
 *
 * @publicApi
 */
export interface UserAuthenticationFailed {
  /** The e-mail address that was given. */
  readonly email: string;
  /** Why it failed, such as `invalid_credentials`. */
  readonly reason: OpenEnum<'invalid_credentials'>;
}

/**
 * A new user.
 *
 * @publicApi
 */
export interface UserCreated {
  /** Scalekit's id of the user: `usr_…`. */
  readonly userId: string;
  /** The user's e-mail address. */
  readonly email: string;
  /** The organization that the user belongs to: `org_…`. */
  readonly organizationId: string;
}

/**
 * A user whose profile changed.
 *
 * @publicApi
 */
export interface UserUpdated {
  /** Scalekit's id of the user: `usr_…`. */
  readonly userId: string;
  /** The names of the fields that changed; not their values. */
  readonly changes: readonly OpenEnum<'email' | 'name'>[];
}

/**
 * A deleted user.
 *
 * @publicApi
 */
export interface UserDeleted {
  /** Scalekit's id of the user: `usr_…`. */
  readonly userId: string;
}

/**
 * A session that began or ran out.
 *
 * @publicApi
 */
export interface SessionChange {
  /** Scalekit's id of the session: `ses_…`. */
  readonly sessionId: string;
  /** Whose session it is: `usr_…`. */
  readonly userId: string;
}

/**
 * A single sign-on connection that was set up. Its description was cut off where it was read: there are more fields.
 *
 * @publicApi
 */
export interface ConnectionCreated {
  /** Scalekit's id of the connection: `conn_…`. */
  readonly connectionId: string;
  /** The organization whose people sign in by it: `org_…`. */
  readonly organizationId: string;
  /** How the identity provider is spoken to, such as `SAML`. */
  readonly type: OpenEnum<'SAML'>;
  readonly [field: string]: unknown;
}

/**
 * The family of the webhooks overview: camelCase data in the short envelope (`id`, `type`, `created`, `data`).
 *
 * @see https://www.mintlify.com/scalekit-inc/developer-docs/api/webhooks/events
 */
export interface OverviewEvents {
  /** A user signed in. */
  readonly 'user.authenticated': UserAuthenticated;
  /** An attempt to sign in failed. */
  readonly 'user.authentication_failed': UserAuthenticationFailed;
  /** A user was created. */
  readonly 'user.created': UserCreated;
  /** A user's profile changed. */
  readonly 'user.updated': UserUpdated;
  /** A user was deleted. */
  readonly 'user.deleted': UserDeleted;
  /** A session began. */
  readonly 'session.created': SessionChange;
  /** A session ran out. */
  readonly 'session.expired': SessionChange;
  /** A single sign-on connection was set up. */
  readonly 'connection.created': ConnectionCreated;
  /** A user joined an organization. The payload is not published. */
  readonly 'membership.created': OpenPayload;
  /** A user's place in an organization changed. The payload is not published. */
  readonly 'membership.updated': OpenPayload;
  /** A user left an organization. The payload is not published. */
  readonly 'membership.deleted': OpenPayload;
}
