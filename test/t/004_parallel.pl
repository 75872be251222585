# The same bits for any number of parallel workers and any instruction set.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(write_scan start_node);

my $node = start_node('parallel', 'max_worker_processes = 8', 'max_parallel_workers = 8',
    'min_parallel_table_scan_size = 0');
my $folder = tempdir(CLEANUP => 1);

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE scans (scan int, image bytea, mask bytea) WITH (fillfactor = 10, parallel_workers = 4);
ALTER TABLE scans ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
SQL
foreach my $scan (1 .. 8)
{
    write_scan($folder, [ 40, 36, 30 ], [ 20, 18, 15 ], 5 + $scan);
    $node->safe_psql('postgres', <<SQL);
INSERT INTO scans VALUES ($scan, pg_read_binary_file('$folder/image.nii.gz'),
    pg_read_binary_file('$folder/mask.nii.gz'));
SQL
}
$node->safe_psql('postgres', 'ANALYZE scans');

my $query = q{SELECT scan, radiomics.features(image, mask, settings => '{"resample_spacing": 0.8}') AS f
    FROM scans};

# All digits of all features of all scans, as one fingerprint.
sub fingerprint
{
    my (@settings) = @_;

    return $node->safe_psql('postgres',
        join('', map { "SET $_;\n" } @settings)
          . "SELECT count(*) || ' ' || md5(string_agg(s::text, '|' ORDER BY scan)) FROM ($query OFFSET 0) AS s");
}

my $expected = fingerprint('max_parallel_workers_per_gather = 0', "radiomics.cpu_level = 'v2'");
like($expected, qr/^8 /, 'eight scans');

my $has_v3 = $node->psql('postgres', "SET radiomics.cpu_level = 'v3'") == 0;
foreach my $level ('v2', 'v3')
{
  SKIP:
    {
        skip 'this machine has no x86-64-v3', 4 if $level eq 'v3' && !$has_v3;
        foreach my $workers (0, 1, 2, 4)
        {
            is(fingerprint("max_parallel_workers_per_gather = $workers", "radiomics.cpu_level = '$level'"),
                $expected, "same bits with $workers workers at $level");
        }
    }
}

# The comparison means something only if workers take part.
like($node->safe_psql('postgres',
        "SET max_parallel_workers_per_gather = 4;\nEXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) $query"),
    qr/Workers Launched: [1-4]/, 'and workers do run');

# Settings of the server that other extensions' results depend on.
is(fingerprint('extra_float_digits = 1', 'jit = on', 'jit_above_cost = 0', 'work_mem = 64'),
    $expected, 'same bits with JIT and little work_mem');

$node->stop;
done_testing();
