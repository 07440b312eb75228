"""Pictures and camera RAW files made by hand, for the tests of this folder."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A picture whose four corners differ, so that a wrong turn or mirror shows."""
    image = Image.new("RGB", (width, height), "lightblue")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 3, height // 3), fill="red")
    draw.rectangle((width * 2 // 3, 0, width, height // 3), fill="green")
    draw.rectangle((0, height * 2 // 3, width // 3, height), fill="blue")
    draw.ellipse((width // 3, height // 3, width * 2 // 3, height * 2 // 3), fill="yellow")
    return image


def near(first: Image.Image, second: Image.Image) -> float:
    """Mean absolute difference of two pictures, in grey levels, at the first one's size."""
    one = np.asarray(first.convert("RGB"), dtype=np.float32)
    two = np.asarray(second.convert("RGB").resize(first.size), dtype=np.float32)
    return float(np.abs(one - two).mean())


def jpeg_bytes(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def jpeg_with_iptc(path: Path, records: list[tuple[int, int, bytes]], image: Image.Image | None = None) -> Path:
    """A JPEG with an IIM block in a Photoshop segment, as newspapers' tools write it."""
    block = b"".join(bytes((0x1C, r, d)) + len(v).to_bytes(2, "big") + v for r, d, v in records)
    resource = (
        b"8BIM"
        + (0x0404).to_bytes(2, "big")
        + b"\0\0"
        + len(block).to_bytes(4, "big")
        + block
        + b"\0" * (len(block) % 2)
    )
    payload = b"Photoshop 3.0\0" + resource
    plain = jpeg_bytes(image or scene(64, 48))
    path.write_bytes(plain[:2] + b"\xff\xed" + (len(payload) + 2).to_bytes(2, "big") + payload + plain[2:])
    return path


def xmp_packet(body: str, attributes: str = "") -> bytes:
    """A packet of XMP with the usual name spaces."""
    return f"""<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
 xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" {attributes}>{body}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end='w'?>""".encode()


class _Tiff:
    """Writes little-endian TIFF directories, enough for a DNG."""

    def __init__(self) -> None:
        self.data = bytearray(b"II*\0\0\0\0\0")

    def put(self, raw: bytes) -> int:
        if len(self.data) % 2:
            self.data += b"\0"
        self.data += raw
        return len(self.data) - len(raw)

    def directory(self, tags: dict[int, tuple[str, list[int] | bytes]]) -> int:
        kinds = {"B": (1, 1), "A": (2, 1), "H": (3, 2), "I": (4, 4), "R": (5, 8)}
        rows = b""
        for tag, (kind, values) in sorted(tags.items()):
            number, size = kinds[kind]
            raw = (
                values
                if isinstance(values, bytes)
                else struct.pack(f"<{len(values)}{'I' if kind == 'R' else kind}", *values)
            )
            count = len(raw) // size
            value = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", self.put(raw))
            rows += struct.pack("<HHI", tag, number, count) + value
        return self.put(struct.pack("<H", len(tags)) + rows + b"\0\0\0\0")


def write_dng(path: Path, *, preview: bytes | None, orientation: int = 1, side: tuple[int, int] = (320, 240)) -> Path:
    """A DNG with a sensor of 320 x 240 values and, if given, an embedded JPEG: as a camera's file is built."""
    width, height = side
    tiff = _Tiff()
    exif = tiff.directory(
        {
            0x829A: ("R", [1, 250]),
            0x829D: ("R", [28, 10]),
            0x8827: ("H", [400]),
            0x9003: ("A", b"2018:05:06 07:08:09\0"),
            0x920A: ("R", [50, 1]),
            0xA434: ("A", b"Testar 50mm f/2.8\0"),
        }
    )
    sensor = (np.indices((height, width)).sum(0) * 16 % 4096 + 200).astype("<u2")
    strip = tiff.put(sensor.tobytes())
    tags: dict[int, tuple[str, list[int] | bytes]] = {
        254: ("I", [0]),
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [16]),
        259: ("H", [1]),
        262: ("H", [32803]),
        271: ("A", b"Testcam\0"),
        272: ("A", b"Testcam T1\0"),
        273: ("I", [strip]),
        274: ("H", [orientation]),
        277: ("H", [1]),
        278: ("I", [height]),
        279: ("I", [sensor.nbytes]),
        33421: ("H", [2, 2]),
        33422: ("B", bytes((0, 1, 1, 2))),
        34665: ("I", [exif]),
        50706: ("B", bytes((1, 4, 0, 0))),
        50708: ("A", b"Testcam T1\0"),
        50717: ("H", [4095]),
        50721: ("R", [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),
    }
    if preview is not None:
        with Image.open(io.BytesIO(preview)) as picture:
            size = picture.size
        at = tiff.put(preview)
        inner = tiff.directory(
            {
                254: ("I", [1]),
                256: ("I", [size[0]]),
                257: ("I", [size[1]]),
                258: ("H", [8, 8, 8]),
                259: ("H", [7]),
                262: ("H", [6]),
                273: ("I", [at]),
                277: ("H", [3]),
                278: ("I", [size[1]]),
                279: ("I", [len(preview)]),
            }
        )
        tags[330] = ("I", [inner])
    first = tiff.directory(tags)
    tiff.data[4:8] = struct.pack("<I", first)
    path.write_bytes(bytes(tiff.data))
    return path
