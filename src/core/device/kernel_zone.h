/* Scaffold: the kernel replaces this file. */
static bool CPU_KERNEL(border_distance)(RadContext *context, const int size[3], const uint8_t *mask, bool planar, uint16_t *distance) { (void) size; (void) mask; (void) planar; (void) distance; return rad_fail(context, RAD_INTERNAL, "no kernel"); }
static bool CPU_KERNEL(find_zones)(RadContext *context, const GreyLevels *levels, const uint16_t *distance, bool planar, ZoneList *zones) { (void) levels; (void) distance; (void) planar; (void) zones; return rad_fail(context, RAD_INTERNAL, "no kernel"); }
