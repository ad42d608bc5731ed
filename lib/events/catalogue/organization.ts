import type { OpenEnum, OpenPayload } from './open-types.js';

/**
 * A customer of your application, as the `organization.*` events of that customer's life carry it.
 *
 * @publicApi
 */
export interface Organization {
  /** Scalekit's id of the organization: `org_…`. */
  readonly id: string;
  /** The organization's name, as people read it. */
  readonly display_name: string;
  /** Your own id of the organization, if your application gave one. */
  readonly external_id?: string;
  /** Where the organization's data is kept, such as `US`. */
  readonly region_code?: OpenEnum<'US' | 'EU'>;
  /** When it was created: RFC 3339, up to nanoseconds. */
  readonly create_time?: string;
  /** When it was last changed: RFC 3339, up to nanoseconds. */
  readonly update_time?: string;
  /** When it was deleted: RFC 3339, up to nanoseconds. Only there once it is. */
  readonly deleted_at?: string;
  /** Whatever your application stored with the organization; null if nothing. */
  readonly metadata?: OpenPayload | null;
  /** What is switched on for the organization. */
  readonly settings?: OrganizationSettings;
}

/**
 * What is switched on for an organization.
 *
 * @publicApi
 */
export interface OrganizationSettings {
  /** One entry for each feature that can be switched. */
  readonly features?: readonly OrganizationFeature[];
}

/**
 * A feature that can be switched on for an organization.
 *
 * @publicApi
 */
export interface OrganizationFeature {
  /** Which feature: `sso` is single sign-on, `dir_sync` is directory sync (SCIM). */
  readonly name?: OpenEnum<'sso' | 'dir_sync'>;
  /** Whether the organization has it. */
  readonly enabled?: boolean;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface OrganizationEvents {
  /** An organization was created. */
  readonly 'organization.created': Organization;
  /** An organization's name, settings or metadata changed. */
  readonly 'organization.updated': Organization;
  /** An organization was deleted. */
  readonly 'organization.deleted': Organization;
}
