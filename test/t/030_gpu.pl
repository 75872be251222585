# The GPU helper with an emulated device: start, batches, time-outs, lack of
# memory, death of either side, and always the same bits.
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Temp qw(tempdir);
use IPC::Run qw(start finish);
use Socket qw(AF_UNIX SOCK_SEQPACKET pack_sockaddr_un);
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(nifti_header write_scan start_node);

my $node = start_node('gpu', 'radiomics.gpu_emulate = on', 'radiomics.gpu_memory = 16MB',
    'radiomics.gpu_restart_delay = 50ms', 'radiomics.gpu_timeout = 120s',
    'max_worker_processes = 12',
    'max_parallel_workers = 8', 'min_parallel_table_scan_size = 0');
my $folder = tempdir(CLEANUP => 1);
my $data = $node->data_dir;

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE scans (scan int, image bytea, mask bytea) WITH (fillfactor = 10, parallel_workers = 4);
ALTER TABLE scans ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
SQL
foreach my $scan (1 .. 6)
{
    write_scan($folder, [ 40, 36, 30 ], [ 20, 18, 15 ], 5 + $scan);
    $node->safe_psql('postgres', <<SQL);
INSERT INTO scans VALUES ($scan, pg_read_binary_file('$folder/image.nii.gz'),
    pg_read_binary_file('$folder/mask.nii.gz'));
SQL
}
$node->safe_psql('postgres', 'ANALYZE scans');

# All digits of all features of some repetitions of all scans, as one fingerprint.
sub cohort
{
    my ($repeats, @settings) = @_;

    return join('', map { "SET $_;\n" } @settings) . <<SQL;
SELECT count(*) || ' ' || md5(string_agg(s::text, '|' ORDER BY repeat, scan))
FROM   (SELECT repeat, scan, radiomics.features(image, mask) AS f
        FROM scans, generate_series(1, $repeats) AS repeat OFFSET 0) AS s
SQL
}

sub fingerprint
{
    return $node->safe_psql('postgres', cohort(1, @_));
}

# A column of the device's status.
sub status
{
    my ($column) = @_;

    return $node->safe_psql('postgres', "SELECT $column FROM radiomics.gpu_status()");
}

sub poll_status
{
    my ($condition, $name) = @_;

    ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM radiomics.gpu_status() WHERE $condition"),
        $name);
}

# Processes of the helper of this cluster.
sub helpers
{
    my @pids;

    foreach my $cwd (glob('/proc/[0-9]*/cwd'))
    {
        my ($pid) = $cwd =~ /(\d+)/;
        my $folder_of = readlink($cwd);
        next unless defined $folder_of && $folder_of eq $data;
        my $program = readlink("/proc/$pid/exe");
        push @pids, $pid if defined $program && $program =~ m{/radiomics_gpu$};
    }
    return @pids;
}

# Wait, generously, for something that is usually there at once.
sub eventually
{
    my ($condition, $name) = @_;

    foreach (1 .. 1800)
    {
        return pass($name) if $condition->();
        select(undef, undef, undef, 0.1);
    }
    fail($name);
}

# Change server variables; the helper is started anew.
sub reconfigure
{
    my (@settings) = @_;
    my $generation = status('generation');

    $node->append_conf('postgresql.conf', "$_\n") foreach @settings;
    $node->reload;
    poll_status("generation > $generation", "helper with @settings");
}

sub logged
{
    my ($offset) = @_;

    return substr(slurp_file($node->logfile), $offset);
}

my $no_workers = 'max_parallel_workers_per_gather = 0';
my $expected = fingerprint("radiomics.device = 'cpu'");
like($expected, qr/^6 /, 'six scans');
is(scalar(helpers()), 0, 'no helper before it is wanted');

# ------------------------------------------------------------------ counting
is(fingerprint("radiomics.device = 'gpu'", $no_workers), $expected, 'the same bits');
is(scalar(helpers()), 1, 'the first use starts a helper');
is(status('name || emulated'), 'emulatedtrue', 'which says that it emulates');
is(status('regions'), 6, 'it counted every region');
is(status('fallbacks'), 0, 'and the CPU none');
is(status('batches > 0 AND mean_batch >= 1 AND bytes_to_device > 0 AND bytes_from_device > 0 AND ms_kernels > 0'),
    't', 'statistics');

