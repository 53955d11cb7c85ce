"""pytorch-fid and its network with the weights of the reference numbers (tools/reference/inception_weights.py)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools", "reference"))

from inception_weights import fid_score, network  # noqa: E402, F401
