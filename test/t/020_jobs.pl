# Background jobs: a cohort with one submit, with and without preloading; two
# databases and two owners; cancels; bad scans; crashes at every transition.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IPC::Run qw(start finish);
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(write_scan nifti_header);
use Jobs qw(start_jobs_node load_small_scans eventually fingerprint $deadline_s);

# Workers enough for four jobs at a time.
my $node = start_jobs_node('jobs', '', 'radiomics.max_job_workers = 4');
my $wait = "'$deadline_s s'";

sub submit
{
    my ($database, $query, $table, $more) = @_;

    $more = defined $more ? ", $more" : '';
    return $node->safe_psql($database, "SELECT radiomics.submit(\$q\$$query\$q\$, '$table'$more)");
}

sub wait_job
{
    my ($database, $job) = @_;

    return $node->safe_psql($database, "SELECT radiomics.wait_job($job, $wait)");
}

# ------------------------------------------------- a cohort, with one statement
my $shared = $ENV{RADIOMICS_SHARED} ? "$ENV{RADIOMICS_SHARED}/data/sts" : '';
my @images = $shared ne '' ? sort glob("$shared/*/*_image.nii.gz") : ();
@images = () if grep { !-r } @images;
my $cohort = 'the STS cohort';

$node->safe_psql('postgres', 'CREATE TABLE cohort (scan text PRIMARY KEY, image bytea, mask bytea)');
if (@images)
{
    foreach my $image (@images)
    {
        (my $mask = $image) =~ s/_image\./_mask./;
        (my $name = $image) =~ s{^\Q$shared\E/|_image\.nii\.gz$}{}g;
        $node->safe_psql('postgres',
            "INSERT INTO cohort VALUES ('$name', pg_read_binary_file('$image'), pg_read_binary_file('$mask'))");
    }
}
else
{
    $cohort = 'a generated cohort';
    note('## no readable STS scans in RADIOMICS_SHARED: the cohort is generated');
    my $folder = tempdir(CLEANUP => 1);
    foreach my $scan (1 .. 24)
    {
        write_scan($folder, [ 40 + $scan, 36, 30 ], [ 20, 18, 15 ], 6 + $scan / 4);
        $node->safe_psql('postgres', <<SQL);
INSERT INTO cohort VALUES ('$scan', pg_read_binary_file('$folder/image.nii.gz'),
    pg_read_binary_file('$folder/mask.nii.gz'))
SQL
    }
}
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM cohort');
is($count, 24, "$cohort has 24 images");
my $job = submit('postgres', 'SELECT scan, image, mask FROM cohort', 'cohort_features');
is(wait_job('postgres', $job), 'done', 'one submit computes it, without preloading');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cohort_features'), $count, 'a row per image');
is($node->safe_psql('postgres', "SELECT count(*) FROM radiomics.job_errors WHERE job_id = $job"), 0, 'no errors');
is($node->safe_psql('postgres', <<'SQL'), 't', 'the numbers are those of a SELECT');
SELECT bool_and(to_jsonb(f) - 'label' - 'status' <@ to_jsonb(t))
FROM   cohort_features AS t JOIN cohort USING (scan), LATERAL radiomics.features(image, mask) AS f
WHERE  t.scan LIKE '%PET' OR t.scan IN ('1', '2', '3')
SQL

# A materialized view computes the same bits in a parallel plan.
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE cohort SET (parallel_workers = 2);
SET min_parallel_table_scan_size = 0;
CREATE MATERIALIZED VIEW cohort_view AS
SELECT s.scan, (s.f).* FROM (SELECT scan, radiomics.features(image, mask) AS f FROM cohort OFFSET 0) AS s;
SQL
is($node->safe_psql('postgres', <<'SQL'), 't', 'a materialized view has the same bits');
SELECT bool_and(to_jsonb(v) - 'status' <@ to_jsonb(t)) AND count(*) = 24
FROM   cohort_features AS t JOIN cohort_view AS v USING (scan)
SQL
like($node->safe_psql('postgres', <<'SQL'), qr/Gather/, 'and a parallel plan');
SET min_parallel_table_scan_size = 0;
EXPLAIN SELECT s.scan, (s.f).* FROM (SELECT scan, radiomics.features(image, mask) AS f FROM cohort OFFSET 0) AS s
SQL

