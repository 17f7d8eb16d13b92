"""Files of complaints: what each known kind means, and how a batch is recorded (mission A3; core.importing)."""
