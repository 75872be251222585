# Feature tables and materialized views on a schedule, with pg_cron; a feature
# table in a dump.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Utils;
use Test::More;

use Jobs qw(start_jobs_node load_small_scans eventually fingerprint);

my ($share) = run_command([ 'pg_config', '--sharedir' ]);
my $has_cron = -f "$share/extension/pg_cron.control";
my $node = start_jobs_node('follow', $has_cron ? 'radiomics, pg_cron' : 'radiomics',
    $has_cron ? ('cron.use_background_workers = on') : ());

load_small_scans($node, 'postgres', 8);
$node->safe_psql('postgres', <<'SQL');
SELECT radiomics.feature_table('scan_features', 'SELECT scan, image, mask FROM scans');
CREATE MATERIALIZED VIEW scan_view AS
SELECT s.scan, (s.f).* FROM (SELECT scan, radiomics.features(image, mask) AS f FROM scans OFFSET 0) AS s;
CREATE UNIQUE INDEX ON scan_view (scan);
SQL

my $same = q{SELECT count(*) = (SELECT count(*) FROM scans) AND bool_and(to_jsonb(f) - 'label' - 'status' <@ to_jsonb(t))
    FROM scan_features AS t JOIN scans USING (scan), LATERAL radiomics.features(image, mask) AS f};
ok(eventually($node, 'postgres', $same), 'a feature table is filled');
$node->safe_psql('postgres', 'UPDATE scans AS s SET image = o.image, mask = o.mask FROM scans AS o WHERE s.scan = 3 AND o.scan = 4');
ok(eventually($node, 'postgres', $same), 'and follows a change');

SKIP:
{
    skip 'the extension pg_cron is not installed', 3 if !$has_cron;

    $node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
    # What the triggers do not see, so that it is the schedule that brings it.
    $node->safe_psql('postgres', <<'SQL');
ALTER TABLE scans DISABLE TRIGGER radiomics_follow;
INSERT INTO scans SELECT 100 + scan, image, mask FROM scans WHERE scan <= 2;
DELETE FROM scans WHERE scan = 5;
SELECT cron.schedule('features', '* * * * *', $$ SELECT radiomics.refresh_features('scan_features') $$);
SELECT cron.schedule('view', '* * * * *', 'REFRESH MATERIALIZED VIEW CONCURRENTLY scan_view');
SQL
    ok(eventually($node, 'postgres', $same), 'pg_cron refreshes the feature table');
    ok(eventually($node, 'postgres', q{SELECT count(*) = (SELECT count(*) FROM scans) AND bool_and(to_jsonb(v) - 'status' <@ to_jsonb(t))
        FROM scan_view AS v JOIN scan_features AS t USING (scan)}), 'and a materialized view, concurrently');
    is($node->safe_psql('postgres', q{SELECT DISTINCT status FROM cron.job_run_details WHERE status <> 'running' AND status <> 'starting'}),
        'succeeded', 'without a failure');
    $node->safe_psql('postgres', q{SELECT cron.unschedule('features'); SELECT cron.unschedule('view')});
    $node->safe_psql('postgres', 'ALTER TABLE scans ENABLE TRIGGER radiomics_follow; DROP EXTENSION pg_cron');
}

# A dump has the definition and the trigger; in the copy it follows again.
my $folder = tempdir(CLEANUP => 1);
$node->run_log([ 'pg_dump', '-Fc', '-f', "$folder/dump", $node->connstr('postgres') ]);
$node->safe_psql('postgres', 'CREATE DATABASE copy');
my ($stdout, $stderr) = run_command([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), "$folder/dump" ]);
is($stderr, '', 'restored without a complaint');
is(fingerprint($node, 'copy', 'scan_features', 'scan'), fingerprint($node, 'postgres', 'scan_features', 'scan'), 'with its contents');
$node->safe_psql('copy', 'DELETE FROM scans WHERE scan = 1; INSERT INTO scans SELECT 200, image, mask FROM scans WHERE scan = 2');
ok(eventually($node, 'copy', $same), 'and follows its source');
is($node->safe_psql('copy', 'SELECT count(*) FROM scan_features WHERE scan IN (1, 200)'), 1, 'by the keys');

# A server that stops at once loses no change that was committed.
$node->safe_psql('postgres', 'UPDATE scans AS s SET image = o.image, mask = o.mask FROM scans AS o WHERE s.scan = 6 AND o.scan = 7');
$node->stop('immediate');
$node->start;
ok(eventually($node, 'postgres', $same), 'a committed change survives a crash');

$node->stop;
done_testing();