my $regions = status('regions');
is(fingerprint('radiomics.gpu_min_voxels = 100000'), $expected, 'auto, and regions too small');
is(status('regions'), $regions, 'are not given to it');
is(fingerprint('radiomics.gpu_min_voxels = 0'), $expected, 'auto, and regions large enough');
cmp_ok(status('regions'), '>', $regions, 'are');
foreach my $workers (2, 4)
{
    is(fingerprint("radiomics.device = 'gpu'", "max_parallel_workers_per_gather = $workers"),
        $expected, "the same bits with $workers parallel workers");
}
is($node->safe_psql('postgres', q{SET radiomics.device = 'gpu';
        SELECT count(*) FROM scans, LATERAL radiomics.feature_rows(image, mask, NULL,
            '{"aggregation": ["2D_avg", "2.5D_mrg", "3D_avg"]}') AS r WHERE r.value IS NOT NULL}),
    $node->safe_psql('postgres', q{SET radiomics.device = 'cpu';
        SELECT count(*) FROM scans, LATERAL radiomics.feature_rows(image, mask, NULL,
            '{"aggregation": ["2D_avg", "2.5D_mrg", "3D_avg"]}') AS r WHERE r.value IS NOT NULL}),
    'all aggregations');

# A job whose second scan waits for a lock: progress and results name the device.
{
    my $bystander = $node->background_psql('postgres');
    my $name = q{'gpu ' || (SELECT name FROM radiomics.gpu_status())};

    $node->safe_psql('postgres', q{ALTER DATABASE postgres SET radiomics.device = 'gpu'});
    $bystander->query_safe('SELECT pg_advisory_lock(7)');
    my $job = $node->safe_psql('postgres', q{SELECT radiomics.submit('SELECT scan,
        CASE WHEN scan = 1 OR pg_advisory_xact_lock_shared(7) IS NOT NULL THEN image END AS image, mask
        FROM scans WHERE scan < 3', 'counted', chunk => 2)});
    ok($node->poll_query_until('postgres',
            "SELECT done = 1 AND device = $name FROM radiomics.job_progress WHERE job_id = $job"),
        'the progress of a job names the device');
    $bystander->query_safe('SELECT pg_advisory_unlock(7)');
    is($node->safe_psql('postgres', "SELECT radiomics.wait_job($job, '3 min')"), 'done', 'the job ends');
    is($node->safe_psql('postgres', "SELECT count(*), bool_and(device = $name) FROM counted"), '2|t',
        'its results name it too');
    $bystander->quit;
    $node->safe_psql('postgres', 'ALTER DATABASE postgres RESET radiomics.device');
}

# PyRadiomics' classes, over nine filtered images.
sub images
{
    my ($device, @settings) = @_;

    return "SET radiomics.device = '$device';\n" . join('', map { "SET $_;\n" } @settings) . <<'SQL';
SELECT md5(string_agg(p::text, '|' ORDER BY scan))
FROM scans, LATERAL radiomics.feature_rows(image, mask, NULL,
    '{"profile": "pyradiomics", "imageType": {"Original": {}, "Wavelet": {}}}') AS p WHERE scan < 4
SQL
}

my $all_images = $node->safe_psql('postgres', images('cpu'));
{
    my $before = status('regions');

    is($node->safe_psql('postgres', images('gpu')), $all_images, 'the same bits of PyRadiomics\' features');
    is(status('regions'), $before + 3 * 9, 'counted once per filtered image');
}

# Many labels of one scan: the next ones are begun while one is computed.
my $organs = 12;
{
    my $image = substr(slurp_file("$folder/image.nii"), 352);
    my $labels = "\0" x (40 * 36 * 30);
    my ($bright) = grep { unpack('s<', substr($image, 2 * $_, 2)) > 150 } 0 .. 39;

    # Columns in rows of four; label 13 is a single bright voxel.
    foreach my $label (1 .. $organs)
    {
        my ($x, $y) = (10 * (($label - 1) % 4), 12 * int(($label - 1) / 4) + 1);
        substr($labels, ($_ % 30 * 36 + $y + int($_ / 30)) * 40 + $x, 9) = chr($label) x 9
          foreach 0 .. 30 * 10 - 1;
    }
    substr($labels, $bright, 1) = chr(13);
    append_to_file("$folder/organs.nii", nifti_header([ 40, 36, 30 ], 2, 8) . $labels);
    $node->safe_psql('postgres', <<SQL);
CREATE TABLE organs AS SELECT pg_read_binary_file('$folder/image.nii') AS image,
    pg_read_binary_file('$folder/organs.nii') AS mask
SQL
}

sub organs
{
    my ($device, @settings) = @_;

    return "SET radiomics.device = '$device';\n" . join('', map { "SET $_;\n" } @settings) . <<'SQL';
SELECT count(*) || ' ' || md5(string_agg(f::text, '|' ORDER BY label))
FROM organs, LATERAL radiomics.features_by_label(image, mask) AS f
SQL
}

my $all_organs = $node->safe_psql('postgres', organs('cpu'));
{
    my $before = status('regions');
    my $fallbacks = status('fallbacks');

    like($all_organs, qr/^13 /, 'thirteen labels');
    is($node->safe_psql('postgres', organs('gpu')), $all_organs, 'the same bits of many labels');
    is(status('regions'), $before + 13, 'each counted once');
    is(status('fallbacks'), $fallbacks, 'by the device');
    is($node->safe_psql('postgres', organs('auto', 'radiomics.gpu_min_voxels = 1000')), $all_organs,
        'the same bits of large and small ones');
    is(status('regions'), $before + 13 + $organs, 'of which the device counts the large ones');
}

# Labels that fail, one ahead and one while others are in flight: the same words,
# and nothing stays behind.
foreach my $failing ([ 13, '{"resegmentation_range": [-200, 150]}' ],
    [ 1, '{"discretisation": "fixed_bin_size", "bin_size": 0.001}' ])
{
    my ($label, $settings) = @$failing;
    my $query = "count(*) FROM organs, LATERAL radiomics.features_by_label(image, mask, '$settings');";
    my @words = map { ($node->psql('postgres', "SET radiomics.device = '$_'; SELECT $query"))[2] } qw(cpu gpu);

    like($words[0], qr/The region is label $label of the mask/, "label $label fails");
    is($words[1], $words[0], 'with the same words');
    is($node->safe_psql('postgres', "SET radiomics.device = 'gpu';\n"
              . "DO \$\$ BEGIN PERFORM $query EXCEPTION WHEN OTHERS THEN NULL; END \$\$;\n" . organs('gpu')),
        $all_organs, 'and the same session goes on');
}
poll_status('clients = 1', 'whoever ended is forgotten');

# Several sessions at once, with room for few of them.
my $repeated = $node->safe_psql('postgres', cohort(3, "radiomics.device = 'cpu'"));
my @sessions = map {
    my %session = (in => '', out => '', error => '');
    $session{run} = start(
        [ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', cohort(3, "radiomics.device = 'gpu'") ],
        '<', \$session{in}, '>', \$session{out}, '2>', \$session{error});
    \%session;
} 1 .. 4;
foreach my $session (@sessions)
{
    finish($session->{run});
    chomp(my $out = $session->{out});
    is($out, $repeated, 'one of several sessions');
}

# Whoever does not keep to the protocol is sent away, and nobody else notices.
{
    my $clients = status('clients');
    my $before = getcwd();

    socket(my $stranger, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!";
    chdir($data) or die "$data: $!";
    ok(connect($stranger, pack_sockaddr_un('pgsql_tmp.radiomics_gpu.socket')), 'a stranger connects');
    ok(defined sysread($stranger, my $greeting, 1024), 'is greeted');
    syswrite($stranger, 'x' x 17);
    is(sysread($stranger, my $answer, 1024), 0, 'and sent away');
    foreach my $message (pack('L<4 q<5', 2, 0, 0, 0, -1, 0, 0, 0, 0), pack('L<30', 4, (0) x 29),
        pack('L<30', 77, (0) x 29))
    {
        socket(my $other, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!";
        connect($other, pack_sockaddr_un('pgsql_tmp.radiomics_gpu.socket')) or die "connect: $!";
        sysread($other, $greeting, 1024);
        syswrite($other, substr($message . "\0" x 200, 0, length($greeting)));
        sysread($other, $answer, 1024);
    }
    chdir($before) or die "$before: $!";
    poll_status("clients = $clients", 'strangers are forgotten');
    is(fingerprint("radiomics.device = 'gpu'"), $expected, 'and requests are counted as before');
}

# -------------------------------------------------------- death of the helper
# A session, with what it printed so far.
sub session
{
    my ($sql) = @_;
    my %session = (in => '', out => '', error => '');

    $session{run} = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
        '<', \$session{in}, '>', \$session{out}, '2>', \$session{error});
    return \%session;
}

{
    # In the middle of the cohort stands a lock, where the session waits.
    my $cohort = <<'SQL';
SELECT count(*) || ' ' || md5(string_agg(s::text, '|' ORDER BY repeat, scan))
FROM   (SELECT repeat, scan, CASE WHEN repeat = 2 AND scan = 3 THEN pg_advisory_xact_lock(42) END,
               radiomics.features(image, mask) AS f
        FROM scans, generate_series(1, 4) AS repeat OFFSET 0) AS s
SQL
    my $settings = "SET max_parallel_workers_per_gather = 0;\nSET radiomics.device =";
    my $whole = $node->safe_psql('postgres', "$settings 'cpu';\n$cohort");
    my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
    my $offset = -s $node->logfile;
    my $bystander = $node->background_psql('postgres');
    my $before = status('regions');
    my $generation = status('generation');
    my ($helper) = helpers();

    $bystander->query_safe('SELECT pg_advisory_lock(42)');
    my $session = session("$settings 'gpu';\n$cohort");
    ok($node->poll_query_until('postgres',
            q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}),
        'a cohort is half done');
    cmp_ok(status('regions'), '>', $before, 'by the device');
    is(kill('KILL', $helper), 1, 'its helper is killed');
    poll_status("generation > $generation", 'and another one started');
    $bystander->query_safe('SELECT pg_advisory_unlock(42)');
    finish($session->{run});
    chomp(my $out = $session->{out});
    is($out, $whole, 'the result is that of the CPU');
    is($session->{error}, '', 'without a word to the client');
    like(logged($offset), qr/the CPU counts a region instead of the GPU: the GPU helper has gone/,
        'but one to the log');
    unlike(logged($offset), qr/terminating any other active server processes/, 'no backend noticed');
    is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started,
        'the server has not restarted');
    is($bystander->query_safe(q{SELECT 'still here'}), 'still here', 'another session went on');
    $bystander->quit;
    is(fingerprint("radiomics.device = 'gpu'"), $expected, 'the new helper counts');
}

# -------------------------------------------------------------------- faults
my $offset = -s $node->logfile;
reconfigure("radiomics.gpu_emulate_fault = 'memory'");
is(fingerprint("radiomics.device = 'gpu'", $no_workers), $expected, 'no memory: the same bits');
is(status('failures'), 6, 'six failures');
is(status('fallbacks'), 6, 'six fallbacks');
like(logged($offset), qr/instead of the GPU: the GPU has not enough memory/, 'logged');

$offset = -s $node->logfile;
reconfigure("radiomics.gpu_emulate_fault = 'hang'");
is(fingerprint("radiomics.device = 'gpu'", q{radiomics.gpu_timeout = '100ms'}, $no_workers),
    $expected, 'no answer: the same bits');
like(logged($offset), qr/the GPU did not answer in time/, 'logged');
my ($result, $stdout, $stderr) = $node->psql('postgres',
    "SET radiomics.device = 'gpu'; SET radiomics.gpu_timeout = '1h'; SET statement_timeout = 300;\n"
      . cohort(1));
like($stderr, qr/canceling statement due to statement timeout/, 'a wait can be cancelled');

# A session that waits for a device which does not answer.
sub waiting_session
{
    my $session = session(cohort(1, "radiomics.device = 'gpu'", "application_name = 'waiting'",
            q{radiomics.gpu_timeout = '1h'}, $no_workers));

    ok($node->poll_query_until('postgres',
            q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'waiting'
              AND wait_event_type = 'Extension'}), 'a session waits for the device');
    return $session;
}

# Client and helper die while a request is being counted.
{
    my $session = waiting_session();
    my $generation = status('generation');

    $node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'waiting'});
    finish($session->{run});
    like($session->{error}, qr/terminat/, 'and is ended');

    $session = waiting_session();
    $node->append_conf('postgresql.conf', "radiomics.gpu_emulate_fault = 'none'\n");
    $node->reload;
    finish($session->{run});
    chomp(my $out = $session->{out});
    is($out, $expected, 'a helper that ends is noticed at once');
    poll_status("generation > $generation", 'another one is started');
}
# A session that has several regions in flight, labels or images; its helper is killed.
foreach my $query ([ 'labels', organs('gpu', q{radiomics.gpu_timeout = '1h'}), $all_organs ],
    [ 'images', images('gpu', q{radiomics.gpu_timeout = '1h'}), $all_images ])
{
    my ($what, $sql, $whole) = @$query;

    reconfigure("radiomics.gpu_emulate_fault = 'hang'");
    my $generation = status('generation');
    my ($helper) = helpers();
    my $offset = -s $node->logfile;
    my $session = session($sql);

    poll_status('clients = 1 + 4', "a session has four $what in flight");
    is(kill('KILL', $helper), 1, 'their helper is killed');
    poll_status("generation > $generation", 'and another one started');
    $node->append_conf('postgresql.conf', "radiomics.gpu_emulate_fault = 'none'\n");
    $node->reload;
    finish($session->{run});
    chomp(my $out = $session->{out});
    is($out, $whole, 'the result is that of the CPU');
    is($session->{error}, '', 'without a word to the client');
    my @lines = logged($offset) =~ /instead of the GPU: the GPU helper has gone/g;
    cmp_ok(scalar(@lines), '>=', 4, 'a line for each region in the log');
    poll_status("generation > $generation + 1", 'the device is without fault');
}
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server goes on');
is(fingerprint("radiomics.device = 'gpu'"), $expected, 'and so does the device');
poll_status('clients = 1', 'whoever ended is forgotten');

