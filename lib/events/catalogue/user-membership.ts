import type { OpenEnum, OpenPayload } from './open-types.js';
import type { OrganizationSettings } from './organization.js';
import type { User } from './user.js';

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
