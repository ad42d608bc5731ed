import type {
  Directory,
  DirectoryGroup,
  DirectoryUser,
  DirectoryUserAddress,
  DirectoryUserGroup,
  DirectoryUserRole,
} from '../events/catalogue/directory.js';
import type { OpenPayload } from '../events/catalogue/open-types.js';
import {
  Id,
  OptionalBoolean,
  OptionalDateTime,
  OptionalEmail,
  OptionalId,
  OptionalObject,
  OptionalText,
  OptionalTextOrNull,
  OptionalTexts,
  OptionalTextsEach,
} from './rules.js';

/**
 * The payload of `organization.directory_enabled`, `…directory_disabled` and `…directory_deleted`, to be checked at run
 * time: `@EventData(new ValidationPipe()) directory: DirectoryDto`. The fields are those of `Directory`, described there.
 *
 * @publicApi
 */
export class DirectoryDto implements Directory {
  @Id('dir') readonly id!: string;
  @Id('org') readonly organization_id!: string;
  @OptionalText() readonly directory_type?: NonNullable<Directory['directory_type']>;
  @OptionalText() readonly provider?: NonNullable<Directory['provider']>;
  @OptionalBoolean() readonly enabled?: boolean;
  @OptionalDateTime() readonly updated_at?: string;
}

/**
 * The payload of `organization.directory.user_created`, `…user_updated` and `…user_deleted`, to be checked at run time:
 * `@EventData(new ValidationPipe()) user: DirectoryUserDto`. The fields are those of `DirectoryUser`, described there.
 *
 * Fields that Scalekit adds later pass; don't set `forbidNonWhitelisted`.
 *
 * @publicApi
 */
export class DirectoryUserDto implements DirectoryUser {
  @Id('diruser') readonly id!: string;
  @Id('org') readonly organization_id!: string;
  @OptionalBoolean() readonly active?: boolean;
  @OptionalEmail() readonly email?: string;
  @OptionalText() readonly given_name?: string;
  @OptionalText() readonly family_name?: string;
  @OptionalText() readonly name?: string;
  @OptionalText() readonly preferred_username?: string;
  @OptionalText() readonly dp_id?: string;
  @OptionalText() readonly employee_id?: string;
  @OptionalText() readonly department?: string;
  @OptionalText() readonly cost_center?: string;
  @OptionalText() readonly division?: string;
  @OptionalText() readonly title?: string;
  @OptionalText() readonly user_type?: string;
  @OptionalText() readonly phone_number?: string;
  @OptionalText() readonly language?: string;
  @OptionalText() readonly locale?: string;
  @OptionalText() readonly zoneinfo?: string;
  @OptionalText() readonly organization?: string;
  @OptionalText() readonly nickname?: string;
  @OptionalText() readonly profile?: string;
  @OptionalTextsEach('id', 'name') readonly groups?: readonly DirectoryUserGroup[];
  @OptionalTextsEach('role_name') readonly roles?: readonly DirectoryUserRole[];
  @OptionalObject() readonly custom_attributes?: OpenPayload;
  @OptionalObject() readonly raw_attributes?: OpenPayload;
  @OptionalText() readonly picture?: string;
  @OptionalTexts('formatted', 'postal_code', 'state') readonly address?: DirectoryUserAddress;
}

/**
 * The payload of `organization.directory.group_created`, `…group_updated` and `…group_deleted`, to be checked at run
 * time: `@EventData(new ValidationPipe()) group: DirectoryGroupDto`. The fields are those of `DirectoryGroup`,
 * described there.
 *
 * @publicApi
 */
export class DirectoryGroupDto implements DirectoryGroup {
  @Id('dirgroup') readonly id!: string;
  @Id('org') readonly organization_id!: string;
  @OptionalId('dir') readonly directory_id?: string;
  @OptionalText() readonly display_name?: string;
  @OptionalTextOrNull() readonly external_id?: string | null;
  @OptionalText() readonly dp_id?: string;
  @OptionalObject() readonly raw_attributes?: OpenPayload;
}
