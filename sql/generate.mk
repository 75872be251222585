# What is generated from the catalogue of features and the table of settings.
# Included by the Makefile of the repository's root, with paths from there.
#
#   GENERATE_CATALOGUE   the generator, a program of the building machine
#   GENERATED_SQL        SQL fragments: build/sql/10_catalogue_types.sql (the
#                        type ibsi_features), build/sql/11_pyradiomics_types.sql
#                        (pyradiomics_features) and build/sql/60_feature_catalogue.sql
#                        (the view feature_catalogue), which need schema radiomics,
#                        and one fragment for every NN_topic.sql.in
#   GENERATED_PAGES      pages of doc/ that are generated and committed
#   GENERATED_CLEAN      what `make clean` removes
#   HOST_CC              compiler for the building machine, default cc
#
#   make doc-pages         writes the pages anew
#   make check-doc-pages   fails with the difference when a page is stale

HOST_CC ?= cc

GENERATE_CATALOGUE := build/generate_catalogue
OVERLOADED_SQL := $(patsubst sql/%.in,build/sql/%,$(wildcard sql/[0-9][0-9]_*.sql.in))
GENERATED_SQL := build/sql/10_catalogue_types.sql build/sql/11_pyradiomics_types.sql \
	build/sql/60_feature_catalogue.sql $(OVERLOADED_SQL)
GENERATED_PAGES := doc/feature_reference.md doc/settings_reference.md \
	doc/pyradiomics_features.md
GENERATED_CLEAN := $(GENERATE_CATALOGUE) $(GENERATED_SQL) \
	$(patsubst doc/%,build/doc/%,$(GENERATED_PAGES))

GENERATE_SOURCES := sql/generate_catalogue.c src/core/base/context.c \
	$(wildcard src/core/catalogue/*.c src/core/settings/*.c) src/core/filters/wavelet_bank.c \
	$(addprefix src/core/pyradiomics/,feature_names.c settings.c parse.c canonical.c)

$(GENERATE_CATALOGUE): $(GENERATE_SOURCES) $(wildcard src/core/base/*.h \
		src/core/catalogue/*.h src/core/catalogue/*.def \
		src/core/settings/*.h src/core/settings/*.def \
		src/core/pyradiomics/*settings* src/core/pyradiomics/feature* src/core/filters/wavelet*)
	@mkdir -p $(@D)
	$(HOST_CC) -std=gnu11 -O1 -Wall -Wextra -Isrc/core -o $@ $(GENERATE_SOURCES) -lm

# Written aside first, so a failing generator leaves no half file behind.
build/sql/10_catalogue_types.sql: $(GENERATE_CATALOGUE)
	@mkdir -p $(@D)
	$(GENERATE_CATALOGUE) types > $@.part && mv $@.part $@

build/sql/11_pyradiomics_types.sql: $(GENERATE_CATALOGUE)
	@mkdir -p $(@D)
	$(GENERATE_CATALOGUE) pyradiomics_types > $@.part && mv $@.part $@

build/sql/60_feature_catalogue.sql: $(GENERATE_CATALOGUE)
	@mkdir -p $(@D)
	$(GENERATE_CATALOGUE) catalogue > $@.part && mv $@.part $@

# Functions of an image and a mask are declared once, in NN_topic.sql.in, for
# three types of arguments.  @type@ is bytea, oid or volume, @suffix@ the end of
# the C function's name, @note@ a sentence for the comment.
build/sql/%.sql: sql/%.sql.in sql/generate.mk
	@mkdir -p $(@D)
	sed -e 's/@type@/bytea/g; s/@suffix@//; s/@note@//' \
		-e 's/@volatility@/IMMUTABLE/; s/@parallel@/SAFE/' $< > $@.part
	sed -e '/^--/d; s/@type@/oid/g; s/@suffix@/_large_object/' \
		-e 's/@note@/Image and mask are large objects, read piece by piece. /' \
		-e 's/@volatility@/VOLATILE/; s/@parallel@/UNSAFE/' $< >> $@.part
	sed -e '/^--/d; s/@type@/radiomics.volume/g; s/@suffix@/_volume/' \
		-e 's/@note@/Image and mask are volumes, of which only what is needed is read. /' \
		-e 's/@volatility@/IMMUTABLE/; s/@parallel@/SAFE/' $< >> $@.part
	mv $@.part $@

build/doc/%.md: $(GENERATE_CATALOGUE)
	@mkdir -p $(@D)
	$(GENERATE_CATALOGUE) $* > $@.part && mv $@.part $@

doc-pages: $(patsubst doc/%,build/doc/%,$(GENERATED_PAGES))
	cp $^ doc/

check-doc-pages: $(patsubst doc/%,build/doc/%,$(GENERATED_PAGES))
	@stale=0; for page in $(notdir $(GENERATED_PAGES)); do \
		diff -u doc/$$page build/doc/$$page || stale=1; \
	done; \
	if [ $$stale -ne 0 ]; then echo "stale pages in doc/: run make doc-pages"; exit 1; fi

.PHONY: doc-pages check-doc-pages