# ------------------------------------------------------- 200 scans, 5 broken
load_small_scans($node, 'postgres', 12);
{
    my $folder = tempdir(CLEANUP => 1);
    my ($size, $n) = ([ 12, 11, 10 ], 12 * 11 * 10);
    my %broken = (
        labels => nifti_header($size, 2, 8) . "\2" x $n,
        nans => nifti_header($size, 16, 32) . pack('L<', 0x7fc00000) x $n,
        plain => nifti_header($size, 4, 16) . pack('s<*', map { $_ % 91 } 1 .. $n),
        mask => nifti_header($size, 2, 8) . "\1" x $n,
        small => nifti_header([ 12, 11, 9 ], 2, 8) . "\1" x ($n - 12 * 11),
        absurd => nifti_header([ 32767, 32767, 32767 ], 4, 16) . "\0" x 100);

    foreach my $name (keys %broken)
    {
        open(my $file, '>:raw', "$folder/$name") or die $!;
        print $file $broken{$name};
        close($file) or die $!;
    }
    chmod(0755, $folder);
    my $read = sub { "pg_read_binary_file('$folder/$_[0]')" };
    $node->safe_psql('postgres', <<SQL);
CREATE TABLE generated AS
SELECT n AS scan, s.image, s.mask FROM generate_series(1, 200) AS n JOIN scans AS s ON s.scan = n % 12 + 1;
UPDATE generated SET image = substr(image, 1, length(image) / 2) WHERE scan = 17;
UPDATE generated SET image = ${\ $read->('plain')}, mask = ${\ $read->('small')} WHERE scan = 42;
UPDATE generated SET image = ${\ $read->('plain')}, mask = ${\ $read->('labels')} WHERE scan = 99;
UPDATE generated SET image = ${\ $read->('nans')}, mask = ${\ $read->('mask')} WHERE scan = 143;
UPDATE generated SET image = ${\ $read->('absurd')} WHERE scan = 200;
SQL
}
$job = submit('postgres', 'SELECT scan, image, mask FROM generated', 'generated_features');
is(wait_job('postgres', $job), 'done', '200 scans of which 5 are broken: done');
is($node->safe_psql('postgres', "SELECT done, failed, waiting FROM radiomics.jobs WHERE id = $job"),
    '195|5|0', '195 done, 5 failed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM generated_features'), 195, '195 rows');
my $errors = $node->safe_psql('postgres',
    "SELECT key, message, detail FROM radiomics.job_errors WHERE job_id = $job ORDER BY (key->>'scan')::int");
my @errors = split /\n/, $errors;
is(scalar @errors, 5, '5 errors');
like($errors[0], qr/"scan": 17\b.*truncated/, 'the truncated one');
like($errors[1], qr/"scan": 42\b.*(size|geometr)/i, 'the one with another geometry');
like($errors[2], qr/"scan": 99\b.*label 1/, 'the one without the label');
like($errors[3], qr/"scan": 143\b.*(NaN|not a number|finite)/i, 'the one of NaNs');
like($errors[4], qr/"scan": 200\b.*(32767|voxels|shorter|size)/, 'the one with an absurd header');
note($errors);

