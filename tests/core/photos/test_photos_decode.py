"""Decoding: formats, modes, orientation, profiles, limits, broken files; only PhotoError ever comes out."""

from __future__ import annotations

import io
import os
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import PhotoError
from core.photos import opening, pixels
from core.photos.decode import decode, open_full
from core.photos.hashing import content_hash
from tests.core.photos.drawn import jpeg_bytes, near, scene, xmp_packet

TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the sensor saw an upright scene that EXIF's orientation then turns back."""


def reason(path: Path) -> str:
    """Why ``path`` cannot be decoded; the same for the viewer."""
    with pytest.raises(PhotoError) as caught:
        decode(path, min_side=64)
    with pytest.raises(PhotoError):
        open_full(path)
    assert caught.value.path == path
    assert len(caught.value.reason) > 10 and caught.value.reason.endswith((".", ")."))
    assert "Error" not in caught.value.reason and "PIL" not in caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize(
    ("suffix", "options", "format_name"),
    [
        (".jpg", {"quality": 90}, "JPEG"),
        (".png", {}, "PNG"),
        (".webp", {"quality": 90}, "WEBP"),
        (".tif", {"compression": "tiff_lzw"}, "TIFF"),
        (".bmp", {}, "BMP"),
        (".gif", {}, "GIF"),
        (".heic", {"quality": 90}, "HEIF"),
        (".avif", {"quality": 90}, "AVIF"),
    ],
)
def test_every_format_is_read(tmp_path: Path, suffix: str, options: dict[str, object], format_name: str) -> None:
    opening.prepare()
    path = tmp_path / f"photo{suffix}"
    scene(800, 600).save(path, **options)
    found = decode(path, min_side=256)
    assert found.image.mode == "RGB" and min(found.image.size) >= 256
    assert near(found.image, scene(800, 600)) < 12
    assert (found.metadata.width, found.metadata.height, found.metadata.format) == (800, 600, format_name)
    with Image.open(io.BytesIO(found.thumbnail)) as thumbnail:
        assert thumbnail.format == "JPEG" and max(thumbnail.size) == 384
        assert near(thumbnail, scene(800, 600)) < 14
    assert open_full(path).size == (800, 600)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".heic", ".avif"])
def test_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    opening.prepare()
    seen = scene(800, 600)
    if orientation in TURNED:
        seen = seen.transpose(TURNED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen.save(tmp_path / f"photo{suffix}", exif=exif.tobytes())  # of bytes, pillow-heif makes HEIF's own rotation
    found = decode(tmp_path / f"photo{suffix}", min_side=200)
    assert found.image.width > found.image.height
    assert near(found.image, scene(800, 600)) < 12
    assert (found.metadata.width, found.metadata.height) == (800, 600)
    assert near(open_full(tmp_path / f"photo{suffix}"), scene(800, 600)) < 12


def test_an_orientation_in_xmp_alone_counts_too(tmp_path: Path) -> None:
    packet = xmp_packet("<tiff:Orientation>6</tiff:Orientation>")
    scene(800, 600).transpose(TURNED[6]).save(tmp_path / "photo.jpg", xmp=packet)
    assert near(decode(tmp_path / "photo.jpg", min_side=200).image, scene(800, 600)) < 12


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_is_upright(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    scene(400, 300).save(tmp_path / "photo.jpg", exif=exif)
    assert near(decode(tmp_path / "photo.jpg", min_side=200).image, scene(400, 300)) < 12


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1000, 100), (641, 481), (300, 200), (5000, 260)])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_pictures_are_shrunk_but_never_below_what_is_needed(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    scene(*size).save(path)
    found = decode(path, min_side=256)
    assert min(found.image.size) >= min(256, min(size))
    assert max(found.image.size) <= max(size)
    assert min(found.image.size) < 512 or max(found.image.size) < 768
    assert found.metadata.width, found.metadata.height == size
    assert decode(path, min_side=256, thumbnail=False).thumbnail == b""
    shown = open_full(path, longest=500)
    assert min(500, max(size)) <= max(shown.size) <= max(size)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".bmp"])
