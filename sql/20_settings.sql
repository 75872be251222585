-- Settings: presets, check, canonical form.  They depend on their argument
-- alone.

CREATE FUNCTION radiomics.settings(preset text) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'radiomics_settings'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.settings(text) IS
'Settings of a named preset, such as ibsi_config_a. Change keys of it with the operator ||.';

CREATE FUNCTION radiomics.settings_validate(settings jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'radiomics_settings_validate'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.settings_validate(jsonb) IS
'True if the settings can be used, else an error that says what is wrong. Fit for a CHECK constraint.';

CREATE FUNCTION radiomics.settings_canonical(settings jsonb) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'radiomics_settings_canonical'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.settings_canonical(jsonb) IS
'The same settings with every default written out. Settings of equal meaning have equal canonical forms.';

CREATE FUNCTION radiomics.settings_from_pyradiomics(yaml text) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'radiomics_settings_from_pyradiomics'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.settings_from_pyradiomics(text) IS
'A PyRadiomics parameter file (YAML or JSON) as settings with the profile pyradiomics. Fails where PyRadiomics refuses the file.';

-- Plain functions of pg_catalog over the canonical form, so that anyone can
-- recompute a stored hash without this extension.
CREATE FUNCTION radiomics.settings_hash(settings jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 200
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT pg_catalog.encode(
                   pg_catalog.sha256(
                       pg_catalog.convert_to(radiomics.settings_canonical(settings)::pg_catalog.text,
                                             'UTF8')),
                   'hex')
    $$;
COMMENT ON FUNCTION radiomics.settings_hash(jsonb) IS
'SHA-256 of the text of the canonical settings, in hexadecimal. Equal for settings of equal meaning.';

