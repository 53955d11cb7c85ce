"""Writes packages/diffusion/src/tokenizer/golden/hard-prompts.json: the ids that transformers' CLIPTokenizer gives 500 prompts.

Run by hand, never by the tests; README.md beside this file has the recipe. The vocabulary is made of the merges that heed
ships, and compared with OpenAI's own file where a second argument names bpe_simple_vocab_16e6.txt.gz.
"""

import gzip
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

from transformers import CLIPTokenizer

OUT = Path(sys.argv[1])
MERGES = Path(__file__).resolve().parents[2] / "packages/diffusion/assets/clip-merges.txt"
BOS, EOS = "<|startoftext|>", "<|endoftext|>"


def byte_alphabet():
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = 256 - len(printable)
    return [chr(code) for code in printable] + [chr(256 + i) for i in range(others)]


merges = MERGES.read_text().split("\n")[1:-1]
if len(sys.argv) > 2:
    lines = gzip.open(sys.argv[2]).read().decode().split("\n")
    assert merges == lines[1 : 49152 - 256 - 2 + 1], "the shipped merges are not OpenAI's"
alphabet = byte_alphabet()
tokens = [*alphabet, *(c + "</w>" for c in alphabet), *("".join(m.split()) for m in merges), BOS, EOS]
with tempfile.TemporaryDirectory() as folder:
    vocab = {token: i for i, token in enumerate(tokens)}
    (Path(folder) / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (Path(folder) / "merges.txt").write_text(MERGES.read_text())
    # As in Stable Diffusion 1.5's own tokenizer_config.json.
    added = lambda content: {
        "__type": "AddedToken",
        "content": content,
        "lstrip": False,
        "normalized": True,
        "rstrip": False,
        "single_word": False,
    }
    config = {
        "add_prefix_space": False,
        "bos_token": added(BOS),
        "do_lower_case": True,
        "eos_token": added(EOS),
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": EOS,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": added(EOS),
    }
    (Path(folder) / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = CLIPTokenizer.from_pretrained(folder)

HAND_MADE = [
    "",
    " ",
    "\t\n\r ",
    "a photo of an astronaut riding a horse on mars",
    "(masterpiece:1.2), best quality, ultra-detailed, 8k, trending on artstation, by greg rutkowski",
    "A GREEN colored dog's ball, it's what we'll do; they've, I'm, you'd, we're, 's 't 're 've 'm 'll 'd",
    "’s curly quotes aren’t ASCII — “quoted” …",
    "don't DON'T dOn'T don''t 'tis rock'n'roll",
    "<|startoftext|> inside <|endoftext|> a prompt <|endoftext|>",
    "<|STARTOFTEXT|> <|EndOfText|>",
    "&amp; &lt;b&gt; &#39;entities&#39; <b>html</b>",
    "1girl 2boys 3d 4k 1,000,000 3.14 1/2 ½ ² ³ ① Ⅷ ٣ ४ 五",
    "émigré naïve façade coöperate Ångström",
    "e\u0301migre\u0301 nai\u0308ve fac\u0327ade A\u030angstro\u0308m",
    "ﬁne ﬂuﬀy ﬃ ligatures",
    "İstanbul ıstanbul STRASSE Straße ẞ ΣΊΣΥΦΟΣ ς",
    "DŽ Dž dž Ǆ ǅ ǆ K Å Ω",
    "한국어 프롬프트 강아지",
    "日本の浮世絵、富士山、桜、葛飾北斎",
    "一只绿色的狗在旧金山",
    "ภาพวาดสุนัขสีเขียว",
    "हरा कुत्ता जंगल में",
    "كلب أخضر في الغابة",
    "כלב ירוק ביער",
    "зелёная собака в лесу ЗЕЛЁНАЯ",
    "πράσινος σκύλος στο δάσος",
    "🐶 🐱 🦊🐻 🐼",
    "👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇫🇷🇯🇵 1️⃣ ❤️ ☺︎",
    "zero\u200bwidth \u200djoiner \ufeffbom soft\u00adhyphen",
    "no\u00a0break\u2003em\u3000ideographic\u2028line\u2029paragraph\u0085nel",
    "control \x00 \x01 \x1b[31m \x7f characters",
    "z̷̢̛a̵͝l̸g̶o̵ ṱ̷e̸x̷t̶",
    "𝓯𝓪𝓷𝓬𝔂 𝕕𝕠𝕦𝕓𝕝𝕖 ｆｕｌｌｗｉｄｔｈ ＡＢＣ",
    "\U0001f9ff\U000e0041\U0010ffff private \ue000 unassigned \u0378",
    "snake_case kebab-case camelCase C++ C# F# .NET @user #hashtag $5 100% a&b a+b=c",
    "http://example.com/path?query=1#fragment user@example.com C:\\path\\file.png",
    "........ !!!! ???? ,,,, ---- ____ **** //// \\\\\\\\",
    "!?!?!? (((( )))) [[]] {{}} <><> «» ¿¡",
    "a" * 200,
    "supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "word " * 100,
    "dog, " * 60,
    "🐶" * 100,
    "犬" * 100,
    "x " * 75,
    "x " * 76,
    "x " * 74,
    "the quick brown fox jumps over the lazy dog " * 20,
]

WORDS = "dog cat green San Francisco in the forest, two apples; an oil-painting by Picasso, 8K! it's ultra-realistic (soft light)".split()
RANGES = [
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x250, 0x36F),
    (0x370, 0x52F),
    (0x590, 0x6FF),
    (0x900, 0xE7F),
    (0x1E00, 0x1FFF),
    (0x2000, 0x2BFF),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFFEF),
    (0x1F000, 0x1FAFF),
    (0x1D400, 0x1D7FF),
    (0x10000, 0x10FFFD),
]
rng = random.Random(2302)


def mixed():
    parts = []
    for _ in range(rng.randint(1, 14)):
        if rng.random() < 0.4:
            word = rng.choice(WORDS)
            parts.append(rng.choice([word, word.upper(), word.title(), word[::-1]]))
        else:
            low, high = rng.choice(RANGES)
            run = [chr(rng.randint(low, high)) for _ in range(rng.randint(1, 6))]
            # Whether a character that Unicode 14 does not know is a letter depends on the library's own version.
            parts.append("".join(c for c in run if unicodedata.category(c) not in ("Cn", "Cs")))
    return rng.choice(["", " ", " ", " ", "  ", "\n", "-"]).join(parts)


prompts = HAND_MADE + [mixed() for _ in range(500 - len(HAND_MADE))]
assert len(prompts) == 500
rows = []
for prompt in prompts:
    ids = tokenizer(prompt, padding="max_length", max_length=77, truncation=True)["input_ids"]
    assert len(ids) == 77 and ids[0] == vocab[BOS]
    end = len(ids)
    while end > 1 and ids[end - 2] == vocab[EOS]:
        end -= 1
    rows.append([prompt, ids[:end]])
lines = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in rows)
OUT.write_text(
    f'{{\n "recipe": "tools/reference/make_tokens.py: transformers CLIPTokenizer, ids without the padding at the end",\n "prompts": [\n{lines}\n ]\n}}\n'
)
