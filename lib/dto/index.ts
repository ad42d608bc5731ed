// The entry 'nestjs-scalekit-webhooks/dto': the one place that needs class-validator, which takes longer to load than
// all the rest of the package.
export { DirectoryDto, DirectoryGroupDto, DirectoryUserDto } from './directory.dto.js';
