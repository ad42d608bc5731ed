export default { test: { globals: true, include: ['src/**/*.spec.ts'] } };