def test_tiny_and_narrow_pictures_are_fine(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    Image.new("RGB", size, "red").save(tmp_path / f"photo{suffix}")
    found = decode(tmp_path / f"photo{suffix}", min_side=256)
    assert found.image.size == size
    with Image.open(io.BytesIO(found.thumbnail)) as thumbnail:
        assert max(thumbnail.size) == min(384, max(size))


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (600, 600), (255, 0, 0, 0))
    clear.save(tmp_path / "rgba.png")
    clear.convert("LA").save(tmp_path / "la.png")
    palette = Image.new("P", (600, 600), 3)
    palette.putpalette([9, 9, 9] * 8)
    palette.save(tmp_path / "palette.png", transparency=3)
    palette.save(tmp_path / "palette.gif", transparency=3)
    Image.new("RGB", (600, 600), (1, 2, 3)).save(tmp_path / "key.png", transparency=(1, 2, 3))
    Image.new("L", (600, 600), 7).save(tmp_path / "grey.png", transparency=7)
    clear.save(tmp_path / "rgba.webp", lossless=True)
    for path in sorted(tmp_path.iterdir()):
        assert decode(path, min_side=256).image.getpixel((9, 9)) == (255, 255, 255), path.name


def test_wide_greys_keep_their_tones(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 400, dtype=np.float32)[None, :].repeat(300, 0)
    Image.fromarray((ramp * 65535).astype(np.uint16)).save(tmp_path / "16.png")
    Image.fromarray((ramp * 65535).astype(np.uint16)).save(tmp_path / "16.tif")
    Image.fromarray((ramp * 4095).astype(np.uint16)).save(tmp_path / "12.tif")
    Image.fromarray((ramp * 1e6).astype(np.int32)).save(tmp_path / "32.tif")
    Image.fromarray(ramp).save(tmp_path / "float.tif")
    Image.fromarray(ramp * 300 - 100).save(tmp_path / "range.tif")
    broken = ramp.copy()
    broken[0, :5] = np.nan
    Image.fromarray(broken).save(tmp_path / "nan.tif")
    for path in sorted(tmp_path.iterdir()):
        shown = np.asarray(decode(path, min_side=256).image)[150, :, 0].astype(int)
        assert abs(shown - np.linspace(0, 255, len(shown))).max() <= 3, path.name


def test_other_modes_become_rgb(tmp_path: Path) -> None:
    grey = scene(400, 300).convert("L")
    grey.save(tmp_path / "l.jpg")
    scene(400, 300).convert("1").save(tmp_path / "1.png")
    scene(400, 300).convert("CMYK").save(tmp_path / "cmyk.jpg")
    scene(400, 300).convert("CMYK").save(tmp_path / "cmyk.tif")
    scene(400, 300).convert("YCbCr").save(tmp_path / "ycbcr.tif")
    scene(400, 300).quantize(16).save(tmp_path / "p.png")
    for path in sorted(tmp_path.iterdir()):
        image = decode(path, min_side=256).image
        assert image.mode == "RGB"
        if path.stem in ("cmyk", "ycbcr", "p"):
            assert near(image, scene(400, 300)) < 12, path.name
    lab = Image.new("LAB", (40, 30), (128, 128, 128))
    lab.save(tmp_path / "lab.tif")
    red, green, blue = decode(tmp_path / "lab.tif", min_side=16).image.getpixel((5, 5))
    assert max(red, green, blue) - min(red, green, blue) < 8


def test_an_embedded_profile_is_applied_and_a_broken_one_is_not(tmp_path: Path) -> None:
    from PIL import ImageCms

    red = Image.new("RGB", (400, 300), (200, 30, 30))
    wide = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"w\0i\0d\0e")
    )
    at = next(i for i in range(132, 400, 12) if wide[i : i + 4] == b"rXYZ")  # the table of tags
    start = struct.unpack(">I", wide[at + 4 : at + 8])[0]
    wide[start + 8 : start + 20] = struct.pack(">iii", round(0.61 * 65536), round(0.31 * 65536), round(0.02 * 65536))
    red.save(tmp_path / "wide.jpg", icc_profile=bytes(wide))
    red.save(tmp_path / "plain.jpg")
    red.save(tmp_path / "broken.jpg", icc_profile=bytes(wide[:60]))
    red.save(tmp_path / "nonsense.png", icc_profile=b"\x00" * 16 + b"RGB " + b"x" * 300)
    plain = decode(tmp_path / "plain.jpg", min_side=64).image.getpixel((9, 9))
    assert decode(tmp_path / "wide.jpg", min_side=64).image.getpixel((9, 9))[0] > plain[0] + 10
    assert decode(tmp_path / "broken.jpg", min_side=64).image.getpixel((9, 9)) == plain
    assert decode(tmp_path / "nonsense.png", min_side=64).image.getpixel((9, 9)) == (200, 30, 30)


