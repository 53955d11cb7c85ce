"""PyTorch's side of the benchmark: does what it is told in lines of JSON on stdin, answers in lines on stdout.

The counterpart of ../heed/serve.ts, request for request; the requests are described in ../protocol.ts. What is measured
stands in the module of each kind of work. By default eager PyTorch in float32 as a user gets it from pip; see forms.py.
"""

import importlib
import json
import os
import resource
import sys
import time

from configs import DEVICE

KINDS = {
    "training-step": "training_step",
    "sampling": "sampling",
    "clip-embedding": "clip_embedding",
    "reward-training": "reward_training",
    "fid-statistics": "fid_statistics",
    "fid-distance": "fid_distance",
}


# Of several ranks, rank 0 answers for all.
RANK = int(os.environ.get("OMPI_COMM_WORLD_RANK", "0"))


def memory_bytes(field):
    """VmRSS (now) or VmHWM (the most so far) of this process; elsewhere than on Linux the most so far for both."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def wait_for_device():
    """A GPU works on when a call has returned."""
    if DEVICE != "cpu":
        import torch

        torch.cuda.synchronize()


class Server:
    """Holds the one piece of work that this process was opened for."""

    def __init__(self):
        self.work = None

    def open(self, request):
        import torch

        torch.set_num_threads(request["threads"])
        # heed's runtime does not flush them; PyTorch would only be slower with them.
        torch.set_flush_denormal(True)
        # Products in float32 proper, as heed's are; the GPU's default for convolutions keeps ten bits of them.
        torch.backends.cudnn.allow_tf32 = False
        module = importlib.import_module(KINDS[request["kind"]])
        loaded = memory_bytes("VmRSS")
        self.folder = request["folder"]
        form = request["runtime"].get("peerForm", "float32")
        self.work = module.open_work(self.folder, {**request["settings"], "form": form})
        return {"loadedBytes": loaded}

    def check(self, request):
        from safetensors.torch import save_file

        values = {name: value.detach().float().cpu().contiguous() for name, value in self.work.check().items()}
        if RANK == 0:
            save_file(values, os.path.join(self.folder, request["file"]))
        return {}

    def round(self, request):
        repeats = request["repeats"]
        start, cpu_start = time.perf_counter(), time.process_time()
        for _ in range(repeats):
            self.work.run_once()
        wait_for_device()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        return {"seconds": seconds / repeats, "cpuSeconds": cpu_seconds / repeats}

    def memory(self, _request):
        return {"peakBytes": memory_bytes("VmHWM")}


def main():
    # Libraries print on stdout; the protocol keeps it for itself.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = Server()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(server, request["do"])(request)
        except Exception as error:  # what went wrong is the other side's to tell
            reply = {"error": f"{type(error).__name__}: {error}"}
            if RANK > 0:
                # Rank 0 may wait for this one: the launcher ends it.
                print(reply["error"], file=sys.stderr, flush=True)
                os._exit(1)
        if RANK == 0:
            print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
