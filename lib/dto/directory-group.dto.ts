import type { DirectoryGroup } from '../events/catalogue/directory.js';
import type { OpenPayload } from '../events/catalogue/open-types.js';
import { Id, OptionalId, OptionalObject, OptionalText, OptionalTextOrNull } from './rules.js';

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