def test_the_first_frame_of_an_animation_is_shown(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "green", "blue")]
    for suffix in (".gif", ".webp", ".png", ".tif"):
        path = tmp_path / f"moving{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        red, green, blue = decode(path, min_side=64).image.getpixel((9, 9))
        assert red > 240 and green < 15 and blue < 15, suffix


def test_the_kind_is_told_by_the_bytes_not_the_name(tmp_path: Path) -> None:
    opening.prepare()
    scene(300, 200).save(tmp_path / "really-heif.jpg", "HEIF")
    scene(300, 200).save(tmp_path / "really-jpeg.heic", "JPEG")
    scene(300, 200).save(tmp_path / "really-jpeg.nef", "JPEG")
    assert decode(tmp_path / "really-heif.jpg", min_side=64).metadata.format == "HEIF"
    assert decode(tmp_path / "really-jpeg.heic", min_side=64).metadata.format == "JPEG"
    assert decode(tmp_path / "really-jpeg.nef", min_side=64).metadata.format == "JPEG"


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims to be of that size; its compressed zeros never end where they should."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def test_decompression_bombs_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(40_000, 40_000))
    assert reason(path) == "The picture is too large: 40,000 x 40,000 pixels."
    path.write_bytes(png_header(16_320, 15_000))  # what a 200-megapixel phone makes may pass; this is merely broken
    assert "too large" not in reason(path)


def test_broken_files_give_plain_reasons(tmp_path: Path) -> None:
    whole = jpeg_bytes(scene(800, 600))
    cases = {
        "empty.jpg": (b"", "empty"),
        "cut.jpg": (whole[: len(whole) // 2], "cut short"),
        "start.jpg": (whole[:30], ""),
        "zeros.jpg": (bytes(5000), "nothing but zeros"),
        "text.jpg": (b"hello, I am no photo at all", "not a picture"),
        "doc.jpg": (b"%PDF-1.7 ...", "PDF"),
        "page.jpg": (b"<!doctype html><html></html>", "web page"),
        "film.heic": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "video"),
        "film.jpg": (b"RIFF\x00\x10\0\0AVI LIST" + bytes(100), "video"),
        "webp.jpg": (b"RIFF\x00\x10\0\0WEBPVP8 " + bytes(100), "damaged"),
        "heif.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "HEIF"),
        "bad.nef": (b"II*\0" + os.urandom(300), ""),
        "bad.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(300), ""),
        "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "PostScript"),
    }
    for name, (content, words) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert words in reason(tmp_path / name), name
    png = io.BytesIO()
    scene(300, 200).save(png, "PNG")
    (tmp_path / "cut.png").write_bytes(png.getvalue()[:-400])
    assert "cut short" in reason(tmp_path / "cut.png")
    assert "folder" in reason(tmp_path)
    assert "no longer there" in reason(tmp_path / "missing.jpg")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "not an ordinary file" in reason(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError):
        content_hash(tmp_path / "pipe.jpg")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows read every file")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    path = tmp_path / "locked.jpg"
    path.write_bytes(jpeg_bytes(scene()))
    path.chmod(0)
    assert "permission" in reason(path)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "no permission"),
        (OSError(5, "Input/output error"), "The disk could not read this file (Input/output error)."),
        (FileNotFoundError(2, "No such file"), "no longer there"),
    ],
)
def test_faults_of_the_disk_are_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_bytes(scene()))

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", failing)
    assert words in reason(path)
    with pytest.raises(PhotoError):
        content_hash(path)


def test_memory_that_is_not_there_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_bytes(scene()))

    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("core.photos.pixels.upright_rgb", no_memory)
    assert "memory" in reason(path)


