/* Scaffold: the kernel replaces this file. */
static bool CPU_KERNEL(count_runs)(RadContext *context, const GreyLevels *levels, int first_slice, int last_slice, DirectionSet directions, int longest, uint32_t *counts) { (void) levels; (void) first_slice; (void) last_slice; (void) longest; (void) directions; (void) counts; return rad_fail(context, RAD_INTERNAL, "no kernel"); }