$offset = -s $node->logfile;
reconfigure("radiomics.gpu_emulate_fault = 'lost'");
my $generation = status('generation');
is(fingerprint("radiomics.device = 'gpu'", $no_workers), $expected, 'a lost device: the same bits');
like(logged($offset), qr/radiomics GPU helper ended with status 3/, 'the helper ends');
poll_status("generation > $generation", 'and is started again');

$offset = -s $node->logfile;
reconfigure("radiomics.gpu_emulate_fault = 'none'", 'radiomics.gpu_memory = 1MB');
is(fingerprint("radiomics.device = 'gpu'", $no_workers), $expected, 'little room: the same bits');

# ------------------------------------------------------------ stop and start
my ($helper) = helpers();
$node->append_conf('postgresql.conf', "radiomics.gpu_memory = 16MB\n");
$node->stop('immediate');
eventually(sub { !kill(0, $helper) }, 'the helper ends with the server');
$node->start;
is(fingerprint("radiomics.device = 'gpu'"), $expected, 'after an immediate shutdown');
$node->stop;
is(scalar(helpers()), 0, 'no helper after a fast shutdown');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'radiomics'\n");
$node->start;
eventually(sub { helpers() == 1 }, 'preloaded, the helper starts with the server');
is(fingerprint("radiomics.device = 'gpu'"), $expected, 'and counts');
is(status('regions'), 6, 'every region');

# ---------------------------------------------------------------- without one
SKIP:
{
    skip 'this machine has a GPU', 5 if -e '/dev/nvidiactl' || -e '/dev/dxg';

    $node->append_conf('postgresql.conf', "radiomics.gpu_emulate = off\n");
    $node->reload;
    eventually(sub { helpers() == 0 }, 'without emulation no helper stays');
    is(fingerprint("radiomics.device = 'auto'"), $expected, 'auto does without');
    is($node->safe_psql('postgres', 'SELECT count(*) FROM radiomics.gpu_status()'), '0', 'no device');
    ($result, $stdout, $stderr) = $node->psql('postgres',
        "\\set VERBOSITY verbose\nSET radiomics.device = 'gpu';\n" . cohort(1));
    like($stderr, qr/55000: radiomics.device is "gpu", but there is no GPU to use/, 'gpu is an error');
    like($stderr, qr/HINT:  Set radiomics.device to "auto" or "cpu"/, 'with a hint');
}

$node->stop;
done_testing();
