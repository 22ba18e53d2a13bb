"""Builds the wheel of seplflow for `pip install .` (PEP 517), with CMake and nothing from the network.

Settings (--config-settings NAME=VALUE):
  tree=FOLDER       use the module of an install or of a build folder in place, instead of building anything
  build-dir=FOLDER  where to build (default build/pip)
  cmake-args=ARGS   more arguments for CMake
"""
import base64
import hashlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def version():
    header = (ROOT / "include/seplflow/version.hpp").read_text()
    return re.search(r'define SEPLFLOW_VERSION "([^"]+)"', header).group(1)


def metadata():
    return (
        f"Metadata-Version: 2.1\nName: seplflow\nVersion: {version()}\n"
        "Summary: SAM enhanced pseudo-labels for weakly supervised segmentation, as dataflow\n"
        "Requires-Python: >=3.9\nRequires-Dist: numpy\n"
    )


def tag():
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{python}-{python}-{platform}"


def module_in(tree):
    """The folder of the tree that has the module for this Python."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    for found in sorted(tree.rglob(f"seplflow/_seplflow{suffix}")):
        return found.parent.parent
    raise SystemExit(f"error: {tree} has no seplflow/_seplflow{suffix}: build it for {sys.executable} "
                     "(SEPLFLOW_PYTHON=ON, Python_EXECUTABLE)")


def installed(folder, settings):
    """Builds everything and installs it below `folder`, as the content of the wheel."""
    build = pathlib.Path(settings.get("build-dir", ROOT / "build/pip"))
    # All is within the package, so that the wheel can be installed beside others.
    places = {"BINDIR": "bin", "LIBDIR": "lib", "INCLUDEDIR": "include", "DATADIR": "share",
              "DOCDIR": "share/doc", "MANDIR": "share/man"}
    definitions = {f"CMAKE_INSTALL_{name}": f"seplflow/{place}" for name, place in places.items()}
    definitions.update(CMAKE_BUILD_TYPE="Release", CMAKE_UNITY_BUILD="ON", SEPLFLOW_TESTS="OFF",
                       SEPLFLOW_PYTHON="ON", SEPLFLOW_PYTHON_FOLDER=".", Python_EXECUTABLE=sys.executable)
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja",
                    *(f"-D{name}={value}" for name, value in definitions.items()),
                    *shlex.split(settings.get("cmake-args", ""))], check=True)
    subprocess.run(["cmake", "--build", build], check=True)
    subprocess.run(["cmake", "--install", build, "--strip", "--prefix", folder], check=True)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    settings = config_settings or {}
    name = f"seplflow-{version()}-{tag()}.whl"
    info = f"seplflow-{version()}.dist-info"
    texts = {
        "METADATA": metadata(),
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: seplflow\nRoot-Is-Purelib: false\nTag: {tag()}\n",
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if "tree" in settings:
            tree = pathlib.Path(settings["tree"]).expanduser().resolve()
            (folder / "seplflow-in-place.pth").write_text(f"{module_in(tree)}\n")
        else:
            installed(folder, settings)
            texts["entry_points.txt"] = "[console_scripts]\nseplflow = seplflow._program:main\n"
        (folder / info).mkdir()
        for file, text in texts.items():
            (folder / info / file).write_text(text)
        write_wheel(pathlib.Path(wheel_directory) / name, folder, info)
    return name


def write_wheel(wheel, folder, info):
    record = ""
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            content = file.read_bytes()
            name = file.relative_to(folder).as_posix()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if os.access(file, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(content)}\n"
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("error: there are no source distributions; use the repository or a release")
