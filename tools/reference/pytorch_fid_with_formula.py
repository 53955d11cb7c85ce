"""pytorch-fid's own command with the formula's weights in place of the published ones: same arguments, same output."""

import sys

import inception_weights
from inception_weights import fid, fid_score

if __name__ == "__main__":
    network = inception_weights.torchvision_network()
    fid.fid_inception_v3 = lambda: network
    sys.exit(fid_score.main())
