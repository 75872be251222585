/*
 * The catalogue of features: families, aggregations and the 174 features of
 * IBSI chapter 1.  catalogue.def is the only list; identifiers, SQL types,
 * comments and the reference page are generated from it.
 */
#ifndef RAD_CATALOGUE_CATALOGUE_H
#define RAD_CATALOGUE_CATALOGUE_H

#include <stdbool.h>

/* The eleven families in IBSI's order. */
typedef enum Family
{
	FAMILY_MORPHOLOGY,
	FAMILY_LOCAL_INTENSITY,
	FAMILY_INTENSITY_STATISTICS,
	FAMILY_INTENSITY_HISTOGRAM,
	FAMILY_INTENSITY_VOLUME_HISTOGRAM,
	FAMILY_GLCM,
	FAMILY_GLRLM,
	FAMILY_GLSZM,
	FAMILY_GLDZM,
	FAMILY_NGTDM,
	FAMILY_NGLDM
} Family;

#define FAMILY_COUNT 11

typedef unsigned FamilySet;		/* bit per Family */

#define ALL_FAMILIES ((FamilySet) ((1u << FAMILY_COUNT) - 1))

/* How matrices are combined (IBSI chapter 3.1; see also spec of each family). */
typedef enum Aggregation
{
	AGGREGATION_2D_AVG,			/* BTW3: per slice and direction, mean */
	AGGREGATION_2D_MRG,			/* SUJT: directions merged per slice, mean */
	AGGREGATION_2_5D_AVG,		/* JJUI: slices merged per direction, mean */
	AGGREGATION_2_5D_MRG,		/* ZW7Z: all merged */
	AGGREGATION_3D_AVG,			/* ITBB: 13 directions, mean */
	AGGREGATION_3D_MRG			/* IAZD: 13 directions merged */
} Aggregation;

#define AGGREGATION_COUNT 6

typedef unsigned AggregationSet;	/* bit per Aggregation */

#define ALL_AGGREGATIONS ((AggregationSet) ((1u << AGGREGATION_COUNT) - 1))

/*
 * How a family depends on the aggregation, and so in which slot of
 * FeatureValues its features stand.
 *
 *  NONE: one value, slot 0 (3D by definition, DHQ4).
 *  ZONE: 2D (8QNN), 2.5D (62GR), 3D (KOBO) in slots 0, 1, 2.
 *  DIRECTIONAL: the six of Aggregation, slot = Aggregation.
 */
typedef enum AggregationKind
{
	AGGREGATION_KIND_NONE,
	AGGREGATION_KIND_ZONE,
	AGGREGATION_KIND_DIRECTIONAL
} AggregationKind;

/* One identifier per feature: FEATURE_morph_volume, ... in IBSI's order. */
typedef enum FeatureId
{
#define FEATURE(family, tag, code, unit, range, name, function, pyradiomics, definition) \
	FEATURE_##tag,
#include "catalogue/catalogue.def"
#undef FEATURE
	FEATURE_COUNT
} FeatureId;

typedef struct FeatureEntry
{
	Family		family;
	const char *tag;			/* IBSI base tag, SQL column: "cm_joint_max" */
	const char *code;			/* IBSI permanent id: "GYBY" */
	const char *unit;			/* "mm3", "intensity", "1", ... */
	const char *range;			/* "[0, 1]", "(-inf, inf)", ... */
	const char *name;			/* IBSI text name */
	const char *pyradiomics;	/* PyRadiomics "class_Feature", or NULL */
	const char *definition;		/* one sentence */
} FeatureEntry;

typedef struct FamilyEntry
{
	const char *name;			/* "glcm" */
	const char *code;			/* "LFYI" */
	const char *title;			/* "Grey level co-occurrence matrix" */
	AggregationKind aggregation_kind;
	FeatureId	first;			/* its features are consecutive */
	int			count;
} FamilyEntry;

extern const FeatureEntry rad_features[FEATURE_COUNT];
extern const FamilyEntry rad_families[FAMILY_COUNT];

/* "2D_avg" ... "3D_mrg" */
extern const char *const rad_aggregation_names[AGGREGATION_COUNT];

/*
 * Slot and name of a family's value under an aggregation: for a zone family
 * 2D_avg and 2D_mrg both mean "2D"; the name is NULL for families without.
 */
extern int	rad_aggregation_slot(Family family, Aggregation aggregation);
extern const char *rad_aggregation_label(Family family, Aggregation aggregation);

/* Feature with this tag, or -1. */
extern int	rad_find_feature(const char *tag);

/*
 * All feature values of one region.  Undefined and not computed values are
 * NAN.  value[feature][slot]; see AggregationKind.
 */
typedef struct FeatureValues
{
	double		value[FEATURE_COUNT][AGGREGATION_COUNT];
} FeatureValues;

#endif							/* RAD_CATALOGUE_CATALOGUE_H */