# --------------------------------------- two databases, two owners, at one time
# The scans of a gated query wait until the gate is opened.
my $gate = <<'SQL';
CREATE TABLE gate (open bool); INSERT INTO gate VALUES (false);
CREATE FUNCTION pass() RETURNS bool LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WHILE NOT (SELECT open FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
    RETURN true;
END $$;
CREATE FUNCTION gated(image bytea) RETURNS bytea LANGUAGE sql VOLATILE AS 'SELECT CASE WHEN pass() THEN image END';
SQL
my $gated = 'SELECT scan, gated(image) AS image, mask FROM scans';

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('postgres', 'CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN');
$node->safe_psql('other', 'CREATE EXTENSION radiomics');
load_small_scans($node, 'other', 6);
foreach my $database ('postgres', 'other')
{
    $node->safe_psql($database, $gate);
    $node->safe_psql($database, 'GRANT CREATE ON SCHEMA public TO ann, bob; GRANT SELECT ON scans, gate TO ann, bob');
}
my %jobs;
foreach my $who ('ann', 'bob')
{
    foreach my $database ('postgres', 'other')
    {
        $jobs{"$who $database"} = $node->safe_psql($database,
            "SET ROLE $who; SELECT radiomics.submit('$gated', '${who}_features', chunk => 6)");
    }
}
ok(eventually($node, $_, q{SELECT count(DISTINCT owner) = 2 FROM radiomics.jobs AS j
        JOIN radiomics.running_tasks() AS r ON r.job_id = j.id WHERE owner IN ('ann', 'bob')}),
    "jobs of both run in $_") foreach ('postgres', 'other');
foreach my $database ('postgres', 'other')
{
    is($node->safe_psql($database, 'SET ROLE ann; SELECT DISTINCT owner FROM radiomics.jobs'),
        'ann', "in $database, ann sees her jobs only");
    is($node->safe_psql($database, 'SET ROLE bob; SELECT DISTINCT owner FROM radiomics.jobs JOIN radiomics.job_progress ON id = job_id'),
        'bob', 'and bob the progress of his');
    my ($status, $out, $error) = $node->psql($database,
        "SET ROLE bob; SELECT radiomics.cancel_job($jobs{\"ann $database\"})");
    like($error, qr/must be owner of job/, 'a cancel by another is refused');
}
is($node->safe_psql('other', q{SELECT bool_and(usename = CASE WHEN query LIKE '%job 1,%' THEN 'ann' ELSE 'bob' END)
        FROM pg_stat_activity WHERE application_name LIKE 'radiomics job%' AND datname = 'other'}),
    't', 'workers are logged in as the owners');
# Ann's running job is cancelled, bob's goes on.
is($node->safe_psql('other', "SET ROLE ann; SELECT radiomics.cancel_job($jobs{'ann other'})"), 't', 'ann cancels hers');
is(wait_job('other', $jobs{'ann other'}), 'cancelled', 'which ends it, while it runs');
ok(eventually($node, 'other', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'radiomics job ' || }
          . $jobs{'ann other'}), 'and its workers');
$node->safe_psql($_, 'UPDATE gate SET open = true') foreach ('postgres', 'other');
is(wait_job('postgres', $jobs{"$_ postgres"}), 'done', "the job of $_ in postgres ends") foreach ('ann', 'bob');
is(wait_job('other', $jobs{'bob other'}), 'done', 'the job of bob in other ends');
is($node->safe_psql('other', 'SELECT count(*) FROM ann_features'), 0, 'no rows of a cancelled job that had not finished a scan');
is($node->safe_psql('other', 'SELECT count(*) FROM bob_features'), 6, 'all rows of the other');

# A statement with the rights of the owner, not those of the server.
$node->safe_psql('postgres', 'CREATE TABLE secret (scan int); INSERT INTO secret VALUES (1)');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION peek(image bytea) RETURNS bytea LANGUAGE plpgsql AS
$$ BEGIN RESET ROLE; RESET SESSION AUTHORIZATION; PERFORM * FROM secret; RETURN image; END $$;
SQL
$job = $node->safe_psql('postgres',
    q{SET ROLE bob; SELECT radiomics.submit('SELECT scan, peek(image) AS image, mask FROM scans WHERE scan = 1', 'bob_peeks')});
wait_job('postgres', $job);
like($node->safe_psql('postgres', "SELECT message FROM radiomics.job_errors WHERE job_id = $job"),
    qr/permission denied for table secret/, 'a query cannot get other rights than its owner has');

# ------------------------------------------- settings that change in the middle
$node->safe_psql('postgres', 'UPDATE gate SET open = false');
$job = submit('postgres', $gated, 'changing', 'chunk => 1');
ok(eventually($node, 'postgres', "SELECT workers > 1 FROM radiomics.job_progress WHERE job_id = $job"), 'several workers');
my $second = submit('postgres', 'SELECT scan, image, mask FROM scans', 'changing', q{'{"bin_number": 8}'});
is($node->safe_psql('postgres', "SELECT state FROM radiomics.jobs WHERE id = $second"), 'blocked',
    'a second job into the table waits');
