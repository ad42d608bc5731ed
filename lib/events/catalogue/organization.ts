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

/**
 * A domain that belongs to an organization, such as `acmecorp.com`.
 *
 * @publicApi
 */
export interface OrganizationDomain {
  /** Scalekit's id of the domain: `dom_…`. */
  readonly id: string;
  /** The domain name itself, such as `acmecorp.com`. */
  readonly domain: string;
  /**
   * What the domain is for: `ORGANIZATION_DOMAIN` routes its people to the organization's single sign-on,
   * `ALLOWED_EMAIL_DOMAIN` lets people with such an address join by themselves.
   */
  readonly domain_type: OpenEnum<'ORGANIZATION_DOMAIN' | 'ALLOWED_EMAIL_DOMAIN'>;
  /** The organization that has the domain: `org_…`. */
  readonly organization_id: string;
  /** The environment it lives in: `env_…`. */
  readonly environment_id: string;
  /** Name of the TXT record by which the owner proves the domain. */
  readonly txt_record_key?: string;
  /** Content that the TXT record must have. A secret until it is published: keep it out of logs. */
  readonly txt_record_secret?: string;
  /** How far the proof of ownership is. */
  readonly verification_status: OpenEnum<'PENDING' | 'VERIFIED' | 'FAILED' | 'AUTO_VERIFIED'>;
  /** How ownership is proved: by a `DNS` record, by an `ADMIN` of your application, or not at all. */
  readonly verification_method?: OpenEnum<'ADMIN' | 'DNS' | 'NOT_APPLICABLE'>;
  /** When the domain's record last changed: RFC 3339, up to nanoseconds. */
  readonly updated_at?: string;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface OrganizationDomainEvents {
  /** A domain was added to an organization. */
  readonly 'organization.domain_created': OrganizationDomain;
  /** A domain was removed from an organization. */
  readonly 'organization.domain_deleted': OrganizationDomain;
  /** The DNS check found the TXT record: the organization owns the domain. */
  readonly 'organization.domain_dns_verification_success': OrganizationDomain;
  /** The time for the DNS check ran out and the TXT record was not found. */
  readonly 'organization.domain_dns_verification_failed': OrganizationDomain;
}
