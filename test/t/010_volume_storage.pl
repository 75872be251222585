# Volumes survive what databases do to values: dump and restore, COPY, rewrites
# of tables, logical replication.  Damage of the storage is found and named.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(write_scan start_node);

# Damage is to be found by us, not by the checksums of pages.
my $node = start_node('volumes', 'wal_level = logical', 'max_wal_senders = 4',
    'ignore_checksum_failure = on');
my $folder = tempdir(CLEANUP => 1);
chmod 0777, $folder;

write_scan($folder, [ 70, 40, 40 ], [ 12, 10, 8 ], 6);
my $schema = 'CREATE TABLE scans (id int PRIMARY KEY, image radiomics.volume, mask radiomics.volume)';
$node->safe_psql('postgres', <<SQL);
$schema;
INSERT INTO scans VALUES
    (1, pg_read_binary_file('$folder/image.nii.gz'), pg_read_binary_file('$folder/mask.nii.gz')),
    (2, radiomics.volume_from_array('{1.5, NaN, -0.0, Infinity}', '{2, 2}', '{0.1, 0.2, 0.3}', '{1e-300, 1e300, 0}'),
     NULL),
    (3, NULL, NULL);
SQL

# Bytes of the values, and what is computed from them.
sub contents
{
    my ($from, $database, $table) = @_;

    return $from->safe_psql($database, <<SQL);
SELECT id, md5(radiomics.volume_send(image)), md5(radiomics.volume_send(mask)),
       (SELECT f::text FROM radiomics.features(image, mask) AS f)
FROM   $table ORDER BY id;
SQL
}

my $before = contents($node, 'postgres', 'scans');
like($before, qr/^1\|[0-9a-f]{32}\|[0-9a-f]{32}\|\(1,/, 'the values have contents');

foreach my $format ('text', 'csv', 'binary')
{
    $node->safe_psql('postgres', <<SQL);
COPY scans TO '$folder/scans.$format' WITH (FORMAT $format);
CREATE TABLE from_$format (LIKE scans);
COPY from_$format FROM '$folder/scans.$format' WITH (FORMAT $format);
SQL
    is(contents($node, 'postgres', "from_$format"), $before, "COPY in format $format");
    $node->safe_psql('postgres', "DROP TABLE from_$format");
}

# Binary COPY also takes the files themselves.
my $image = slurp_file("$folder/image.nii.gz");
my $copy = "PGCOPY\n\xff\r\n\0" . pack('N N', 0, 0) . pack('n N N N', 3, 4, 1, length($image)) .
  $image . pack('N', 0xffffffff) . pack('n', 0xffff);
open(my $out, '>:raw', "$folder/files") or die "$folder/files: $!";
print $out $copy;
close($out) or die "$folder/files: $!";
$node->safe_psql('postgres', <<SQL);
CREATE TABLE from_files (LIKE scans);
COPY from_files FROM '$folder/files' WITH (FORMAT binary);
SQL
is( $node->safe_psql('postgres',
        'SELECT radiomics.volume_send(f.image) = radiomics.volume_send(s.image) FROM from_files AS f, scans AS s WHERE s.id = 1'),
    't', 'COPY binary of a file');
$node->safe_psql('postgres', 'DROP TABLE from_files');

$node->run_log([ 'pg_dump', '-Fc', '-f', "$folder/dump", $node->connstr('postgres') ]);
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($stdout, $stderr) = run_command(
    [ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), "$folder/dump" ]);
is($stderr, '', 'restored without a complaint');
is(contents($node, 'restored', 'scans'), $before, 'dump and restore');

# Rewrites; compressed by the column, too, though that is not recommended.
foreach my $change (
    'ALTER TABLE scans ALTER id TYPE bigint',
    'ALTER TABLE scans ADD added float8 DEFAULT random()',
    'ALTER TABLE scans ALTER image SET STORAGE EXTENDED, ALTER mask SET STORAGE MAIN; UPDATE scans SET image = image::text::radiomics.volume, mask = mask::text::radiomics.volume',
    'ALTER TABLE scans ALTER image TYPE text USING image::text; ALTER TABLE scans ALTER image TYPE radiomics.volume USING image::radiomics.volume',
    'VACUUM FULL scans', 'CLUSTER scans USING scans_pkey')
{
    $node->safe_psql('restored', $_) foreach (split(/; /, $change));
    is(contents($node, 'restored', 'scans'), $before, $change);
}

# Logical replication: what is there and what is added, as text and binary.
my $subscriber = start_node('subscriber');
$subscriber->safe_psql('postgres', $schema);
$node->safe_psql('postgres', 'CREATE PUBLICATION volumes FOR TABLE scans');
my $connection = $node->connstr('postgres');
$connection =~ s/'/''/g;
foreach my $binary ('false', 'true')
{
    $subscriber->safe_psql('postgres', 'TRUNCATE scans');
    $subscriber->safe_psql('postgres',
        "CREATE SUBSCRIPTION volumes CONNECTION '$connection' PUBLICATION volumes WITH (binary = $binary)");
    $subscriber->poll_query_until('postgres', 'SELECT count(*) = 3 FROM scans')
      or die 'the first copy did not arrive';
    $node->safe_psql('postgres', 'INSERT INTO scans SELECT 10, image, mask FROM scans WHERE id = 1');
    $subscriber->poll_query_until('postgres', 'SELECT count(*) = 4 FROM scans')
      or die 'the new row did not arrive';
    is( contents($subscriber, 'postgres', 'scans'),
        contents($node, 'postgres', 'scans'),
        "logical replication, binary = $binary");
    $subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION volumes');
    $node->safe_psql('postgres', 'DELETE FROM scans WHERE id = 10');
}
$subscriber->stop;

# One bit of the last brick, flipped on the disk.
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', <<SQL);
SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = 'scans'::regclass;
SQL
my $length = $node->safe_psql('postgres',
    'SELECT octet_length(radiomics.volume_send(image)) FROM scans WHERE id = 1');
my $needle = pack('H*', $node->safe_psql('postgres',
    "SELECT encode(substr(radiomics.volume_send(image), $length - 40, 32), 'hex') FROM scans WHERE id = 1"));
$node->stop;
my $pages = slurp_file($path);
my $position = index($pages, $needle);
cmp_ok($position, '>', 0, 'the last brick is in the file');
substr($pages, $position, 1) ^= "\x10";
open($out, '+<:raw', $path) or die "$path: $!";
print $out $pages;
close($out) or die "$path: $!";
$node->start;

my $rc = $node->psql('postgres',
    '\set VERBOSITY verbose' . "\nSELECT radiomics.volume_to_array(image) FROM scans WHERE id = 1",
    stderr => \$stderr);
isnt($rc, 0, 'a damaged volume cannot be read');
like($stderr, qr/ERROR:  XX001: volume has a damaged brick 11 \(2, 1, 1\)/, 'the brick is named');
like($stderr, qr/DETAIL:  It holds the voxels from \(64, 32, 32\) to \(69, 39, 39\)\./,
    'and so are its voxels');
is( $node->safe_psql('postgres',
        'SELECT (SELECT f::text FROM radiomics.features(image, mask) AS f) FROM scans WHERE id = 1'),
    (split(/\|/, (split(/\n/, $before))[0]))[3],
    'what lies elsewhere can still be read');

$node->stop;
done_testing();
