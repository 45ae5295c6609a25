"""OpenStack Swift with its S3 interface on this machine: one process, one copy of every object, kept as files below a folder.

Run by the Python of the environment that `install_stores.sh` makes: python swift_server.py FOLDER PORT KEY SECRET. Ends with the process.
"""

import sys
from pathlib import Path

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

HOST = "127.0.0.1"
SERVERS = ("account", "container", "object")

HASH = "[swift-hash]\nswift_hash_path_prefix = lastro\nswift_hash_path_suffix = lastro\n"
STORAGE = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{server}
"""
PROXY = """\
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth copy slo dlo proxy-server
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin
""" + "".join(
    f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in ("catch_errors", "gatekeeper", "listing_formats", "copy", "slo", "dlo")
)
PROXY += "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"


def serve(folder: Path, port: int, key: str, secret: str) -> None:
    """Listen at ``port`` until the process ends; ``key`` is account:user."""
    (folder / "devices/disk").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(HASH)
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    utils.validate_hash_conf()
    for server in SERVERS:
        listening = eventlet.listen((HOST, 0))
        write_ring(folder, server, listening.getsockname()[1])
        start(listening, folder, server, STORAGE.format(folder=folder, server=server))
    start(eventlet.listen((HOST, port)), folder, "proxy", PROXY.format(folder=folder, user=key.replace(":", "_"), secret=secret)).wait()


def write_ring(folder: Path, server: str, port: int) -> None:
    """Where Swift looks up who keeps what: here one disk keeps all of it."""
    ring = RingBuilder(1, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": HOST, "port": port, "device": "disk", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(str(folder / f"{server}.ring.gz"))


def start(listening: eventlet.greenio.GreenSocket, folder: Path, server: str, settings: str) -> eventlet.greenthread.GreenThread:
    """One of Swift's servers, in a green thread."""
    path = folder / f"{server}.conf"
    path.write_text(settings)
    return eventlet.spawn(wsgi.server, listening, loadapp(str(path)), protocol=SwiftHttpProtocol, log_output=False)


if __name__ == "__main__":
    serve(Path(sys.argv[1]).resolve(), int(sys.argv[2]), *sys.argv[3:])
