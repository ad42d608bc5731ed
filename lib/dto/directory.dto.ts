import type { Directory } from '../events/catalogue/directory.js';
import { Id, OptionalBoolean, OptionalDateTime, OptionalText } from './rules.js';

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