sub change_settings
{
    my (%settings) = @_;

    # Without preloading, a session knows the variables when it has the library.
    $node->safe_psql('postgres', join('', "LOAD 'radiomics';\n",
            map { "ALTER SYSTEM SET radiomics.$_ = $settings{$_};\n" } sort keys %settings));
    $node->reload;
    return;
}
change_settings(max_job_workers => 1, job_nice => 3);
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
is(wait_job('postgres', $job), 'done', 'a job goes on when the number of workers changes');
is(wait_job('postgres', $second), 'done', 'and so does the one with other settings');
is($node->safe_psql('postgres', 'SELECT settings_hash = radiomics.settings_hash(\'{}\'), count(*) FROM changing GROUP BY 1 ORDER BY 1'),
    "f|12\nt|12", 'rows of both settings');
change_settings(max_job_workers => 4, job_nice => 0);

# A pause lets the scans be finished that are being computed; and a job that is
# resumed before its workers noticed goes on.
$node->safe_psql('postgres', 'UPDATE gate SET open = false');
$job = submit('postgres', $gated, 'paused_features', 'chunk => 1');
ok(eventually($node, 'postgres', "SELECT workers > 1 FROM radiomics.job_progress WHERE job_id = $job"), 'a job runs');
is($node->safe_psql('postgres', "SELECT radiomics.pause_job($job)"), 't', 'paused');
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
ok(eventually($node, 'postgres', "SELECT workers = 0 FROM radiomics.job_progress WHERE job_id = $job"), 'its workers stop');
is($node->safe_psql('postgres', "SELECT state, done + waiting FROM radiomics.jobs WHERE id = $job"), 'paused|12', 'in between');
is($node->safe_psql('postgres', "SELECT radiomics.resume_job($job)"), 't', 'resumed');
is(wait_job('postgres', $job), 'done', 'and ended');
$node->safe_psql('postgres', 'UPDATE gate SET open = false');
$job = submit('postgres', $gated, 'paused_features', 'chunk => 6, recompute => true');
ok(eventually($node, 'postgres', "SELECT workers > 1 FROM radiomics.job_progress WHERE job_id = $job"), 'it runs again');
is($node->safe_psql('postgres', "SELECT radiomics.pause_job($job); SELECT radiomics.resume_job($job)"), "t\nt", 'paused and resumed');
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
is(wait_job('postgres', $job), 'done', 'ended again');
is($node->safe_psql('postgres', "SELECT done, failed, waiting FROM radiomics.jobs WHERE id = $job"), '12|0|0', 'with all keys');

# ---------------------------------------------------------- what fails and why
# A passing failure is tried again, after a pause; one that does not pass is not.
$node->safe_psql('postgres', <<'SQL');
CREATE SEQUENCE tries;
CREATE FUNCTION flaky(scan int, image bytea) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
    IF scan = 3 AND nextval('tries') <= 2 THEN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END IF;
    IF scan = 5 THEN RAISE EXCEPTION 'never any room' USING ERRCODE = '53100', DETAIL = 'really', HINT = 'give up'; END IF;
    RETURN image;
END $$;
SQL
$job = submit('postgres', 'SELECT scan, flaky(scan, image) AS image, mask FROM scans', 'flaky_features', 'chunk => 4');
is(wait_job('postgres', $job), 'done', 'failures that pass');
is($node->safe_psql('postgres', "SELECT done, failed FROM radiomics.jobs WHERE id = $job"), '11|1', 'cost nothing');
is($node->safe_psql('postgres', "SELECT key, sqlstate, message, detail, hint, attempts FROM radiomics.job_errors WHERE job_id = $job"),
    '{"scan": 5}|53100|never any room|really|give up|3', 'what does not pass is given up after three attempts');

