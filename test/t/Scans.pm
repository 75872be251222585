# NIfTI files for tests, written without any other library.
package Scans;

use strict;
use warnings;
use Exporter 'import';
use IO::Compress::Gzip qw($GzipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(write_scan nifti_header start_node);

# A cluster of the private installation with the extension in database postgres.
sub start_node
{
    my ($name, @settings) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);

    $node->init;
    $node->append_conf('postgresql.conf', "$_\n") foreach ('fsync = off', @settings);
    $node->start;
    $node->safe_psql('postgres', 'CREATE EXTENSION radiomics');
    return $node;
}

# Header of a little-endian NIfTI-1 file, voxels of 1 mm along the world's axes.
sub nifti_header
{
    my ($size, $datatype, $bits) = @_;
    my $header = "\0" x 352;

    substr($header, 0, 4) = pack('l<', 348);
    substr($header, 40, 16) = pack('s<8', 3, @$size, 1, 1, 1, 1);
    substr($header, 70, 4) = pack('s<2', $datatype, $bits);
    substr($header, 76, 16) = pack('f<4', 1, 1, 1, 1);
    substr($header, 108, 8) = pack('f<2', 352, 1);
    substr($header, 254, 2) = pack('s<', 1);
    substr($header, 280, 48) = pack('f<12', 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
    substr($header, 344, 4) = "n+1\0";
    return $header;
}

# Write FOLDER/image.nii (int16 noise), image.nii.gz and mask.nii.gz (uint8, a
# ball).  Returns the number of voxels of the ball and of its box.
sub write_scan
{
    my ($folder, $size, $centre, $radius) = @_;
    my ($nx, $ny, $nz) = @$size;
    my $voxels = 0;
    my $span = 2 * int($radius) + 1;

    srand(7);
    my $noise = pack('s<*', map { int(rand(300)) - 100 } 1 .. $nx * $ny);
    open(my $image, '>:raw', "$folder/image.nii") or die "$folder/image.nii: $!";
    my $packed = IO::Compress::Gzip->new("$folder/image.nii.gz", -Level => 1)
      or die $GzipError;
    my $mask = IO::Compress::Gzip->new("$folder/mask.nii.gz", -Level => 1)
      or die $GzipError;

    foreach my $file ($image, $packed)
    {
        print $file nifti_header($size, 4, 16);
    }
    print $mask nifti_header($size, 2, 8);

    foreach my $z (0 .. $nz - 1)
    {
        # The same noise, shifted, so that slices differ.
        my $shift = 2 * (($z * 977) % ($nx * $ny));
        my $slice = substr($noise, $shift) . substr($noise, 0, $shift);

        print $image $slice;
        print $packed $slice;

        my $labels = "\0" x ($nx * $ny);
        foreach my $y (0 .. $ny - 1)
        {
            my $left = $radius**2 - ($z - $centre->[2])**2 - ($y - $centre->[1])**2;
            next if $left < 0;
            my $half = int(sqrt($left));
            my $first = $centre->[0] - $half;
            substr($labels, $y * $nx + $first, 2 * $half + 1) = "\1" x (2 * $half + 1);
            $voxels += 2 * $half + 1;
        }
        print $mask $labels;
    }
    close($_) or die "$folder: $!" foreach ($image, $packed, $mask);
    return ($voxels, $span**3);
}

1;
