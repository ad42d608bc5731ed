import type { OpenEnum } from './open-types.js';

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
