# A database whose views and materialized views call the functions is dumped
# and restored, and says the same afterwards.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(write_scan start_node);

my $node = start_node('dump');
my $folder = tempdir(CLEANUP => 1);

write_scan($folder, [ 24, 20, 16 ], [ 12, 10, 8 ], 6);
$node->safe_psql('postgres', <<SQL);
CREATE TABLE scans (scan text PRIMARY KEY, image bytea, mask bytea, settings jsonb
    CHECK (radiomics.settings_validate(settings)));
INSERT INTO scans VALUES
    ('a', pg_read_binary_file('$folder/image.nii'), pg_read_binary_file('$folder/mask.nii.gz'), '{}'),
    ('b', pg_read_binary_file('$folder/image.nii.gz'), pg_read_binary_file('$folder/mask.nii.gz'),
     radiomics.settings('ibsi_config_e'));
CREATE VIEW live AS
    SELECT s.scan, f.* FROM scans s, LATERAL radiomics.features(s.image, s.mask, 1, s.settings) AS f;
CREATE MATERIALIZED VIEW stored AS
    SELECT s.scan, (s.f).* FROM (SELECT scan, radiomics.features(image, mask, 1, settings) AS f
                                 FROM scans OFFSET 0) AS s;
CREATE MATERIALIZED VIEW long AS
    SELECT s.scan, r.* FROM scans s, LATERAL radiomics.feature_rows(s.image, s.mask, NULL, s.settings) AS r;
CREATE TABLE kept (scan text, features radiomics.ibsi_features);
INSERT INTO kept SELECT scan, radiomics.features(image, mask) FROM scans;
SQL

my @contents = (
    'SELECT * FROM live ORDER BY scan',
    'SELECT * FROM stored ORDER BY scan',
    'SELECT * FROM long ORDER BY scan, family, feature, aggregation',
    'SELECT * FROM kept ORDER BY scan',
    'SELECT radiomics.settings_hash(settings) FROM scans ORDER BY scan');

sub contents
{
    my ($database) = @_;

    return join("\n---\n",
        map { $node->safe_psql($database, "SET extra_float_digits = 3; $_") } @contents);
}

my $before = contents('postgres');
cmp_ok(length($before), '>', 10_000, 'the views have contents');

$node->run_log([ 'pg_dump', '-Fc', '-f', "$folder/dump", $node->connstr('postgres') ]);
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($stdout, $stderr) = run_command(
    [ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), "$folder/dump" ]);
is($stderr, '', 'restored without a complaint');
is(contents('restored'), $before, 'and with the same contents');

my ($script) = run_command([ 'pg_dump', '--schema-only', $node->connstr('postgres') ]);
like($script, qr/CREATE EXTENSION IF NOT EXISTS radiomics/, 'the dump names the extension');
unlike($script, qr/CREATE FUNCTION radiomics/, 'and not what belongs to it');

$node->safe_psql('restored', 'REFRESH MATERIALIZED VIEW stored');
is(contents('restored'), $before, 'a refresh changes nothing');

my ($rc) = $node->psql('restored', 'DROP EXTENSION radiomics', stderr => \$stderr);
like($stderr, qr/cannot drop extension/, 'what depends on the extension is seen');

$node->stop;
done_testing();
