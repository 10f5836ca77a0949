"""Whatever is downloaded: fetched once, verified, and kept in the cache folder."""
