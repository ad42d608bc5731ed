/** The inspector has no guard here, and so it starts in development and in tests only. */
process.env.NODE_ENV ??= 'development';
