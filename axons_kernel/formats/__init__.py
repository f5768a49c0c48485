"""Label files of other programs, one module per format; bytes and values in and out, no file is opened here.

`registry` lists the formats; each module says in its first lines what its format can and cannot hold.
"""
