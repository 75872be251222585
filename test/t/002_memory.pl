# Peak memory of a backend depends on the region, not on the volume: at most 16
# bytes per voxel of the region's box and 64 MB, here for 105 million voxels.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Utils;
use Test::More;

use Scans qw(write_scan start_node);

plan skip_all => 'no /proc/self/status' unless -r '/proc/self/status';

my $node = start_node('memory', 'shared_buffers = 2MB', 'max_wal_size = 4GB',
    'wal_level = minimal', 'max_wal_senders = 0');
my $folder = tempdir(CLEANUP => 1);
my ($voxels, $box) = write_scan($folder, [ 512, 512, 400 ], [ 200, 300, 350 ], 19.3);

# The peak of this backend in kB, with what it shares with others.
my $peak = q{substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB')::bigint};

$node->safe_psql('postgres', <<SQL);
BEGIN;
CREATE TABLE scans (name text, image bytea, mask bytea, image_object oid, mask_object oid);
ALTER TABLE scans ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
INSERT INTO scans SELECT name, pg_read_binary_file('$folder/' || name),
    pg_read_binary_file('$folder/mask.nii.gz'),
    lo_import('$folder/' || name), lo_import('$folder/mask.nii.gz')
FROM unnest('{image.nii, image.nii.gz}'::text[]) AS name;
COMMIT;
SQL

foreach my $name ('image.nii', 'image.nii.gz')
{
    foreach my $source ('image, mask', 'image_object, mask_object')
    {
        # One backend: peak before, the features, peak after.
        my ($before, $count, $after) = split /\s+/, $node->safe_psql('postgres', <<SQL);
LOAD 'radiomics';
SELECT $peak;
SELECT (f).voxel_count FROM (SELECT radiomics.features($source) AS f FROM scans
    WHERE name = '$name' OFFSET 0) AS s;
SELECT $peak;
SQL
        my $kind = $source eq 'image, mask' ? 'value' : 'large object';
        my $limit = int((16 * $box + 64 * 1024 * 1024) / 1024);
        is($count, $voxels, "$name as a $kind: region of $voxels voxels");
        cmp_ok($after - $before, '<=', $limit, "$name as a $kind: at most $limit kB more");
        note(sprintf("## memory, %s as a %s: %d kB more (limit %d)",
                $name, $kind, $after - $before, $limit));
    }
}

$node->stop;
done_testing();