@pytest.mark.parametrize("min_side", [64, 500])
def test_a_jpeg_that_lacks_only_its_end_is_whole(tmp_path: Path, min_side: int) -> None:
    path = tmp_path / "photo.jpg"
    content = jpeg_bytes(scene(800, 600), quality=95)
    path.write_bytes(content[:-2])
    first = decode(path, min_side=min_side).image
    assert near(first, scene(800, 600)) < 12
    assert first == decode(path, min_side=min_side).image
    assert open_full(path).size == (800, 600)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_that_lacks_part_of_its_picture_is_cut_short(
    tmp_path: Path, share: float, options: dict[str, object]
) -> None:
    noise = Image.effect_noise((800, 600), 80)
    content = jpeg_bytes(noise, **options)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content[: int(len(content) * share)])
    assert "cut short" in reason(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=400),
        st.tuples(
            st.sampled_from(
                [b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"RIFF\0\0\0\0WEBP"]
            ),
            st.binary(max_size=300),
        ).map(b"".join),
    ),
    suffix=st.sampled_from([".jpg", ".png", ".nef", ".heic", ".tif"]),
)
def test_any_bytes_decode_or_raise_photo_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    try:
        decode(path, min_side=32)
    except PhotoError as error:
        assert len(error.reason) > 10


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 1500),
    value=st.integers(0, 255),
    suffix=st.sampled_from(["jpg", "png", "tif", "webp", "gif", "avif"]),
)
def test_one_wrong_byte_decodes_or_raises_photo_error(tmp_path: Path, at: int, value: int, suffix: str) -> None:
    clean = tmp_path / f"clean.{suffix}"
    if not clean.exists():
        exif = Image.Exif()
        exif[0x010E] = "A lake"
        exif.get_ifd(0x8769)[0x9003] = "2019:07:04 18:30:00"
        scene(64, 48).save(clean, **({} if suffix == "gif" else {"exif": exif}))
    content = bytearray(clean.read_bytes())
    content[at % len(content)] = value
    path = tmp_path / f"wrong.{suffix}"
    path.write_bytes(content)
    try:
        decode(path, min_side=32)
    except PhotoError as error:
        assert len(error.reason) > 10


def test_many_threads_decode_at_once(tmp_path: Path) -> None:
    for number in range(12):
        suffix = (".jpg", ".png", ".webp", ".tif")[number % 4]
        scene(600 + number, 400).save(tmp_path / f"{number}{suffix}")
    (tmp_path / "bad.jpg").write_bytes(jpeg_bytes(scene())[:900])
    paths = sorted(tmp_path.iterdir()) * 6

    def work(path: Path) -> float | str:
        try:
            return near(decode(path, min_side=200).image, scene(600, 400))
        except PhotoError as error:
            return error.reason

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(work, paths))
    for path, result in zip(paths, results, strict=True):
        assert (
            result == "The file is cut short: perhaps it was copied only in part."
            if path.stem == "bad"
            else result < 12
        )


def test_nothing_is_printed_and_no_warning_escapes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0" + b"\x0f\x01\x02\0\xff\0\0\0\xff\xff\0\0" * 3
    scene(300, 200).save(tmp_path / "photo.jpg", exif=exif)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decode(tmp_path / "photo.jpg", min_side=64)
    assert caught == []
    assert capfd.readouterr() == ("", "")


def test_copies_share_a_hash_and_others_do_not(tmp_path: Path) -> None:
    import hashlib

    content = os.urandom(3_000_000)
    for name, data in (("a", content), ("b", content), ("c", content[:-1])):
        (tmp_path / name).write_bytes(data)
    assert content_hash(tmp_path / "a") == content_hash(tmp_path / "b") == hashlib.sha256(content).digest()[:16]
    assert content_hash(tmp_path / "c") != content_hash(tmp_path / "a")
    with pytest.raises(PhotoError, match="no longer there"):
        content_hash(tmp_path / "d")


@pytest.mark.parametrize("size", [(641, 481), (481, 641), (799, 601)])
@pytest.mark.parametrize(("suffix", "least"), [(".png", 0.0), (".jpg", 0.5)])
def test_a_small_picture_is_turned_before_it_is_shrunk(
    tmp_path: Path, size: tuple[int, int], suffix: str, least: float
) -> None:
    upright = Image.merge("RGB", [Image.effect_noise(size, 90) for _ in range(3)])
    options = {"quality": 100, "subsampling": 0} if suffix == ".jpg" else {}
    upright.save(tmp_path / f"upright{suffix}", **options)
    wanted = decode(tmp_path / f"upright{suffix}", min_side=100).image
    for orientation, turn in TURNED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"{orientation}{suffix}"
        upright.transpose(turn).save(path, exif=exif, **options)
        assert near(wanted, decode(path, min_side=100).image) <= least, orientation
        assert near(open_full(path, longest=200), open_full(tmp_path / f"upright{suffix}", longest=200)) <= least


def test_a_large_jpeg_is_still_shrunk_by_its_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene(4000, 900).save(tmp_path / "wide.jpg")
    sizes: list[tuple[int, int]] = []
    real = pixels.upright_rgb

    def seen(image: Image.Image, orientation: int, scale: float) -> Image.Image:
        sizes.append(image.size)
        return real(image, orientation, scale)

    monkeypatch.setattr(pixels, "upright_rgb", seen)
    decode(tmp_path / "wide.jpg", min_side=100)
    assert sizes == [(500, 113)]
