"""A file system whose server has lost its network."""
import errno
import os
import stat
import time

from fusepy import FUSE, FuseOSError, Operations


class Share(Operations):
    def getattr(self, path, fh=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path == "/plan.pdf":
            time.sleep(3600)
        raise FuseOSError(errno.ENOENT)


FUSE(Share(), os.environ["DIR"] + "/share", foreground=True, allow_other=True)