# A constraint that is checked at commit finds its culprit.
$node->safe_psql('postgres', <<'SQL');
SELECT radiomics.submit('SELECT scan, image, mask FROM scans WHERE false', 'deferred');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF new.scan = 7 THEN RAISE EXCEPTION 'not seven'; END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
SQL
$job = submit('postgres', 'SELECT scan, image, mask FROM scans', 'deferred', 'chunk => 4');
is(wait_job('postgres', $job), 'done', 'a failure at commit');
is($node->safe_psql('postgres', "SELECT done, failed, e.key, e.message FROM radiomics.jobs JOIN radiomics.job_errors AS e ON job_id = id WHERE id = $job"),
    '11|1|{"scan": 7}|not seven', 'costs the scan that it is about');

# The role's statement_timeout holds for each scan.
$node->safe_psql('postgres', q{ALTER ROLE bob SET statement_timeout = '1s'});
$job = $node->safe_psql('postgres', q{SET ROLE bob; SELECT radiomics.submit(
    'SELECT scan, CASE WHEN scan = 2 THEN (SELECT image FROM pg_sleep(600)) ELSE image END AS image, mask FROM scans WHERE scan < 4',
    'slow_features', chunk => 3)});
is(wait_job('postgres', $job), 'done', 'a scan that takes too long');
is($node->safe_psql('postgres', "SELECT done, failed, e.key, e.sqlstate FROM radiomics.jobs JOIN radiomics.job_errors AS e ON job_id = id WHERE id = $job"),
    '2|1|{"scan": 2}|57014', 'is the only one that fails');

# A scan that needs more memory than a worker may have fails, not the server.
change_settings(job_memory => q{'150MB'});
$job = submit('postgres', q{SELECT scan, CASE WHEN scan = 2 THEN convert_to(repeat('x', 400000000 + scan), 'UTF8') ELSE image END AS image, mask FROM scans},
    'large_features', 'max_attempts => 1');
is(wait_job('postgres', $job), 'done', 'a scan that is too large');
is($node->safe_psql('postgres', "SELECT done, failed, e.key, e.sqlstate FROM radiomics.jobs JOIN radiomics.job_errors AS e ON job_id = id WHERE id = $job"),
    '11|1|{"scan": 2}|53200', 'is the only one that fails');
change_settings(job_memory => 0);

# While a task runs, its progress says what counts.
$node->safe_psql('postgres', 'UPDATE gate SET open = false');
$job = submit('postgres', 'SELECT scan, CASE WHEN scan = 1 THEN image ELSE gated(image) END AS image, mask FROM scans WHERE scan < 3',
    'counted_features', 'chunk => 2');
ok(eventually($node, 'postgres', "SELECT done = 1 AND device LIKE 'cpu %' FROM radiomics.job_progress WHERE job_id = $job"),
    'the device is shown from the first scan on');
my $device = $node->safe_psql('postgres', "SELECT device FROM radiomics.job_progress WHERE job_id = $job");
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
is(wait_job('postgres', $job), 'done', 'the job ends');
is($node->safe_psql('postgres', 'SELECT DISTINCT device FROM counted_features'), $device, 'and its results name the same device');
is($node->safe_psql('postgres', "SELECT device IS NULL FROM radiomics.job_progress WHERE job_id = $job"), 't', 'which nothing uses any more');

# Every change of a job's state is notified.
{
    my $out = $node->safe_psql('postgres', <<'SQL');
LISTEN radiomics_jobs;
SELECT radiomics.submit('SELECT scan, image, mask FROM scans', 'notified_features') AS job \gset
SELECT radiomics.wait_job(:job) \g /dev/null
SELECT pg_sleep(0.1) \g /dev/null
SQL
    my @states = $out =~ /"radiomics_jobs" with payload "\{"job" : \d+, "state" : "(\w+)"\}"/g;
    is("@states", 'runnable running done', 'every change of state is notified');
}

# --------------------------------------------------------------- owner dropped
# Nothing else depends on her, so that she can be dropped while her job runs.
$node->safe_psql('postgres', <<'SQL');
UPDATE gate SET open = false;
CREATE ROLE eve LOGIN;
SELECT radiomics.submit('SELECT scan, image, mask FROM scans WHERE false', 'eve_features');
GRANT ALL ON eve_features, scans, gate TO PUBLIC;
SQL
$job = $node->safe_psql('postgres', "SET ROLE eve; SELECT radiomics.submit('$gated', 'eve_features', chunk => 1)");
ok(eventually($node, 'postgres', "SELECT workers > 0 FROM radiomics.job_progress WHERE job_id = $job"), 'the job of eve runs');
$node->safe_psql('postgres', 'DROP ROLE eve; UPDATE gate SET open = true');
is(wait_job('postgres', $job), 'failed', 'her job fails when she is dropped');
like($node->safe_psql('postgres', "SELECT message FROM radiomics.jobs WHERE id = $job"), qr/does not exist any more/, 'with the reason');

