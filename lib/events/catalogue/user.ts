import type { OpenEnum, OpenPayload } from './open-types.js';
import type { OrganizationSettings } from './organization.js';

/**
 * A person who signs in to your application.
 *
 * @publicApi
 */
export interface User {
  /** Scalekit's id of the user: `usr_…`. */
  readonly id?: string;
  /** The user's e-mail address. */
  readonly email?: string;
  /** Your own id of the user; empty if your application gave none. */
  readonly external_id?: string;
  /** When the user was created: RFC 3339, up to nanoseconds. */
  readonly create_time?: string;
  /** When the user was last changed: RFC 3339, up to nanoseconds. */
  readonly update_time?: string;
  /** When the user last signed in: RFC 3339, up to nanoseconds. */
  readonly last_login_time?: string;
  /** Whatever your application stored with the user. */
  readonly metadata?: OpenPayload;
  /** Name, picture and the like. */
  readonly user_profile?: UserProfile;
}

/**
 * What is known of a user as a person. The schema leaves this object open: these are the fields that its examples
 * show, and texts that are not known come as empty strings.
 *
 * @publicApi
 */
export interface UserProfile {
  /** Scalekit's id of the profile: `usp_…`. */
  readonly id?: string;
  /** The full name. */
  readonly name?: string;
  /** The given (first) name. */
  readonly given_name?: string;
  /** The family (last) name. */
  readonly family_name?: string;
  /** The name that the user likes to sign in with. */
  readonly preferred_username?: string;
  /** Whether the e-mail address is proved to be the user's. */
  readonly email_verified?: boolean;
  /** The phone number, as entered. */
  readonly phone_number?: string;
  /** Whether the phone number is proved to be the user's. */
  readonly phone_number_verified?: boolean;
  /** URL of a picture. */
  readonly picture?: string;
  /** The gender, as the user or the identity provider wrote it. */
  readonly gender?: string;
  /** Language and region as a BCP 47 tag, such as `en-US`. */
  readonly locale?: string;
  /** The groups that the identity provider names for the user; null if none were sent. */
  readonly groups?: readonly unknown[] | null;
  /** Attributes that your application defined for its users; null if none are set. */
  readonly custom_attributes?: OpenPayload | null;
  /** The accounts at identity providers by which the user signed in; null if none. */
  readonly external_identities?: readonly ExternalIdentity[] | null;
  /** Whatever your application stored with the profile. */
  readonly metadata?: OpenPayload;
}

/**
 * A user's account at an identity provider.
 *
 * @publicApi
 */
export interface ExternalIdentity {
  /** The connection through which the provider is reached: `conn_…`. */
  readonly connection_id?: string;
  /** The provider, such as `GOOGLE`. */
  readonly connection_provider?: OpenEnum<'GOOGLE'>;
  /** How the provider is spoken to, such as `OAUTH`. */
  readonly connection_type?: OpenEnum<'OAUTH'>;
  /** The provider's own id of the user. */
  readonly connection_user_id?: string;
  /** Whether the provider is a social one (Google, GitHub, …) and not a company's. */
  readonly is_social?: boolean;
  /** When the account was linked: RFC 3339, up to nanoseconds. */
  readonly created_time?: string;
  /** When the link was last changed: RFC 3339, up to nanoseconds. */
  readonly updated_time?: string;
  /** When the user last signed in by it: RFC 3339, up to nanoseconds. */
  readonly last_login_time?: string;
  /** When the profile was last taken over from it: RFC 3339, up to nanoseconds. */
  readonly last_synced_time?: string;
  /** What the provider said of the user: JSON, as a string. */
  readonly raw_attributes?: string;
}

/**
 * A user and the organization that the user joined, is asked to join, or left.
 *
 * @publicApi
 */
export interface OrganizationMembership {
  /** The organization. */
  readonly organization: MembershipOrganization;
  /** The user. */
  readonly user: User;
}

/**
 * An organization as the membership events carry it: less of it is certain than in the `organization.*` events.
 *
 * @publicApi
 */
export interface MembershipOrganization {
  /** Scalekit's id of the organization: `org_…`. */
  readonly id?: string;
  /** The organization's name; empty if it has none yet. */
  readonly display_name?: string;
  /** Your own id of the organization; null if your application gave none. */
  readonly external_id?: string | null;
  /** Where the organization's data is kept, such as `US`. */
  readonly region_code?: OpenEnum<'US' | 'EU'>;
  /** When it was created: RFC 3339, up to nanoseconds. */
  readonly create_time?: string;
  /** When it was last changed: RFC 3339, up to nanoseconds. */
  readonly update_time?: string;
  /** Whatever your application stored with the organization; null if nothing. */
  readonly metadata?: OpenPayload | null;
  /** What is switched on for the organization. */
  readonly settings?: OrganizationSettings;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface UserMembershipEvents {
  /** A user signed up, and an organization was created with it. */
  readonly 'user.signup': OrganizationMembership;
  /** A user was invited to join an organization. */
  readonly 'user.organization_invitation': OrganizationMembership;
  /** A user joined an organization. */
  readonly 'user.organization_membership_created': OrganizationMembership;
  /** A user was removed from an organization. */
  readonly 'user.organization_membership_deleted': OrganizationMembership;
  /** A user's place in an organization changed, such as the roles there. */
  readonly 'user.organization_membership_updated': OrganizationMembership;
}
