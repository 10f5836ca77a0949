"""Programs that try hard what is promised of faults and strangers."""
