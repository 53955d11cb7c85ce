"""Writes packages/diffusion/src/tokenizer/golden/added-tokens.json: ids of texts with added tokens, as diffusers has them.

Run by hand, never by the tests; README.md beside this file has the recipe. Usage: make_added_tokens.py OUT TOKENIZER_FOLDER,
the second a folder with CLIP's own vocabulary, such as the tokenizer of Stable Diffusion 1.5.
"""

import json
import random
import sys
from pathlib import Path

from diffusers.loaders import TextualInversionLoaderMixin
from transformers import AddedToken, CLIPTokenizer

OUT, FOLDER = Path(sys.argv[1]), sys.argv[2]
tokenizer = CLIPTokenizer.from_pretrained(FOLDER)
# Concepts of one vector and of several, one with capitals, a word, a word of the vocabulary, a special one, one that takes
# the spaces around it along.
tokenizer.add_tokens(["<cat-toy>", "<Dog>", "zwx", "<a>", "<a>_1", "<a>_2", "<b>", "one"])
tokenizer.add_tokens([AddedToken("<S>", special=True, normalized=False)], special_tokens=True)
tokenizer.add_tokens([AddedToken("<strip>", lstrip=True, rstrip=True)])

TEXTS = [
    "a <cat-toy> on the moon",
    "A <CAT-TOY>, two <cat-toy>s",
    "<cat-toy>",
    "x<cat-toy>y",
    "a <Dog> and a <dog>",
    "zwx zwxx a zwx.",
    "<a> dog <b>",
    "<a>_1 dog",
    "  <cat-toy>   two  ",
    "sp <S> ecial<S>",
    "one oneone one.",
    "émoji 😀 <cat-toy> Σ",
    "<cat-toy",
    "a strip   <strip>   b",
    "<cat-toy> " * 90,
]
PARTS = ["<cat-toy>", "<Dog>", "zwx", "<a>", "<a>_1", "<S>", "one", "<strip>"]
PARTS += [" ", "  ", "a", "Dog", ".", ",", "5", "'s", "\n", "é", "<", ">"]
rng = random.Random(1)
TEXTS += ["".join(rng.choice(PARTS) for _ in range(rng.randint(1, 12))) for _ in range(85)]

expand = TextualInversionLoaderMixin().maybe_convert_prompt
rows = []
for text in TEXTS:
    ids = tokenizer(expand(text, tokenizer), padding="max_length", max_length=77, truncation=True)["input_ids"]
    while len(ids) > 1 and ids[-2] == tokenizer.eos_token_id:
        ids.pop()
    rows.append([text, ids])
added = []
for id, token in sorted(tokenizer.added_tokens_decoder.items()):
    if token.content in (tokenizer.bos_token, tokenizer.eos_token):
        continue
    rules = {"normalized": token.normalized, "lstrip": token.lstrip, "rstrip": token.rstrip, "special": token.special}
    added.append({"content": token.content, "id": id, **rules})
lines = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in rows)
tokens = ",\n".join("  " + json.dumps(token) for token in added)
recipe = "tools/reference/make_added_tokens.py: diffusers' maybe_convert_prompt, then transformers' CLIPTokenizer"
OUT.write_text(f'{{\n "recipe": "{recipe}",\n "added": [\n{tokens}\n ],\n "prompts": [\n{lines}\n ]\n}}\n')
