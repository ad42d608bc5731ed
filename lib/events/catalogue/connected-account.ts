import type { OpenEnum } from './open-types.js';

/**
 * How a connected account proves itself to its provider.
 *
 * @publicApi
 */
export type ConnectedAccountAuthorizationType = OpenEnum<
  | 'OAUTH'
  | 'API_KEY'
  | 'BASIC_AUTH'
  | 'BEARER_TOKEN'
  | 'CUSTOM'
  | 'BASIC'
  | 'OAUTH_M2M'
  | 'TRELLO_OAUTH1'
  | 'GOOGLE_DWD'
  | 'TRUSTED_IDP'
  | 'SMART_FHIR'
  | 'NO_AUTH'
>;

/**
 * Whether a connected account can be used.
 *
 * @publicApi
 */
export type ConnectedAccountStatus = OpenEnum<
  'ACTIVE' | 'EXPIRED' | 'PENDING_AUTH' | 'PENDING_VERIFICATION' | 'DISCONNECTED'
>;

/**
 * A user's account at another service (Gmail, Canva, …), which your application may act with.
 *
 * @publicApi
 */
export interface ConnectedAccount {
  /** Scalekit's id of the account: `ca_…`. */
  readonly id: string;
  /** Whose account it is, in your application's own terms: a user id, an e-mail address. */
  readonly identifier: string;
  /** The connection through which the service is reached: `conn_…`. */
  readonly connection_id: string;
  /** The connection's name, such as `gmail`. */
  readonly connection_name?: string;
  /** The service, such as `GMAIL`. */
  readonly provider: OpenEnum<'GMAIL' | 'GOOGLE_ADS' | 'CANVA' | 'SUPABASE'>;
  /** How the account proves itself to the service. */
  readonly authorization_type?: ConnectedAccountAuthorizationType;
  /** Whether the account can be used. */
  readonly status: ConnectedAccountStatus;
  /** When the access token runs out: RFC 3339, up to nanoseconds. */
  readonly token_expires_at?: string;
  /** When the account was last used: RFC 3339, up to nanoseconds. */
  readonly last_used_at?: string;
}

/**
 * A connected account whose status changed.
 *
 * @publicApi
 */
export interface ConnectedAccountStatusChange {
  /** Scalekit's id of the account: `ca_…`. */
  readonly id: string;
  /** Whose account it is, in your application's own terms: a user id, an e-mail address. */
  readonly identifier: string;
  /** The connection through which the service is reached: `conn_…`. */
  readonly connection_id: string;
  /** The connection's name, such as `gmail`. */
  readonly connection_name?: string;
  /** The service, such as `GMAIL`. */
  readonly provider: OpenEnum<'GMAIL' | 'GOOGLE_ADS' | 'CANVA' | 'SUPABASE'>;
  /** How the account proves itself to the service. */
  readonly authorization_type: ConnectedAccountAuthorizationType;
  /** The status from now on. */
  readonly status: ConnectedAccountStatus;
  /** The status until now. */
  readonly old_status: ConnectedAccountStatus;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface ConnectedAccountEvents {
  /** An account was added; it may still have to be authorized. */
  readonly 'connected_account.created': ConnectedAccount;
  /** An account changed. */
  readonly 'connected_account.updated': ConnectedAccount;
  /** An account's status changed, such as from `ACTIVE` to `EXPIRED`. */
  readonly 'connected_account.status_updated': ConnectedAccountStatusChange;
  /** An account was removed. */
  readonly 'connected_account.deleted': ConnectedAccount;
  /** A link was made by which the user can authorize the account. */
  readonly 'connected_account.magic_link_generated': ConnectedAccount;
  /** The service gave tokens for the account. */
  readonly 'connected_account.oauth_tokens_fetched': ConnectedAccount;
  /** The access token was renewed. */
  readonly 'connected_account.token_refresh_succeeded': ConnectedAccount;
  /** The access token could not be renewed: the user may have to authorize the account again. */
  readonly 'connected_account.token_refresh_failed': ConnectedAccount;
  /** The user authorized the account. */
  readonly 'connected_account.oauth_succeeded': ConnectedAccount;
}