# ------------------------------------------------ DROP EXTENSION, DROP DATABASE
$node->safe_psql('other', 'UPDATE gate SET open = false');
$job = submit('other', $gated, 'late_features');
ok(eventually($node, 'other', "SELECT workers > 0 FROM radiomics.job_progress WHERE job_id = $job"), 'a job runs');
$node->safe_psql('other', 'DROP EXTENSION radiomics');
$node->safe_psql('other', 'UPDATE gate SET open = true');
ok(eventually($node, 'postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'other' AND backend_type LIKE 'radiomics%'}),
    'DROP EXTENSION: scheduler and workers leave');
$node->safe_psql('other', 'CREATE EXTENSION radiomics');
$job = submit('other', 'SELECT scan, image, mask FROM scans', 'again_features');
is(wait_job('other', $job), 'done', 'a new extension computes again');
ok(eventually($node, 'postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'radiomics%'}),
    'schedulers leave when there is nothing to do');
$node->safe_psql('postgres', 'DROP DATABASE other');
pass('DROP DATABASE');

# ------------------------------------------------------------------ double start
$job = $node->safe_psql('postgres', <<"SQL");
UPDATE gate SET open = false;
SELECT radiomics.submit('$gated', 'first_features');
SELECT radiomics.submit('$gated', 'second_features');
SELECT max(id) FROM radiomics.jobs
SQL
ok(eventually($node, 'postgres', q{SELECT count(DISTINCT job_id) = 2 FROM radiomics.running_tasks()}), 'two jobs run');
# A second one is there for an instant, until it finds the first.
ok(eventually($node, 'postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'radiomics scheduler'}),
    'with one scheduler');
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
is(wait_job('postgres', (split /\n/, $job)[-1]), 'done', 'and end');

# ------------------------------------------------- a scan that kills its worker
$node->safe_psql('postgres', 'UPDATE gate SET open = false');
$job = submit('postgres', 'SELECT scan, CASE WHEN scan = 4 THEN gated(image) ELSE image END AS image, mask FROM scans',
    'killer_features', 'chunk => 3');
foreach my $time ('first', 'second')
{
    my $running = qq{SELECT pid FROM radiomics.job_tasks WHERE job_id = $job AND state = 'running'
        AND keys \@> ARRAY['{"scan": 4}'::jsonb]};
    ok(eventually($node, 'postgres', qq{SELECT count(*) = 1 FROM radiomics.running_tasks() AS r
        JOIN radiomics.job_tasks AS t ON t.id = r.task_id
        WHERE t.job_id = $job AND t.keys[r.done + r.failed + 1] = '{"scan": 4}' AND
        EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = r.pid AND a.wait_event = 'PgSleep')}), "the scan is computed a $time time");
    kill 'KILL', $node->safe_psql('postgres', $running);
}
ok(eventually($node, 'postgres', "SELECT radiomics.wait_job($job, $wait)", 'done'), 'a scan that crashes the server twice');
is($node->safe_psql('postgres', "SELECT done, failed FROM radiomics.jobs WHERE id = $job"), '11|1', 'is put aside');
like($node->safe_psql('postgres', "SELECT key, sqlstate, message, crashes FROM radiomics.job_errors WHERE job_id = $job"),
    qr/^\{"scan": 4\}\|58000\|the server process was killed 2 times.*\|2$/, 'with the reason');
$node->safe_psql('postgres', 'UPDATE gate SET open = true');
is($node->safe_psql('postgres', "SELECT radiomics.retry_job($job)"), 1, 'and can be tried again');
is(wait_job('postgres', $job), 'done', 'to the end');
is($node->safe_psql('postgres', 'SELECT count(*) FROM killer_features'), 12, 'when it is harmless');

$node->stop;
done_testing();
