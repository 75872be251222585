-- Every feature of every label of every scan, in background workers.
SELECT radiomics.submit('SELECT scan, image, mask, NULL::integer[] AS labels FROM demo.scans',
                        into_table => 'demo.features');
