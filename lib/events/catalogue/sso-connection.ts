import type { OpenEnum } from './open-types.js';

/**
 * The link to an organization's identity provider, by which its people sign in (SSO).
 *
 * @publicApi
 */
export interface SsoConnection {
  /** Scalekit's id of the connection: `conn_…`. */
  readonly id: string;
  /** The organization whose people sign in by it: `org_…`. */
  readonly organization_id: string;
  /** How the identity provider is spoken to, such as `OIDC`. */
  readonly connection_type?: OpenEnum<'OIDC' | 'SAML'>;
  /** Who runs the identity provider, such as `OKTA`. */
  readonly provider?: OpenEnum<
    | 'OKTA'
    | 'GOOGLE'
    | 'MICROSOFT_AD'
    | 'AUTH0'
    | 'ONELOGIN'
    | 'PING_IDENTITY'
    | 'JUMPCLOUD'
    | 'ADFS'
    | 'CUSTOM'
    | 'IDP_SIMULATOR'
  >;
  /** Whether people can sign in by it. */
  readonly enabled?: boolean;
  /** How far its set-up is. */
  readonly status?: OpenEnum<'DRAFT' | 'IN_PROGRESS' | 'COMPLETED'>;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface SsoConnectionEvents {
  /** Single sign-on was begun to be set up for an organization. */
  readonly 'organization.sso_created': SsoConnection;
  /** Single sign-on was switched on for an organization. */
  readonly 'organization.sso_enabled': SsoConnection;
  /** Single sign-on was switched off for an organization. */
  readonly 'organization.sso_disabled': SsoConnection;
  /** An organization's single sign-on was removed. */
  readonly 'organization.sso_deleted': SsoConnection;
}
