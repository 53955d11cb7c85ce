"""Mean and covariance of the Inception features of a folder of pictures, by pytorch-fid. Its reading stays in this process:
at 256 pixels it is a small part of the work, and workers would hold their memory and time outside of what is measured."""

import os

import torch

from configs import DEVICE
from fid_network import fid_score, network


class FidStatistics:
    def __init__(self, folder, settings):
        self.batch_size = settings["peerBatchSize"]
        self.pictures = os.path.join(folder, "pictures")
        self.model = network().to(DEVICE)

    def measure(self):
        return fid_score.compute_statistics_of_path(self.pictures, self.model, self.batch_size, 2048, DEVICE, 0)

    def check(self):
        mean, covariance = self.measure()
        return {"mean": torch.from_numpy(mean), "covariance": torch.from_numpy(covariance)}

    def run_once(self):
        self.measure()


def open_work(folder, settings):
    return FidStatistics(folder, settings)
