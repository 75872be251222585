-- How far the job is: state, keys, their number, rate, time left.
SELECT state, done + failed, total, coalesce(round(rate::numeric, 1)::text, '-'),
       CASE WHEN state = 'running' AND rate > 0
            THEN format(', %s s left', ceil(extract(epoch FROM estimated_end - clock_timestamp())))
            ELSE '' END
FROM   radiomics.job_progress
WHERE  job_id = :job;
