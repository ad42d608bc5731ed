/**
 * A role of your application, which users can be given.
 *
 * @publicApi
 */
export interface Role {
  /** Scalekit's id of the role: `role_…`. */
  readonly id: string;
  /** The name that code uses, such as `viewer`. */
  readonly name: string;
  /** The name that people read. */
  readonly display_name?: string;
  /** What the role is for. */
  readonly description?: string;
  /** The `name` of the role whose permissions this one has, too. */
  readonly extends?: string;
}

/**
 * Something that a role allows.
 *
 * @publicApi
 */
export interface Permission {
  /** Scalekit's id of the permission: `perm_…`. */
  readonly id: string;
  /** The name that code uses, such as `data:manage`. */
  readonly name: string;
  /** What the permission allows. */
  readonly description?: string;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface RoleEvents {
  /** A role was created. */
  readonly 'role.created': Role;
  /** A role, or what it allows, changed. */
  readonly 'role.updated': Role;
  /** A role was deleted. */
  readonly 'role.deleted': Role;
}

/** @see https://docs.scalekit.com/apis/ (webhooks) */
export interface PermissionEvents {
  /** A permission was created. */
  readonly 'permission.created': Permission;
  /** A permission changed. */
  readonly 'permission.updated': Permission;
  /** A permission was deleted. */
  readonly 'permission.deleted': Permission;
}
