# Jobs survive: workers, the scheduler, the launcher and the whole server are
# killed at random moments of a job, and at each of its transitions, and the
# table is that of an undisturbed run: nothing lost, nothing computed twice.
use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use Jobs qw(start_jobs_node load_small_scans eventually quietly fingerprint $deadline_s);

my $node = start_jobs_node('crashes', 'radiomics', 'wal_level = replica', 'max_wal_senders = 4');
my $scans = 24;
my $keys = 600;

# 24 scans, each under many keys.  "pace" makes a key wait, so that the job
# outlives the kills on any machine, and is set to 0 at the end.
load_small_scans($node, 'postgres', $scans);
$node->safe_psql('postgres', <<SQL);
CREATE TABLE pace (seconds float8);
INSERT INTO pace VALUES (0);
CREATE FUNCTION paced(image bytea) RETURNS bytea LANGUAGE sql VOLATILE AS
    'SELECT image FROM pace, LATERAL (SELECT pg_sleep(seconds * random())) AS s OFFSET 0';
CREATE VIEW cohort AS
SELECT key, paced(image) AS image, mask FROM generate_series(1, $keys) AS key JOIN scans ON scan = key % $scans + 1;
SQL

sub wait_job
{
    my ($job) = @_;

    return eventually($node, 'postgres', "SELECT radiomics.wait_job($job, '60 s')", 'done');
}

# Every write into the table is counted, in the transaction that writes.
sub count_writes
{
    my ($table) = @_;

    $node->safe_psql('postgres', <<SQL);
SELECT radiomics.submit('SELECT * FROM cohort WHERE false', '$table');
CREATE TABLE ${table}_writes (key int);
CREATE FUNCTION ${table}_count() RETURNS trigger LANGUAGE plpgsql AS
\$\$ BEGIN INSERT INTO ${table}_writes VALUES (new.key); RETURN NULL; END \$\$;
CREATE TRIGGER count AFTER INSERT OR UPDATE ON $table FOR EACH ROW EXECUTE FUNCTION ${table}_count();
SQL
    return;
}

# ---------------------------------------------------------- the undisturbed run
my $job = $node->safe_psql('postgres', q{SELECT radiomics.submit('SELECT * FROM cohort', 'undisturbed')});
ok(wait_job($job), 'an undisturbed run');
my $expected = fingerprint($node, 'postgres', 'undisturbed', 'key');
like($expected, qr/^$keys /, "of $keys keys");

# ------------------------------------------------------------- random moments
srand(20);
my @rounds = (
    ('worker TERM') x 8, ('worker KILL') x 8, ('scheduler TERM') x 8, ('scheduler KILL') x 6,
    ('launcher TERM') x 6, ('launcher KILL') x 4, ('server') x 12);
@rounds = map { $_->[1] } sort { $a->[0] <=> $b->[0] } map { [ rand, $_ ] } @rounds;

my %processes = (
    worker => q{application_name LIKE 'radiomics job%' AND state = 'active'},
    scheduler => q{backend_type = 'radiomics scheduler'},
    launcher => q{backend_type = 'radiomics launcher'});

count_writes('disturbed');
$node->safe_psql('postgres', 'UPDATE pace SET seconds = 0.6');
# Kills by the test are not crashes of a scan, so no scan is put aside for them.
$job = $node->safe_psql('postgres',
    q{SELECT radiomics.submit('SELECT * FROM cohort', 'disturbed', chunk => 3, max_crashes => 1000)});
