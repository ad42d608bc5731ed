import type { OpenEnum, OpenPayload } from './open-types.js';

/**
 * The link to an organization's directory of people, by which they are provisioned (SCIM).
 *
 * @publicApi
 */
export interface Directory {
  /** Scalekit's id of the directory: `dir_…`. */
  readonly id: string;
  /** The organization whose directory it is: `org_…`. */
  readonly organization_id: string;
  /** How people get here from the directory, such as `SCIM`. */
  readonly directory_type?: OpenEnum<'SCIM' | 'LDAP' | 'POLL'>;
  /** Who runs the directory, such as `OKTA`. */
  readonly provider?: OpenEnum<
    'OKTA' | 'GOOGLE' | 'MICROSOFT_AD' | 'AUTH0' | 'ONELOGIN' | 'JUMPCLOUD' | 'PING_IDENTITY'
  >;
  /** Whether people are synced. */
  readonly enabled?: boolean;
  /** When the link was last changed: RFC 3339, up to nanoseconds. */
  readonly updated_at?: string;
}

/**
 * A group in an organization's directory.
 *
 * @publicApi
 */
export interface DirectoryGroup {
  /** Scalekit's id of the group: `dirgroup_…`. */
  readonly id: string;
  /** The organization whose directory has the group: `org_…`. */
  readonly organization_id: string;
  /** The directory that has the group: `dir_…`. */
  readonly directory_id?: string;
  /** The group's name, as people read it. */
  readonly display_name?: string;
  /** The id that the directory keeps for other systems; null if it has none. */
  readonly external_id?: string | null;
  /** The group's id in the directory itself. */
  readonly dp_id?: string;
  /** The group exactly as the directory sent it. */
  readonly raw_attributes?: OpenPayload;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface DirectoryEvents {
  /** Directory sync was switched on for an organization. */
  readonly 'organization.directory_enabled': Directory;
  /** Directory sync was switched off for an organization. */
  readonly 'organization.directory_disabled': Directory;
  /** The directory was removed from an organization. Offered by the dashboard, missing in the API reference. */
  readonly 'organization.directory_deleted': Directory;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface DirectoryGroupEvents {
  /** A group appeared in an organization's directory. */
  readonly 'organization.directory.group_created': DirectoryGroup;
  /** A group of an organization's directory changed. */
  readonly 'organization.directory.group_updated': DirectoryGroup;
  /** A group is gone from an organization's directory. */
  readonly 'organization.directory.group_deleted': DirectoryGroup;
}
