# What the tests of background jobs share.
package Jobs;

use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use Scans qw(write_scan start_node);

our @EXPORT_OK = qw(start_jobs_node load_small_scans eventually quietly fingerprint $deadline_s);

# Generous, for a slow and busy machine; every wait ends as soon as it can.
our $deadline_s = 180;

# A cluster that survives crashes of its processes; "preload" is the list of
# libraries, which may be empty.
sub start_jobs_node
{
    my ($name, $preload, @settings) = @_;

    push @settings, "shared_preload_libraries = '$preload'";
    return start_node($name, 'restart_after_crash = on', 'max_worker_processes = 24',
        'max_connections = 40', @settings);
}

# A table scans (scan int PRIMARY KEY, image bytea, mask bytea) of small
# generated scans, each of another size.
sub load_small_scans
{
    my ($node, $database, $count) = @_;
    my $folder = tempdir(CLEANUP => 1);

    $node->safe_psql($database,
        'CREATE TABLE scans (scan int PRIMARY KEY, image bytea, mask bytea)');
    foreach my $scan (1 .. $count)
    {
        write_scan($folder, [ 10 + $scan % 7, 9 + $scan % 5, 8 + $scan % 3 ], [ 5, 4, 4 ], 2 + ($scan % 4) / 2);
        $node->safe_psql($database, <<SQL);
INSERT INTO scans VALUES ($scan, pg_read_binary_file('$folder/image.nii.gz'),
    pg_read_binary_file('$folder/mask.nii.gz'));
SQL
    }
    return;
}

# The result of a query, or undef when the server does not answer just now.
sub quietly
{
    my ($node, $database, $sql) = @_;
    my $out = '';

    my $status = eval {
        $node->psql($database, $sql, stdout => \$out, stderr => \my $error, timeout => $deadline_s);
    };
    return defined $status && $status == 0 ? $out : undef;
}

# Wait until a query says 't' (or what is expected), through crashes of the server.
sub eventually
{
    my ($node, $database, $sql, $expected) = @_;
    my $end = time + $deadline_s;
    my $got;

    $expected = 't' unless defined $expected;
    while (1)
    {
        $got = quietly($node, $database, $sql);
        return 1 if defined $got && $got eq $expected;
        last if time > $end;
        usleep(30_000);
    }
    diag("waited $deadline_s s for: $sql\n", 'last answer: ', defined $got ? $got : 'none');
    return 0;
}

# All digits of a table of results, except for when.
sub fingerprint
{
    my ($node, $database, $table, $keys) = @_;

    return $node->safe_psql($database, <<SQL);
SET extra_float_digits = 3;
SELECT count(*) || ' ' || md5(string_agg(md5((to_jsonb(t) - 'computed_at')::text), '' ORDER BY $keys)) FROM $table AS t
SQL
}

1;