my $survived = 0;
my %kills;
foreach my $round (@rounds)
{
    my ($what, $signal) = split / /, $round;
    my $delay_us = int(rand(300_000));
    my $pid = '';

    # The job goes on by itself after the last round: that is what survives.
    last if !eventually($node, 'postgres', qq{SELECT count(*) > 0 FROM radiomics.running_tasks() AS r
        JOIN radiomics.job_tasks AS t ON t.id = r.task_id WHERE t.state = 'running' AND r.job_id = $job});
    usleep($delay_us);
    if ($what eq 'server')
    {
        $node->stop('immediate');
        $node->start;
    }
    else
    {
        my $end = time + $deadline_s;
        while ($pid !~ /^\d+$/ && time < $end)
        {
            $pid = quietly($node, 'postgres',
                "SELECT pid FROM pg_stat_activity WHERE $processes{$what} ORDER BY backend_start LIMIT 1") // '';
            usleep(20_000) if $pid eq '';
        }
        last if $pid !~ /^\d+$/;
        kill $signal, $pid;
    }
    $survived++;
    $kills{$what}++;
}
is($survived, scalar @rounds, 'the job runs after every round');
ok(eventually($node, 'postgres', 'UPDATE pace SET seconds = 0 RETURNING true'), 'no more kills');
ok(wait_job($job), 'the job is done');
is(fingerprint($node, 'postgres', 'disturbed', 'key'), $expected, 'with exactly the same table');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT key) FROM disturbed_writes'),
    "$keys|$keys", 'in which nothing was computed twice');
is($node->safe_psql('postgres', "SELECT total, done, failed, waiting FROM radiomics.jobs WHERE id = $job"),
    "$keys|$keys|0|0", 'and nothing is lost');
note(sprintf('## rounds survived: %d of %d (%s), seed 20', $survived, scalar @rounds,
        join(', ', map { "$_ $kills{$_}" } sort keys %kills)));
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_ls_dir('pg_stat_tmp') AS f WHERE f LIKE 'radiomics%'}),
    0, 'no mark of a crash is left behind');

