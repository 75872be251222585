/* Scaffold: the kernel replaces this file. */
static bool CPU_KERNEL(count_cooccurrences)(RadContext *context, const GreyLevels *levels, int first_slice, int last_slice, int distance, DirectionSet directions, uint32_t *counts) { (void) levels; (void) first_slice; (void) last_slice; (void) distance; (void) directions; (void) counts; return rad_fail(context, RAD_INTERNAL, "no kernel"); }
