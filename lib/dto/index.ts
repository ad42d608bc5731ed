// The entry 'nestjs-scalekit-webhooks/dto': the one place that needs class-validator, which takes longer to load than
// all the rest of the package.
export { DirectoryDto } from './directory.dto.js';
export { DirectoryGroupDto } from './directory-group.dto.js';
export { DirectoryUserDto } from './directory-user.dto.js';
