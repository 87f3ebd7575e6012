# SPDX-License-Identifier: Apache-2.0
"""What `pip install .` calls (PEP 517): Meson builds the module, this packs it. Needs nothing from a package index.

--config-settings builddir=FOLDER takes a folder that Meson has set up already; else one is made and taken away.
"""
import base64
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("-Dbuildtype=release", "-Dtests=disabled", "-Dtools=disabled", "-Dpython=enabled", "-Ddefault_library=static")


def version() -> str:
    return re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"))[1]


def metadata() -> str:
    return (f"Metadata-Version: 2.1\nName: nearline\nVersion: {version()}\n"
            "Summary: Embedded, disk-resident graph index for embedding vectors\nLicense: Apache-2.0\n"
            "Requires-Python: >=3.9\nRequires-Dist: numpy\nDescription-Content-Type: text/markdown\n\n" +
            (ROOT / "README.md").read_text(encoding="utf-8"))


def tag() -> str:
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return f"{python}-{python}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def run(*words: str) -> None:
    """Meson and ninja are the system's own: what pip sets aside for this interpreter is not for them."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        failed = subprocess.run(words, env=environment, check=False).returncode != 0
    except FileNotFoundError:
        failed = True
    if failed:
        raise SystemExit(f"{words[0]} {words[1]} failed; tools/setup.sh installs what nearline is built with")


def built(folder: Path, stage: Path) -> Path:
    """The package as Meson installs it, below `stage`."""
    if not (folder / "build.ninja").exists():
        native = stage.parent / "native.ini"
        native.write_text(f"[binaries]\npython = '{sys.executable}'\n", encoding="utf-8")
        run("meson", "setup", *OPTIONS, f"--native-file={native}", str(folder), str(ROOT))
    run("ninja", "-C", str(folder), "bindings/python/nearline/_core" + sysconfig.get_config_var("EXT_SUFFIX"))
    run("meson", "install", "-C", str(folder), "--no-rebuild", "--strip", "--tags", "python-runtime", "--destdir", str(stage))
    return next(stage.rglob("nearline/__init__.py")).parent


def described() -> dict[str, bytes]:
    """The files that say what the wheel is, but its list of files."""
    wheel = f"Wheel-Version: 1.0\nGenerator: nearline\nRoot-Is-Purelib: false\nTag: {tag()}\n"
    return {"METADATA": metadata().encode(), "WHEEL": wheel.encode(), "LICENSE": (ROOT / "LICENSE").read_bytes()}


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info = f"nearline-{version()}.dist-info"
    (Path(metadata_directory) / info).mkdir()
    for name, data in described().items():
        (Path(metadata_directory) / info / name).write_bytes(data)
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"nearline-{version()}-{tag()}.whl"
    info = f"nearline-{version()}.dist-info"
    with tempfile.TemporaryDirectory() as work:
        given = (config_settings or {}).get("builddir")
        package = built(Path(given) if given else Path(work) / "build", Path(work) / "stage")
        files = {f"nearline/{path.name}": path.read_bytes() for path in sorted(package.iterdir()) if path.is_file()}
        files.update({f"{info}/{path}": data for path, data in described().items()})
        record = ""
        for path, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(data)}\n"
        files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
            for path, data in files.items():
                wheel.writestr(path, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("nearline is installed from a checkout: pip install PATH")
