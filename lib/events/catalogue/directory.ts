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

/**
 * A person in an organization's directory, provisioned from there (SCIM).
 *
 * Which fields come is up to the directory; `user_deleted` may carry little more than the ids.
 *
 * @publicApi
 */
export interface DirectoryUser {
  /** Scalekit's id of the person: `diruser_…`. */
  readonly id: string;
  /** The organization whose directory has the person: `org_…`. */
  readonly organization_id: string;
  /** Whether the person may use your application: false asks you to lock the account. */
  readonly active?: boolean;
  /** The e-mail address. */
  readonly email?: string;
  /** The given (first) name. */
  readonly given_name?: string;
  /** The family (last) name. */
  readonly family_name?: string;
  /** The full name. */
  readonly name?: string;
  /** The name that the person signs in to the directory with. */
  readonly preferred_username?: string;
  /** The person's id in the directory itself. */
  readonly dp_id?: string;
  /** The number that the organization gave its employee. */
  readonly employee_id?: string;
  /** The department that the person works in. */
  readonly department?: string;
  /** The cost center that the person is booked on. */
  readonly cost_center?: string;
  /** The division that the person works in. */
  readonly division?: string;
  /** The job title. */
  readonly title?: string;
  /** How the person stands to the organization, such as `Employee` or `Contractor`. */
  readonly user_type?: string;
  /** The phone number, as the directory has it. */
  readonly phone_number?: string;
  /** The language that the person prefers, such as `en`. */
  readonly language?: string;
  /** Language and region for dates and numbers, such as `en-US`. */
  readonly locale?: string;
  /** The time zone, as an IANA name such as `America/Araguaina`. */
  readonly zoneinfo?: string;
  /** The name of the organization, as the directory has it. */
  readonly organization?: string;
  /** What the person is called among friends. */
  readonly nickname?: string;
  /** URL of a page about the person. */
  readonly profile?: string;
  /** The groups of the directory that the person is in. */
  readonly groups?: readonly DirectoryUserGroup[];
  /** The roles in your application that the person gets through the directory. */
  readonly roles?: readonly DirectoryUserRole[];
  /** Attributes that the organization mapped for your application. */
  readonly custom_attributes?: OpenPayload;
  /** The person exactly as the directory sent it. */
  readonly raw_attributes?: OpenPayload;
  /** URL of a picture. */
  readonly picture?: string;
  /** The postal address. */
  readonly address?: DirectoryUserAddress;
}

/**
 * A group that a person of the directory is in.
 *
 * @publicApi
 */
export interface DirectoryUserGroup {
  /** Scalekit's id of the group: `dirgroup_…`. */
  readonly id?: string;
  /** The group's name, as people read it. */
  readonly name?: string;
}

/**
 * A role that a person gets through the directory.
 *
 * @publicApi
 */
export interface DirectoryUserRole {
  /** The `name` of the role, such as `billing_admin`. */
  readonly role_name?: string;
}

/**
 * A postal address. The schema leaves this object open: these are the fields that its examples show, and directories
 * send others.
 *
 * @publicApi
 */
export interface DirectoryUserAddress {
  /** The whole address, ready for a label. */
  readonly formatted?: string;
  /** The postal code. */
  readonly postal_code?: string;
  /** State, province or region. */
  readonly state?: string;
  readonly [part: string]: unknown;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface DirectoryUserEvents {
  /** A person appeared in an organization's directory: give access. */
  readonly 'organization.directory.user_created': DirectoryUser;
  /** A person of an organization's directory changed; see `active`, too. */
  readonly 'organization.directory.user_updated': DirectoryUser;
  /** A person is gone from an organization's directory: take access away. */
  readonly 'organization.directory.user_deleted': DirectoryUser;
}
