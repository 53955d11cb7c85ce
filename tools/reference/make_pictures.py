"""Writes packages/heed/src/fid/pictures/golden: small pictures in the formats that pytorch-fid takes, and pillow.json, the
SHA-256 of the RGB bytes that Pillow reads from each.

Run by hand, never by the tests; README.md beside this file has the recipe.
"""

import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from inception_weights import picture
from PIL import Image, ImageCms

OUT = Path(sys.argv[1])
OUT.mkdir(exist_ok=True)
W, H = 27, 18

pixels = picture("formats", W, H)
rgb = Image.fromarray(pixels)
grey = rgb.convert("L")
alpha = Image.fromarray((np.mgrid[0:H, 0:W][1] * 9).astype(np.uint8))
rgba, la = rgb.convert("RGBA"), grey.convert("LA")
rgba.putalpha(alpha)
la.putalpha(alpha)
few = rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=13)
turned = Image.Exif()
turned[0x112] = 6
other = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

for name, image, options in (
    ("rgb.png", rgb, {}),
    ("grey.png", grey, {}),
    ("palette.png", few, {}),
    ("transparent-palette.png", few, {"transparency": 3}),
    ("bits.png", rgb.convert("1"), {}),
    ("rgba.png", rgba, {}),
    ("grey-alpha.png", la, {}),
    ("444.jpg", rgb, {"quality": 90, "subsampling": 0}),
    ("422.jpg", rgb, {"quality": 60, "subsampling": 1}),
    ("420.jpeg", rgb, {"quality": 60, "subsampling": 2}),
    ("progressive.jpg", rgb, {"quality": 80, "progressive": True}),
    ("grey.jpg", grey, {"quality": 80}),
    ("cmyk.jpg", rgb.convert("CMYK"), {"quality": 90}),
    ("profile.jpg", rgb, {"quality": 90, "icc_profile": other}),
    ("turned.jpg", rgb, {"quality": 90, "exif": turned}),
    ("lossy.webp", rgb, {"quality": 80}),
    ("alpha.webp", rgba, {"lossless": True}),
    ("frames.webp", rgb, {"save_all": True, "append_images": [rgb.rotate(180)], "lossless": True}),
    ("bits.bmp", rgb.convert("1"), {}),
    ("grey.bmp", grey, {}),
    ("palette.bmp", few, {}),
    ("rgb.bmp", rgb, {}),
    ("rgba.bmp", rgba, {}),
    ("rgb.tif", rgb, {}),
    ("lzw.tiff", rgb, {"compression": "tiff_lzw"}),
    ("rgba.tif", rgba, {}),
    ("cmyk.tif", rgb.convert("CMYK"), {}),
    ("palette.tif", few, {}),
    ("rgb.ppm", rgb, {}),
    ("grey.pgm", grey, {}),
    ("bits.ppm", rgb.convert("1"), {}),
):
    image.save(OUT / name, **options)


def bmp(bits: int, body: bytes, *, height: int = -H, compression: int = 0, tail: bytes = b"", colours: int = 0) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, compression, len(body), 2835, 2835, colours, 0) + tail
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(body), 0, 0, 14 + len(info)) + info + body


def rows(values: np.ndarray) -> bytes:
    return b"".join(row.tobytes() + b"\0" * (-row.nbytes % 4) for row in values)


wide = pixels.astype(np.uint16)
(OUT / "top-down.bmp").write_bytes(bmp(24, rows(pixels[:, :, ::-1].copy())))
(OUT / "555.bmp").write_bytes(bmp(16, rows((wide[..., 0] >> 3 << 10) | (wide[..., 1] >> 3 << 5) | (wide[..., 2] >> 3))))
masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
packed = (wide[..., 0] >> 3 << 11) | (wide[..., 1] >> 2 << 5) | (wide[..., 2] >> 3)
(OUT / "565.bmp").write_bytes(bmp(16, rows(packed), compression=3, tail=masks))
nibbles = np.asarray(few) % 16
nibbles = np.pad(nibbles, ((0, 0), (0, 1)))
palette = b"".join(bytes([*few.getpalette()[3 * i : 3 * i + 3][::-1], 0]) for i in range(13))
(OUT / "4-bits.bmp").write_bytes(
    bmp(4, rows((nibbles[:, ::2] << 4 | nibbles[:, 1::2]).astype(np.uint8)), height=-H, tail=palette, colours=13)
)


def png16(channels: np.ndarray) -> bytes:
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colour = {2: 4, 3: 2, 4: 6}[channels.shape[2]]
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)
    head = struct.pack(">IIBBBBB", W, H, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


deep = wide * 256 + wide[:, :, ::-1]
opacity = np.asarray(alpha).astype(np.uint16)[..., None] * 257
(OUT / "rgb16.png").write_bytes(png16(deep))
(OUT / "rgba16.png").write_bytes(png16(np.concatenate([deep, opacity], -1)))
(OUT / "grey-alpha16.png").write_bytes(png16(np.concatenate([deep[..., :1], opacity], -1)))
text = " ".join(map(str, pixels.ravel()))
(OUT / "text.ppm").write_text(f"P3\n# a comment\n{W} {H}\n255\n{text}\n")
bits = np.asarray(rgb.convert("1")).astype(int)
(OUT / "text-bits.ppm").write_text(f"P1 {W} {H}\n" + "".join(str(1 - b) for b in bits.ravel()) + "\n")
(OUT / "hundred.pgm").write_bytes(b"P5 %d %d 100\n" % (W, H) + (np.asarray(grey) * 100.0 // 255).astype(np.uint8).tobytes())
(OUT / "deep.ppm").write_bytes(b"P6 %d %d 510\n" % (W, H) + (wide * 2 - (wide > 200)).astype(">u2").tobytes())

found = {}
for path in sorted(OUT.iterdir()):
    if path.suffix != ".json":
        image = Image.open(path)
        data = image.convert("RGB")
        found[path.name] = {"size": list(data.size), "sha256": hashlib.sha256(data.tobytes()).hexdigest()}
(OUT / "pillow.json").write_text(json.dumps(found, indent=1) + "\n")
