-- The GPUs that count for this server.

CREATE FUNCTION radiomics.gpu_status(
        OUT device integer, OUT name text, OUT emulated boolean,
        OUT memory bigint, OUT memory_free bigint,
        OUT regions bigint, OUT batches bigint, OUT mean_batch double precision,
        OUT failures bigint, OUT fallbacks bigint,
        OUT bytes_to_device bigint, OUT bytes_from_device bigint,
        OUT ms_to_device double precision, OUT ms_kernels double precision,
        OUT ms_from_device double precision,
        OUT queued bigint, OUT clients bigint, OUT generation bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'radiomics_gpu_status'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 900 ROWS 1;
COMMENT ON FUNCTION radiomics.gpu_status() IS
'One row per GPU: what it is and what it has counted since its helper was started (generation counts the starts). failures are regions that it had no memory for; fallbacks, of all GPUs together, are regions that the CPU counted instead, for whatever reason; clients are connections of sessions, which have one for each region in flight. No rows without a GPU.';
