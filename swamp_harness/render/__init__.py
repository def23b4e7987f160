"""Results for people and other programs: reads results, decides nothing."""
