/* Scaffold: the kernel replaces this file. */
static bool CPU_KERNEL(count_cubes)(RadContext *context, const int size[3], const uint8_t *mask, CubeCounts *cubes) { (void) size; (void) mask; (void) cubes; return rad_fail(context, RAD_INTERNAL, "no kernel"); }