# ------------------------------------------------------------- each transition
# Somebody holds a row that a process needs for its next step, which stops it
# there; then it is killed there.
count_writes('stepwise');
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE door (open bool);
INSERT INTO door VALUES (false);
CREATE FUNCTION through_door(image bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WHILE NOT (SELECT open FROM door) LOOP PERFORM pg_sleep(0.01); END LOOP;
    RETURN image;
END $$;
SQL
my $step = 0;

# A session that locks rows until it is released or dies.
sub hold
{
    my ($lock) = @_;
    my ($in, $out, $error) = ("BEGIN;\n$lock;\n\\echo held\n", '', '');
    my $session = start(
        [ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') ],
        '<', \$in, '>', \$out, '2>', \$error);

    $session->pump until $out =~ /held/ || $error ne '';
    is($error, '', 'the row is held');
    return $session;
}

sub open_door
{
    my ($open) = @_;

    return eventually($node, 'postgres', "UPDATE door SET open = $open RETURNING true");
}

# A job whose first keys wait at the door.
sub job_at_door
{
    my $range = ++$step * 20;
    my $job = $node->safe_psql('postgres', <<SQL);
UPDATE door SET open = false;
SELECT radiomics.submit('SELECT key, through_door(image) AS image, mask FROM cohort WHERE key BETWEEN $range AND $range + 5',
                        'stepwise', chunk => 2, max_crashes => 1000)
SQL
    ok(eventually($node, 'postgres', "SELECT count(*) = 2 FROM radiomics.job_tasks WHERE job_id = $job AND state = 'running'"),
        'two tasks run');
    return $job;
}

# Kill the processes of a kind that wait for a row, as soon as one does.
sub kill_waiting
{
    my ($type, $signal) = @_;
    my $waiting = "FROM pg_stat_activity WHERE backend_type = 'radiomics $type' AND wait_event_type = 'Lock'";

    ok(eventually($node, 'postgres', "SELECT count(*) > 0 $waiting"), "a $type waits for it");
    kill $signal, split(/\n/, $node->safe_psql('postgres', "SELECT pid $waiting"));
    return;
}

sub ends
{
    my ($job, $state, $name) = @_;

    return ok(eventually($node, 'postgres', "SELECT radiomics.wait_job($job, '60 s')", $state), "$name: the job ends, $state");
}

my $tasks = q{SELECT FROM radiomics.task WHERE job_id = JOB AND state = 'running' FOR UPDATE};
my $row = 'SELECT FROM radiomics.job WHERE id = JOB FOR UPDATE';
foreach my $signal ('TERM', 'KILL')
{
    # Results are written, the task cannot end: both or neither.
    my $job = job_at_door();
    my $holder = hold($tasks =~ s/JOB/$job/r);
    open_door('true');
    kill_waiting('worker', $signal);
    $holder->kill_kill;
    ends($job, 'done', "$signal at the end of a task");

    # The next claim.
    $job = job_at_door();
    $holder = hold($row =~ s/JOB/$job/r);
    open_door('true');
    kill_waiting('worker', $signal);
    $holder->kill_kill;
    ends($job, 'done', "$signal at a claim");

    # No task is left, the job cannot end.
    $job = job_at_door();
    $node->safe_psql('postgres', "UPDATE radiomics.task SET state = 'cancelled' WHERE job_id = $job AND state = 'runnable'");
    $holder = hold($row =~ s/JOB/$job/r);
    open_door('true');
    kill_waiting('scheduler', $signal);
    $holder->kill_kill;
    ends($job, 'done', "$signal at the end of a job");

    # A cancel, which a worker cannot obey.
    $job = job_at_door();
    $holder = hold($tasks =~ s/JOB/$job/r);
    is($node->safe_psql('postgres', "SELECT radiomics.cancel_job($job)"), 't', 'cancelled');
    kill_waiting('worker', $signal);
    $holder->kill_kill;
    ends($job, 'cancelled', "$signal at a cancel");

    # The task of a dead worker cannot be given back.
    $job = job_at_door();
    $holder = hold($tasks =~ s/JOB/$job/r);
    kill 'TERM', split(/\n/, $node->safe_psql('postgres', "SELECT pid FROM radiomics.job_tasks WHERE job_id = $job AND state = 'running'"));
    kill_waiting('scheduler', $signal);
    $holder->kill_kill;
    open_door('true');
    ends($job, 'done', "$signal at a recovery");
}
is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT key) FROM stepwise_writes'), 0, 'nothing was computed twice');
is($node->safe_psql('postgres', <<'SQL'), 't', 'and what is there is right');
SELECT bool_and(to_jsonb(a) - 'computed_at' = to_jsonb(b) - 'computed_at') FROM stepwise AS a JOIN undisturbed AS b USING (key)
SQL
is($node->safe_psql('postgres', 'SELECT count(*) FROM stepwise'), 4 * 2 * 6 - 2 * 2, 'and all of it');

# A paused job is still paused after a crash, a job that was not committed never was.
open_door('true');
$job = $node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT radiomics.submit('SELECT * FROM cohort WHERE key BETWEEN 400 AND 405', 'stepwise') AS job \gset
SELECT radiomics.pause_job(:job) \g /dev/null
COMMIT;
SELECT :job
SQL
my $holder = hold(q{SELECT radiomics.submit('SELECT * FROM cohort', 'never')});
$node->stop('immediate');
$node->start;
$holder->kill_kill;
is($node->safe_psql('postgres', "SELECT state FROM radiomics.jobs WHERE id = $job"), 'paused', 'a paused job stays paused');
is($node->safe_psql('postgres', q{SELECT count(*) FROM radiomics.jobs WHERE into_table LIKE '%never'}), 0, 'and what was not committed is not there');
is($node->safe_psql('postgres', "SELECT radiomics.resume_job($job)"), 't', 'resumed');
ends($job, 'done', 'the paused one');

# ------------------------------------------------------------------ a standby
# has no scheduler, and shows the jobs; promoted, it goes on with them.
$node->safe_psql('postgres', 'UPDATE door SET open = false');
$job = job_at_door();
$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', "SELECT state FROM radiomics.jobs WHERE id = $job"), 'running', 'a standby shows the job');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'radiomics%'}), 0, 'and has no process for it');
my ($status, $out, $error) = $standby->psql('postgres', "SELECT radiomics.cancel_job($job)");
like($error, qr/read-only/, 'nor can it be changed there');
$node->stop('immediate');
$standby->promote;
ok(eventually($standby, 'postgres', 'UPDATE door SET open = true RETURNING true'), 'promoted');
ok(eventually($standby, 'postgres', "SELECT radiomics.wait_job($job, '60 s')", 'done'), 'it goes on with the job');
$standby->stop;

done_testing();
