"""Which shared libraries the base image has, and which Debian packages give the others.

For ``python:<minor>-slim-bookworm``. A package of Debian 12 is found under the same name in its successors, or as what
another one provides; on other distributions the names differ, and so would the Dockerfile.
"""

from __future__ import annotations

import re
from pathlib import Path

#: The newest symbol versions of Debian 12's glibc and libstdc++: what is compiled here may not need newer ones.
SYMBOLS = {"GLIBC": (2, 36), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13)}

#: Sonames of what every ``python:*-slim-bookworm`` holds: glibc, the compiler's runtime, what CPython and apt link to.
BASE = frozenset(
    """
    ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libutil.so.1
    libresolv.so.2 libnsl.so.1 libanl.so.1 libmvec.so.1 libthread_db.so.1 libBrokenLocale.so.1 libcrypt.so.1
    libgcc_s.so.1 libstdc++.so.6 libz.so.1 libbz2.so.1.0 liblzma.so.5 libzstd.so.1 liblz4.so.1 libxxhash.so.0
    libssl.so.3 libcrypto.so.3 libffi.so.8 libsqlite3.so.0 libuuid.so.1 libreadline.so.8 libhistory.so.8
    libncursesw.so.6 libtinfo.so.6 libpanelw.so.6 libmenuw.so.6 libformw.so.6 libgmp.so.10 libnettle.so.8
    libhogweed.so.6 libgnutls.so.30 libidn2.so.0 libunistring.so.2 libtasn1.so.6 libp11-kit.so.0 libgcrypt.so.20
    libgpg-error.so.0
    libudev.so.1 libsystemd.so.0 libcap.so.2 libcap-ng.so.0 libselinux.so.1 libpcre2-8.so.0 libacl.so.1 libattr.so.1
    libaudit.so.1 libpam.so.0 libblkid.so.1 libmount.so.1 libsmartcols.so.1 libcom_err.so.2 libdb-5.3.so libmd.so.0
    libseccomp.so.2
    """.split()  # noqa: SIM905 - sixty quoted lines would be no easier to read
)

#: What the machine's own driver puts into a container, never a package of the image.
DRIVER = re.compile(r"lib(cuda|nvidia-[\w-]+|nvcuvid|nvoptix|amdhip64|hsa-runtime64)\.so(\.\d+)*")

#: Soname → package, of what wheels most often expect of the system.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLU.so.1": "libglu1-mesa",
    "libGLX.so.0": "libglx0",
    "libICE.so.6": "libice6",
    "libOpenGL.so.0": "libopengl0",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrandr.so.2": "libxrandr2",
    "libXrender.so.1": "libxrender1",
    "libaio.so.1": "libaio1",
    "libarchive.so.13": "libarchive13",
    "libasound.so.2": "libasound2",
    "libatomic.so.1": "libatomic1",
    "libblas.so.3": "libblas3",
    "libcairo.so.2": "libcairo2",
    "libcurl.so.4": "libcurl4",
    "libdbus-1.so.3": "libdbus-1-3",
    "libedit.so.2": "libedit2",
    "libenchant-2.so.2": "libenchant-2-2",
    "libexpat.so.1": "libexpat1",
    "libfftw3.so.3": "libfftw3-double3",
    "libfftw3f.so.3": "libfftw3-single3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgeos_c.so.1": "libgeos-c1v5",
    "libgfortran.so.5": "libgfortran5",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgsl.so.27": "libgsl27",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libharfbuzz.so.0": "libharfbuzz0b",
    "libhdf5_serial.so.103": "libhdf5-103-1",
    "libheif.so.1": "libheif1",
    "libicudata.so.72": "libicu72",
    "libicui18n.so.72": "libicu72",
    "libicuuc.so.72": "libicu72",
    "libjpeg.so.62": "libjpeg62-turbo",
    "libkrb5.so.3": "libkrb5-3",
    "liblapack.so.3": "liblapack3",
    "libldap-2.5.so.0": "libldap-2.5-0",
    "liblcms2.so.2": "liblcms2-2",
    "libmagic.so.1": "libmagic1",
    "libmariadb.so.3": "libmariadb3",
    "libmecab.so.2": "libmecab2",
    "libmpfr.so.6": "libmpfr6",
    "libnspr4.so": "libnspr4",
    "libnss3.so": "libnss3",
    "libnuma.so.1": "libnuma1",
    "libodbc.so.2": "libodbc2",
    "libomp.so.5": "libomp5-14",
    "libopenblas.so.0": "libopenblas0-pthread",
    "libopenjp2.so.7": "libopenjp2-7",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangocairo-1.0.so.0": "libpangocairo-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libpng16.so.16": "libpng16-16",
    "libportaudio.so.2": "libportaudio2",
    "libpq.so.5": "libpq5",
    "libproj.so.25": "libproj25",
    "libquadmath.so.0": "libquadmath0",
    "librdkafka.so.1": "librdkafka1",
    "libsasl2.so.2": "libsasl2-2",
    "libsnappy.so.1": "libsnappy1v5",
    "libsndfile.so.1": "libsndfile1",
    "libsodium.so.23": "libsodium23",
    "libspatialindex_c.so.6": "libspatialindex-c6",
    "libtbb.so.12": "libtbb12",
    "libtcl8.6.so": "libtcl8.6",
    "libtesseract.so.5": "libtesseract5",
    "libtiff.so.6": "libtiff6",
    "libtk8.6.so": "libtk8.6",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libvips.so.42": "libvips42",
    "libwebp.so.7": "libwebp7",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1",
    "libyaml-0.so.2": "libyaml-0-2",
    "libzbar.so.0": "libzbar0",
}

_PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def is_package_name(name: str) -> bool:
    """By Debian's own rule, so that nothing else can enter the Dockerfile."""
    return bool(_PACKAGE_NAME.fullmatch(name))


def on_this_machine(soname: str) -> str:
    """The installed Debian package that holds ``soname`` here, as a suggestion; "" on other systems or for none."""
    lists = Path("/var/lib/dpkg/info")
    for listing in sorted(lists.glob("*.list")) if lists.is_dir() else ():
        try:
            text = listing.read_text(encoding="utf-8")
        except OSError:
            continue
        if f"/{soname}\n" in text:
            return listing.name.removesuffix(".list").partition(":")[0]
    return ""
