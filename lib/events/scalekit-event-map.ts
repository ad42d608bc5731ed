import type { PermissionEvents, RoleEvents } from './catalogue/access.js';
import type { ConnectedAccountEvents } from './catalogue/connected-account.js';
import type { DirectoryEvents, DirectoryGroupEvents, DirectoryUserEvents } from './catalogue/directory.js';
import type { OrganizationDomainEvents, OrganizationEvents } from './catalogue/organization.js';
import type { OverviewEvents } from './catalogue/overview.js';
import type { SsoConnectionEvents } from './catalogue/sso-connection.js';
import type { UserMembershipEvents } from './catalogue/user.js';
import type { UserSessionEvents } from './catalogue/user-session.js';

/** The types of the API reference, and one that only the dashboard offers: they come in the long envelope. */
export interface ReferenceEvents
  extends
    OrganizationEvents,
    OrganizationDomainEvents,
    SsoConnectionEvents,
    DirectoryEvents,
    DirectoryUserEvents,
    DirectoryGroupEvents,
    UserMembershipEvents,
    UserSessionEvents,
    RoleEvents,
    PermissionEvents,
    ConnectedAccountEvents {}

/**
 * Every event type that is known, and the payload that it carries in `data`.
 *
 * Add types that this package does not know yet, and everything here knows them, too:
 *
 * ```ts
 * declare module 'nestjs-scalekit-webhooks' {
 *   interface ScalekitEventMap {
 *     'organization.archived': Organization;
 *   }
 * }
 * ```
 *
 * @publicApi
 */
export interface ScalekitEventMap extends ReferenceEvents, OverviewEvents {}

/**
 * Every event type that is known.
 *
 * @publicApi
 */
export type ScalekitEventType = keyof ScalekitEventMap;

/** What the long envelope's `object` says for each type. */
export interface ReferenceEventObjects
  extends
    Record<keyof OrganizationEvents | keyof OrganizationDomainEvents, 'Organization'>,
    Record<keyof SsoConnectionEvents, 'Connection'>,
    Record<keyof DirectoryEvents, 'Directory'>,
    Record<keyof DirectoryUserEvents, 'DirectoryUser'>,
    Record<keyof DirectoryGroupEvents, 'DirectoryGroup'>,
    Record<keyof UserMembershipEvents, 'OrgMembership'>,
    Record<keyof UserSessionEvents, 'User'>,
    Record<keyof RoleEvents, 'Role'>,
    Record<keyof PermissionEvents, 'Permission'>,
    Record<keyof ConnectedAccountEvents, 'ConnectedAccount'> {}
